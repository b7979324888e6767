import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieAttributes } from "../../src/cookies/set-cookie.ts";
import { expireStaleCookies } from "../../src/cookies/stale-cookies.ts";
import type { RequestHead } from "../../src/core/exchange.ts";

const ATTRIBUTES = cookieAttributes({
  domain: undefined,
  path: "/",
  secure: true,
  httpOnly: true,
  sameSite: "lax",
  partitioned: false,
  priority: undefined,
  maxAgeMs: undefined,
});

function head(host: string | undefined, target: string): RequestHead {
  return {
    method: "GET",
    target,
    header: (name) => (name === "host" ? host : undefined),
    isEncrypted: true,
    remoteAddress: undefined,
  };
}

/** Where each line expires the cookie, as `domain path`. */
function places(host: string | undefined, target: string, attributes = ATTRIBUTES): string[] {
  return expireStaleCookies("sid", attributes, head(host, target)).map((line) => {
    expect(line).toMatch(/^sid=;.* Max-Age=0;/);
    const domain = /; Domain=([^;]+)/.exec(line)?.[1] ?? "host";
    return `${domain} ${/; Path=([^;]+)/.exec(line)?.[1]}`;
  });
}

describe("the lines that expire stale cookies", () => {
  it("name every place that the browser could have sent it from, but for the current one", () => {
    expect(places("www.shop.example", "/cart/items?x=/y")).toEqual([
      "host /cart",
      "host /cart/items",
      "www.shop.example /",
      "www.shop.example /cart",
      "www.shop.example /cart/items",
      "shop.example /",
      "shop.example /cart",
      "shop.example /cart/items",
    ]);
  });

  it("spare the current cookie, wherever it lives", () => {
    const attributes = cookieAttributes({ ...ATTRIBUTES, domain: "shop.example", path: "/cart" });
    expect(places("shop.example:443", "/cart", attributes)).toEqual([
      "host /",
      "host /cart",
      "shop.example /",
    ]);
  });

  it.each([
    "localhost",
    "127.0.0.1",
    "[::1]:3000",
    "",
    "a b.example",
    "shop.example;x",
    "\r\n",
    undefined,
  ])("name no domain where the host has none: %j", (host) => {
    expect(places(host, "/cart")).toEqual(["host /cart"]);
  });

  it.each(["*", "/a;b", "/a b", "/é", "http://shop.example/x"])(
    "name no folder of a target that is no path: %j",
    (target) => {
      expect(places("shop.example", target)).toEqual(["shop.example /"]);
    },
  );

  it("are few, and hold nothing foreign, whatever the request", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom("/", ".", "a", ";", "\r\n", ":") }),
    );
    fc.assert(
      fc.property(text, text, (host, target) => {
        const lines = expireStaleCookies("sid", ATTRIBUTES, head(host, target));
        expect(lines.length).toBeLessThanOrEqual(25);
        for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]+$/);
      }),
    );
  });
});
