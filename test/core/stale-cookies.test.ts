import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CookieOptions, resolveCookie } from "../../src/cookies/cookie-options.ts";
import type { CookiePrefix } from "../../src/cookies/cookie-prefix.ts";
import { expireStale, staleLines } from "../../src/cookies/stale-cookies.ts";
import type { RequestHead } from "../../src/core/exchange.ts";

const PLAIN: CookieOptions = { prefix: "", secure: false };

function head(host: string | undefined, target: string): RequestHead {
  return {
    method: "GET",
    target,
    header: (name) => (name === "host" ? host : undefined),
    isEncrypted: true,
    remoteAddress: undefined,
  };
}

/** Where each line expires the cookie, as `domain path`, with a P where it is partitioned. */
function places(host: string | undefined, target: string, options = PLAIN): string[] {
  return staleLines(head(host, target), [resolveCookie("sid", options)]).map((line) => {
    expect(line).toMatch(/^[\w-]*sid=; Max-Age=0;/);
    const domain = /; Domain=([^;]+)/.exec(line)?.[1] ?? "host";
    const partition = line.endsWith("; Partitioned") ? " P" : "";
    return `${domain} ${/; Path=([^;]+)/.exec(line)?.[1]}${partition}`;
  });
}

describe("the lines that expire stale cookies", () => {
  it("name every place that the browser could have sent it from, but for the current one", () => {
    expect(places("www.shop.example", "/cart/items?x=/y")).toEqual([
      "www.shop.example /",
      "shop.example /",
      "host /cart",
      "www.shop.example /cart",
      "shop.example /cart",
      "host /cart/items",
      "www.shop.example /cart/items",
      "shop.example /cart/items",
      "host /cart/",
      "www.shop.example /cart/",
      "shop.example /cart/",
    ]);
  });

  it("spare the current cookie, wherever it lives", () => {
    const options = { ...PLAIN, domain: "shop.example", path: "/cart" };
    expect(places("shop.example:443", "/cart/", options)).toEqual([
      "host /",
      "shop.example /",
      "host /cart",
      "host /cart/",
      "shop.example /cart/",
    ]);
    expect(places("shop.example", "/cart/x", { ...options, path: "/cart/" })).not.toContain(
      "shop.example /cart/",
    );
  });

  it("name both partitions of a Secure cookie, the current one first", () => {
    const options: CookieOptions = { prefix: "__Secure-" };
    expect(places("shop.example", "/cart", options)).toEqual([
      "shop.example /",
      "host /cart",
      "shop.example /cart",
      "host / P",
      "shop.example / P",
      "host /cart P",
      "shop.example /cart P",
    ]);
    expect(places("shop.example", "/", { ...options, partitioned: true })).toEqual([
      "shop.example / P",
      "host /",
      "shop.example /",
    ]);
  });

  it.each<CookiePrefix>(["__Host-", "__Host-Http-"])("name no place that %s forbids", (prefix) => {
    const options = { prefix, sameSite: "none" } as const;
    expect(places("www.shop.example", "/cart/items", options)).toEqual(["host / P"]);
    expect(places("www.shop.example", "/cart/items", { ...options, partitioned: true })).toEqual([
      "host /",
    ]);
  });

  it("say what the browser asks for before it looks at the cookie", () => {
    const line = (options: CookieOptions): string | undefined =>
      staleLines(head("shop.example", "/"), [resolveCookie("sid", options)])[0];
    expect(line({ prefix: "__Http-" })).toBe(
      "__Http-sid=; Max-Age=0; Domain=shop.example; Path=/; Secure; HttpOnly",
    );
    expect(line({ prefix: "__Secure-", sameSite: "none", maxAge: "1d", priority: "high" })).toBe(
      "__Secure-sid=; Max-Age=0; Domain=shop.example; Path=/; Secure; SameSite=None",
    );
    expect(line({ prefix: "", secure: false, sameSite: "strict" })).toBe(
      "sid=; Max-Age=0; Domain=shop.example; Path=/",
    );
  });

  it.each([
    "localhost",
    "127.0.0.1",
    "[::1]:3000",
    "",
    "a b.example",
    "shop.example;x",
    "\r\n",
    `${"a".repeat(250)}.example`,
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

  it("name no path that browsers ignore for its length: it would be the current one", () => {
    const [long, longest] = ["a".repeat(1_023), "a".repeat(1_024)];
    expect(places(undefined, `/${long}`)).toEqual([`host /${long}`]);
    expect(places(undefined, `/${longest}`)).toEqual([]);
    // With the slash behind it, it is too long.
    expect(places(undefined, `/${long}/x`)).toEqual([`host /${long}`]);
    expect(places(undefined, `/b/${long}/x`)).toEqual(["host /b", "host /b/"]);
  });

  it("are few and short, and hold nothing foreign, whatever the request", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom("/", ".", "a", ";", "\r\n", ":"), maxLength: 9_000 }),
      fc.webPath({ size: "large" }),
    );
    const names = ["session", "session-seen", "session-0", "session-1", "session-2"];
    const cookies = names.map((name) => resolveCookie(name, { prefix: "__Secure-" }));
    fc.assert(
      fc.property(text, text, fc.integer({ min: 0, max: 5 }), (host, target, count) => {
        const sent: string[] = [];
        const reply = {
          get: () => undefined,
          set: () => undefined,
          addCookie: (line: string) => void sent.push(line),
        };
        expireStale({ request: head(host, target), reply }, cookies.slice(0, count));
        expect(sent.join("").length).toBeLessThanOrEqual(2_048);
        for (const line of sent) expect(line).toMatch(/^[\x20-\x7e]+$/);
      }),
    );
  });

  it("of several names give each its likeliest places, and all others in turn", () => {
    const names = ["a", "b", "c"].map((name) => `__Secure-${name}`);
    const cookies = ["a", "b", "c"].map((name) => resolveCookie(name, { prefix: "__Secure-" }));
    const request = head("a.b.c.shop.example", "/1/2/3/4/5");
    const all = staleLines(request, cookies);
    expect(all.length).toBeGreaterThan(200);
    const counts = new Map(all.map((line) => [line, 0]));
    for (let responses = 0; responses < 80; responses += 1) {
      const sent: string[] = [];
      const reply = {
        get: () => undefined,
        set: () => undefined,
        addCookie: (line: string) => void sent.push(line),
      };
      expireStale({ request, reply }, cookies);
      expect(sent.join("").length).toBeLessThanOrEqual(2_048);
      for (const line of sent) counts.set(line, (counts.get(line) ?? 0) + 1);
      for (const name of names) {
        const likeliest = `${name}=; Max-Age=0; Domain=a.b.c.shop.example; Path=/; Secure`;
        expect(sent).toContain(likeliest);
      }
    }
    expect([...counts.values()].every((count) => count > 0)).toBe(true);
  });

  it("leave room for what came with the request, as it may be sent again", () => {
    const cookies = [resolveCookie("session", { prefix: "__Secure-" })];
    const linesFor = (came: number): string[] => {
      const sent: string[] = [];
      const addCookie = (line: string) => void sent.push(line);
      const header = (name: string) => (name === "host" ? "www.shop.example" : "x".repeat(came));
      const request = { ...head("www.shop.example", "/account/card"), header };
      expireStale(
        { request, reply: { get: () => undefined, set: () => undefined, addCookie } },
        cookies,
      );
      return sent;
    };
    for (const [came, most] of [
      [100, 2_048],
      [2_584, 1_000],
      [4_000, 512],
    ] as const) {
      expect(linesFor(came).join("").length).toBeLessThanOrEqual(most);
    }
    const seen = new Set<string>();
    for (let responses = 0; responses < 10; responses += 1) {
      for (const line of linesFor(9_000)) seen.add(line);
    }
    expect([...seen].sort()).toEqual(
      staleLines(head("www.shop.example", "/account/card"), cookies).sort(),
    );
  });
});
