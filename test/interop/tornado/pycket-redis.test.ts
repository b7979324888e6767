import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { type PycketOptions, pycketSessions } from "../../../src/interop/tornado/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import type { Jar } from "../support/jar.ts";
import { PythonSite } from "../support/python-site.ts";
import { SiteServers } from "../support/site-servers.ts";

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

function open(options: Partial<PycketOptions> = {}): Browser {
  const store = pycketSessions({ redis, cookieSecret: site.secret, ...options });
  return new Browser(createSessions({ store, onError: () => undefined }));
}

const show = (session: Session<Untyped>): unknown => ({
  user: session.userId ?? null,
  values: Object.fromEntries(session.entries()),
});

describe("a session shared with pycket on Redis", () => {
  it("that is signed in there is signed in here", async () => {
    await site.change(jar, { cart: ["tea"] });
    await site.login(jar, "ada");
    expect((await browser.visit(show)).json).toEqual({ user: "ada", values: { cart: ["tea"] } });
  });

  it("that is signed in here is signed in there", async () => {
    await browser.visit((session) => session.set("cart", ["tea"]));
    await browser.visit((session) => session.signIn("ada"));
    expect(await site.show(jar)).toMatchObject({ user: "ada", values: { cart: ["tea"] } });
  });

  it("takes what both write in turns", async () => {
    await site.change(jar, { there: 1 });
    await browser.visit((session) => session.set("here", 2));
    await site.append(jar, "list", "there");
    await browser.visit((session) => session.update("list", (list) => [...list, "here"]));
    const values = { there: 1, here: 2, list: ["there", "here"] };
    expect((await site.show(jar)).values).toEqual(values);
    expect((await browser.visit(show)).json).toMatchObject({ values });
  });

  it("keeps what Python writes while a request here changes it too", async () => {
    await site.change(jar, { a: 1 });
    await browser.visit(async (session) => {
      session.set("here", 1);
      await site.change(new Map(jar), { there: 2 });
    });
    expect((await site.show(jar)).values).toEqual({ a: 1, here: 1, there: 2 });
  });

  it("is over here where it is signed out there", async () => {
    await browser.visit((session) => session.signIn("ada"));
    await site.logout(jar);
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
  });

  it("is over there where it is signed out here, whoever has kept the cookie", async () => {
    await site.login(jar, "ada");
    const kept = new Map(jar);
    await browser.visit((session) => session.signOut());
    expect(jar.has("PYCKET_ID")).toBe(false);
    expect(await site.show(kept)).toEqual({ user: null, values: {} });
  });

  it("is over here when its time is over there", async () => {
    await site.login(jar, "ada");
    await site.expire(jar);
    expect((await browser.visit(show)).json).toEqual({ user: null, values: {} });
  });

  it("lives a day from the last change, and not from a visit", async () => {
    await browser.visit((session) => session.set("a", 1));
    const key = keyIn(jar);
    await redis.expire(key, 1_000);
    await browser.visit(show);
    expect(await redis.ttl(key)).toBeLessThanOrEqual(1_000);
    await browser.visit((session) => session.set("a", 2));
    await site.show(jar);
    const ttl = await redis.ttl(key);
    expect(ttl > 86_000 && ttl <= 86_400).toBe(true);
  });

  it("keeps each kind of value that JSON lacks", async () => {
    await site.storeOdd(jar);
    const { odd } = await site.odd(jar);
    await browser.visit((session) => session.set("other", 1));
    await browser.visit((session) => session.regenerate());
    expect((await site.odd(jar)).odd).toBe(odd);
    expect((await site.show(jar)).values).toMatchObject({ other: 1 });
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

  it("leaves the token against forgery alone that Tornado has in a cookie of its own", async () => {
    jar.set("_xsrf", "2|token");
    await browser.visit((session) => session.signIn("ada"));
    expect(jar.get("_xsrf")).toBe("2|token");
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
    await redis.expire(key, 1_000);
    const before = await redis.getBuffer(key);
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
