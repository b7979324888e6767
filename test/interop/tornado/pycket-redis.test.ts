import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions } from "../../../src/index.ts";
import { type PycketRedisOptions, pycketSessions } from "../../../src/interop/tornado/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import type { Jar } from "../support/jar.ts";
import { PythonSite } from "../support/python-site.ts";
import { SiteServers } from "../support/site-servers.ts";
import { describePycket } from "./pycket-laws.ts";

const servers = new SiteServers();
let site: PythonSite;
let redis: Redis;
let notifications: Redis;
let browser: Browser;
let jar: Jar;
beforeAll(async () => {
  site = await PythonSite.start("pycket on Redis", servers);
  const { port } = await servers.get("redis");
  redis = new Redis(port);
  notifications = new Redis(port, { db: 1 });
});
afterAll(async () => {
  redis?.disconnect();
  notifications?.disconnect();
  await site?.stop();
  await servers.stop();
});
beforeEach(() => {
  browser = open({ notifications });
  jar = browser.jar;
});

function open(options: Partial<PycketRedisOptions> = {}): Browser {
  const store = pycketSessions({ redis, cookieSecret: site.secret, ...options });
  return new Browser(createSessions({ store, onError: () => undefined }));
}

describePycket("pycket on Redis", servers, (cookieSecret) => ({ redis, cookieSecret }));

describe("the record of a session in Redis", () => {
  it("lives a day from the last change, and not from a visit", async () => {
    browser = open();
    jar = browser.jar;
    await browser.visit((session) => session.set("a", 1));
    const key = keyIn(jar);
    await redis.expire(key, 1_000);
    await browser.visit((session) => session.get("a"));
    expect(await redis.ttl(key)).toBeLessThanOrEqual(1_000);
    await browser.visit((session) => session.set("a", 2));
    await site.show(jar);
    const ttl = await redis.ttl(key);
    expect(ttl > 86_000 && ttl <= 86_400).toBe(true);
  });

  it("begins once in a request without a cookie, which the browser forgets when it is closed", async () => {
    await redis.flushall();
    const { cookies } = await browser.visit((session) => {
      session.set("a", 1);
      session.set("b", 2);
    });
    expect(cookies).toEqual([expect.not.stringMatching(/Max-Age|Expires/)]);
    expect(await redis.keys("*")).toHaveLength(1);
    expect((await site.show(jar)).values).toEqual({ a: 1, b: 2 });
  });
});

describe("the notifications of pycket", () => {
  it("are messages, which are shown once, whoever has left them", async () => {
    await site.change(jar, { a: 1 });
    await site.flash(jar, "success", "Saved <it>");
    expect((await browser.visit((session) => session.takeAll("success"))).json).toEqual([
      "Saved <it>",
    ]);
    expect(await site.flashes(jar)).toEqual([]);
    await browser.visit((session) => session.flash("error", "No"));
    expect(await site.flashes(jar)).toEqual([["error", "No"]]);
    expect((await browser.visit((session) => session.takeAll("error"))).json).toEqual([]);
    expect((await site.show(jar)).values).toEqual({ a: 1 });
  });

  it("are there where the session holds nothing", async () => {
    await site.flash(jar, "success", "Welcome");
    const { json } = await browser.visit((session) => session.takeAll("success"));
    expect(json).toEqual(["Welcome"]);
    await browser.visit((session) => session.flash("error", "No"));
    expect(await site.flashes(jar)).toEqual([["error", "No"]]);
  });

  it("are one of each name, the last that was set", async () => {
    await browser.visit((session) => {
      session.flash("error", "One");
      session.flash("error", "Two");
    });
    await browser.visit((session) => session.flash("error", "Three"));
    await browser.visit((session) => session.flash("success", "Four"));
    expect(await site.flashes(jar)).toEqual([
      ["error", "Three"],
      ["success", "Four"],
    ]);
  });

  it("leave the session's record as it is, and its end", async () => {
    await site.change(jar, { a: 1 });
    const key = keyIn(jar);
    // As Python's own pickler writes it, and not the one in C.
    const before = Buffer.from("\u0080\u0004}q\0X\u0001\0\0\0aq\u0001K\u0001s.", "latin1");
    await redis.set(key, before, "EX", 1_000);
    await browser.visit((session) => session.flash("error", "No"));
    expect(await redis.getBuffer(key)).toEqual(before);
    expect(await redis.ttl(key)).toBeLessThanOrEqual(1_000);
    expect(await notifications.ttl(key)).toBeGreaterThan(86_000);
  });

  it("go with the session to its new id, and with it", async () => {
    await site.flash(jar, "success", "Welcome");
    await browser.visit((session) => session.signIn("ada"));
    expect(await site.flashes(new Map(jar))).toEqual([["success", "Welcome"]]);
    await browser.visit((session) => session.flash("error", "No"));
    const kept = new Map(jar);
    await browser.visit((session) => session.signOut());
    expect(await site.flashes(kept)).toEqual([]);
  });

  it("survive what Python writes to the session at the same time, and are not doubled", async () => {
    await site.change(jar, { n: 1 });
    await site.flash(jar, "success", "Welcome");
    const { json } = await browser.visit(async (session) => {
      const taken = session.takeAll("success");
      await session.update("n", (n) => n + 1);
      session.flash("error", "No");
      await site.change(new Map(jar), { there: 2 });
      return taken;
    });
    expect(json).toEqual(["Welcome"]);
    expect((await site.show(jar)).values).toEqual({ n: 2, there: 2 });
    expect(await site.flashes(jar)).toEqual([["error", "No"]]);
  });

  it("that Python sets at the same time are kept, and no change is made twice", async () => {
    await site.change(jar, { n: 1 });
    await site.flash(jar, "success", "Welcome");
    await browser.visit(async (session) => {
      session.takeAll("success");
      await site.flash(new Map(jar), "error", "No");
      await session.update("n", (n) => n + 1);
    });
    expect((await site.show(jar)).values).toEqual({ n: 2 });
    expect(await site.flashes(jar)).toEqual([["error", "No"]]);
  });

  it("are left out by choice: then messages stay here", async () => {
    const alone = open();
    await alone.visit((session) => session.flash("error", "No"));
    expect(await site.flashes(alone.jar)).toEqual([]);
    expect((await alone.visit((session) => session.takeAll("error"))).json).toEqual(["No"]);
  });
});

/** The id that the cookie holds. */
function keyIn(cookies: Jar): string {
  const [, base64 = ""] = /\|48:([^|]+)\|/.exec(cookies.get("PYCKET_ID") ?? "") ?? [];
  return Buffer.from(base64, "base64").toString();
}
