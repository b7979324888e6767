import { describe, expect, it } from "vitest";
import type { Reply } from "../../src/core/exchange.ts";
import { forbidSharing, forbidStoring } from "../../src/core/request/caching.ts";

function headersAfter(
  act: (reply: Reply) => void,
  given: Record<string, string>,
  tellsNames = true,
): Record<string, string> {
  const headers = new Headers(given);
  act({
    ...(tellsNames && { names: () => [...headers.keys()] }),
    get: (name) => headers.get(name) ?? undefined,
    set: (name, value) => headers.set(name, value),
    addCookie: (line) => headers.append("Set-Cookie", line),
  });
  return Object.fromEntries(headers);
}

/** Every value that says `Cache-Control` in one way or another. */
const after = (act: (reply: Reply) => void, value: string | undefined): string | undefined =>
  headersAfter(act, value === undefined ? {} : { "cache-control": value })["cache-control"];

describe("a response that sends a session's cookie", () => {
  it.each([
    [undefined, "no-store"],
    ["public", "no-store"],
    ["public, max-age=0", "no-store"],
    ["public, max-age=31536000, immutable", "no-store"],
    ["max-age=600", "no-store"],
    ["s-maxage=600", "no-store"],
    ["no-cache", "no-store"],
    ['no-cache="Set-Cookie"', "no-store"],
    ["private", "no-store"],
    ["private, max-age=60", "no-store"],
    ['private="Set-Cookie", max-age=60', "no-store"],
    ["PUBLIC , Max-Age=5", "no-store"],
    ["no-store, public", "no-store"],
    ["no-store, s-maxage=5", "no-store"],
    ["no-store, must-understand, max-age=600", "no-store"],
    ['x="no-store", max-age=600', "no-store"],
    ["no-storey", "no-store"],
    ["", "no-store"],
    ["no-cache, no-transform", "no-store, no-transform"],
    ["no-store", "no-store"],
    ["No-Store", "No-Store"],
    ["no-store, no-cache, must-revalidate", "no-store, no-cache, must-revalidate"],
  ])("says after %j: %s", (given, expected) => {
    expect(after(forbidStoring, given)).toBe(expected);
  });

  it("says so to CDNs and proxies that obey another header, and adds none of them", () => {
    const given = {
      "cdn-cache-control": "max-age=600",
      "cloudflare-cdn-cache-control": "max-age=600",
      "netlify-cdn-cache-control": "public, durable, s-maxage=600",
      "vercel-cdn-cache-control": "max-age=600",
      "surrogate-control": "max-age=600, stale-while-revalidate=30",
      "edge-control": "cache-maxage=10m",
      "x-litespeed-cache-control": "public, max-age=600",
      "x-accel-expires": "600",
      expires: "Thu, 01 Jan 2099 00:00:00 GMT",
    };
    const expected = {
      "cache-control": "no-store",
      "cdn-cache-control": "no-store",
      "cloudflare-cdn-cache-control": "no-store",
      "netlify-cdn-cache-control": "no-store",
      "vercel-cdn-cache-control": "no-store",
      "surrogate-control": "no-store",
      "edge-control": "no-store",
      "x-litespeed-cache-control": "no-store",
      "x-accel-expires": "0",
      expires: "0",
    };
    for (const tellsNames of [true, false]) {
      expect(headersAfter(forbidStoring, given, tellsNames)).toEqual(expected);
    }
    const other = headersAfter(forbidStoring, { "examplecdn-cache-control": "max-age=60" });
    expect(other["examplecdn-cache-control"]).toBe("no-store");
    expect(headersAfter(forbidStoring, {})).toEqual({ "cache-control": "no-store" });
  });
});

describe("a response that read a signed-in session", () => {
  it.each([
    [undefined, "private", "no-store"],
    ["public, max-age=0", "private, max-age=0", "no-store"],
    ["public, max-age=600, s-maxage=60", "private, max-age=600", "no-store"],
    ["max-age=600", "private, max-age=600", "no-store"],
    ["no-cache, no-transform", "private, no-cache, no-transform", "no-store, no-transform"],
    ['private="x-name", max-age=60', "private, max-age=60", "no-store"],
    ["private, s-maxage=60", "private", "no-store"],
    ["no-store, must-understand", "private, no-store, must-understand", "no-store"],
    ['x="a, public", max-age=60', 'private, x="a, public", max-age=60', "no-store"],
    ["", "private", "no-store"],
    ["private, max-age=60", "private, max-age=60", "private, max-age=60"],
    ["Private", "Private", "Private"],
    ["no-store", "no-store", "no-store"],
    ["no-cache, no-store", "no-cache, no-store", "no-cache, no-store"],
  ])("says after %j: %s, or %s where the option says no-store", (given, expected, strict) => {
    expect(after((reply) => forbidSharing(reply, "private"), given)).toBe(expected);
    expect(after((reply) => forbidSharing(reply, "no-store"), given)).toBe(strict);
  });

  it("says so to CDNs and proxies that obey another header, and leaves Expires to the browser", () => {
    const given = {
      "cache-control": "private, max-age=60",
      "cdn-cache-control": "max-age=600",
      "surrogate-control": "max-age=600",
      "x-accel-expires": "@1900000000",
      expires: "Thu, 01 Jan 2099 00:00:00 GMT",
    };
    expect(headersAfter((reply) => forbidSharing(reply, "private"), given)).toEqual({
      ...given,
      "cdn-cache-control": "no-store",
      "surrogate-control": "no-store",
      "x-accel-expires": "0",
    });
  });
});
