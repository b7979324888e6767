import { describe, expect, it } from "vitest";
import type { Browser } from "../laws/support/browser.ts";
import { DAY, HOUR, MINUTE } from "../laws/support/clock.ts";
import { COOKIE, CookieWorld, SEEN } from "./support/cookie-world.ts";

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;

describe("a session in a cookie", () => {
  it("keeps what is set", async () => {
    const browser = new CookieWorld().browser();
    const { cookies } = await browser.visit((session) => session.set("cart", ["tea", 2]));
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatch(
      /^__Host-Http-session=[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Lax$/,
    );
    const second = await browser.visit((session) => session.get("cart"));
    expect(second.json).toEqual(["tea", 2]);
    expect(second.cookies).toEqual([]);
  });

  it("costs a visitor nothing who stores nothing", async () => {
    const world = new CookieWorld();
    const calls: string[] = [];
    world.switch.behave = (operation, send) => {
      calls.push(operation);
      return send();
    };
    const answer = await world.browser().visit((session) => session.get("cart"));
    expect([answer.cookies, calls]).toEqual([[], []]);
  });

  it("deletes, clears, updates and consumes", async () => {
    const browser = new CookieWorld().browser();
    await browser.visit((session) => {
      session.set("a", 1);
      session.set("b", 2);
      session.set("code", "x");
    });
    await browser.visit(async (session) => {
      session.delete("a");
      await session.update("b", (n) => n + 1);
      expect(await session.consume("code")).toBe("x");
    });
    const all = await browser.visit((session) => [...session.entries()]);
    expect(all.json).toEqual([["b", 3]]);
    await browser.visit((session) => session.clear());
    expect((await browser.visit((session) => [...session.entries()])).json).toEqual([]);
  });

  it("sees a value that is changed in place", async () => {
    const browser = new CookieWorld().browser();
    await browser.visit((session) => session.set("cart", [1]));
    await browser.visit((session) => void session.get("cart").push(2));
    expect((await browser.visit((session) => session.get("cart"))).json).toEqual([1, 2]);
  });

  // Law 1 is the one that a cookie cannot keep; `cookieCache` does.
  it("loses one of two changes that are made at the same time, as its README says", async () => {
    const browser = await new CookieWorld().signedIn();
    const parallel = browser.copy();
    await Promise.all([
      browser.visit((session) => session.set("a", 1)),
      parallel.visit((session) => session.set("b", 2)),
    ]);
    const entries = async (of: Browser) => (await of.visit((s) => [...s.entries()])).json;
    expect(await entries(browser)).toEqual([["a", 1]]);
    expect(await entries(parallel)).toEqual([["b", 2]]);
  });

  it("shows a message once", async () => {
    const browser = new CookieWorld().browser();
    await browser.visit((session) => session.flash("notice", "Saved."));
    expect((await browser.visit((session) => session.take("notice"))).json).toBe("Saved.");
    expect((await browser.visit((session) => session.take("notice") ?? null)).json).toBeNull();
  });

  it("drops the changes of a request that fails", async () => {
    const browser = new CookieWorld().browser();
    await browser.visit((session) => session.set("n", 1));
    const failed = await browser.visit((session) => session.set("n", 2), { status: 500 });
    expect(failed.cookies).toEqual([]);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(1);
  });

  it("keeps what a failing request has saved", async () => {
    const browser = new CookieWorld().browser();
    await browser.visit(
      async (session) => {
        session.set("n", 1);
        await session.save();
        session.set("m", 2);
      },
      { status: 500 },
    );
    const { json } = await browser.visit((session) => [session.get("n"), session.has("m")]);
    expect(json).toEqual([1, false]);
  });

  it("signs in under a new id, keeps the data, and signs out", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    await browser.visit((session) => session.set("theme", "dark"));
    const before = (await browser.visit((session) => session.id)).json;
    await browser.visit((session) => session.signIn("ada"));
    const { json } = await browser.visit((session) => [
      session.userId,
      session.get("theme"),
      session.id !== before,
      session.authenticatedAt,
    ]);
    expect(json).toEqual(["ada", "dark", true, world.clock.now()]);
    const out = await browser.visit((session) => session.signOut({ keep: ["theme"] }));
    expect(out.status).toBe(200);
    const after = await browser.visit((session) => [session.userId ?? null, session.get("theme")]);
    expect(after.json).toEqual([null, "dark"]);
  });

  it("is known by one id in every request, which is no token", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    const first = (await browser.visit((session) => session.id)).json;
    await browser.visit((session) => session.set("n", 1));
    expect((await browser.visit((session) => session.id)).json).toBe(first);
    expect(first).toMatch(/^s_[\w-]{43}$/);
  });

  it("regenerates: new id, same data and clocks", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada", { n: 1 });
    const facts = () =>
      browser.visit((session) => [session.id, session.createdAt, session.get("n")]);
    const [id, createdAt] = (await facts()).json as [string, number];
    world.clock.move(MINUTE);
    await browser.visit((session) => session.regenerate());
    const [nextId, nextCreatedAt, n] = (await facts()).json as [string, number, number];
    expect([nextId === id, nextCreatedAt, n]).toEqual([false, createdAt, 1]);
    expect(world.heard.map(({ name }) => name)).toContain("regenerated");
  });

  it("destroys: the cookie goes", async () => {
    const browser = await new CookieWorld().signedIn();
    const { cookies } = await browser.visit((session) => session.destroy());
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatch(/^__Host-Http-session=; .*Max-Age=0/);
    expect(browser.jar.size).toBe(0);
  });

  it("remembers who asks for it beyond the browser's end", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    const { cookies } = await browser.visit((session) =>
      session.signIn("ada", { persistent: true }),
    );
    expect(cookies[0]).toMatch(/Max-Age=7776000/);
    world.clock.move(13 * DAY);
    const later = await browser.visit((session) => session.userId);
    expect(later.json).toBe("ada");
    expect(later.cookies).toHaveLength(1);
    expect(later.cookies[0]).toMatch(/^__Host-Http-session-seen=.*Max-Age=\d{7};/);
    await browser.visit((session) => {
      session.persistent = false;
    });
    world.clock.move(HOUR);
    expect(await userOf(browser)).toBeNull();
  });

  it("reads without an adapter", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada", { n: 1 });
    const cookie = `${COOKIE}=${browser.token}`;
    const view = await world.sessions.read(new Headers({ cookie }));
    expect([view?.userId, view?.get("n")]).toEqual(["ada", 1]);
    expect(await world.sessions.read(new Headers({ cookie: `${cookie}A` }))).toBeUndefined();
  });

  it("travels in plain cookies in development, over plain HTTP to this very machine", async () => {
    const world = new CookieWorld();
    const jar: string[] = [];
    const visit = async (url: string, remoteAddress: string) => {
      const request = new Request(url, { headers: { cookie: jar.join("; ") } });
      const handler = async (incoming: Request): Promise<Response> => {
        const session = await world.sessions.open(incoming);
        await session.update("n", (n = 0) => n + 1);
        return Response.json(session.get("n"));
      };
      const response = await world.sessions.handle(request, handler, { remoteAddress });
      const lines = response.headers.getSetCookie();
      jar.splice(0, jar.length, ...lines.map((line) => line.split(";")[0] ?? ""));
      const names = lines.map((line) => line.split("=")[0]);
      return [response.ok ? await response.json() : response.status, names];
    };
    expect(await visit("http://localhost/", "127.0.0.1")).toEqual([1, ["session"]]);
    expect(await visit("http://localhost/", "127.0.0.1")).toEqual([2, ["session"]]);
    // Nothing else would have kept it.
    expect(await visit("http://shop.example/", "203.0.113.9")).toEqual([500, []]);
  });

  it("without a prefix is the one used last, where an older Domain or Path left others", async () => {
    const world = new CookieWorld({ cookie: { prefix: "" } });
    const old = await world.signedIn("old");
    world.clock.move(MINUTE);
    const newer = await world.signedIn("newer");
    const cookie = [old, newer].map(({ jar }) => `session=${jar.get("session")}`).join("; ");
    const { json, cookies } = await world
      .browser()
      .visit((session) => session.userId, { headers: { cookie }, path: "/shop/cart" });
    expect(json).toBe("newer");
    expect(cookies.every((line) => /^session=; .*Max-Age=0/.test(line))).toBe(true);
    expect(cookies.length).toBeGreaterThan(0);
  });

  it("tells what happens, as sessions in a store do", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada");
    await browser.visit((session) => session.signOut());
    expect(world.heard.map(({ name }) => name)).toEqual(["created", "signedIn", "signedOut"]);
  });

  it("changes nothing in a prefetch", async () => {
    const browser = await new CookieWorld().signedIn("ada", { n: 1 });
    const headers = { "sec-purpose": "prefetch" };
    const answer = await browser.visit((session) => session.set("n", 2), { headers });
    expect([answer.status, answer.cookies]).toEqual([503, []]);
  });

  it("says Vary and no-store where it sends a cookie, private where it is read", async () => {
    const browser = await new CookieWorld().signedIn();
    const write = await browser.visit((session) => session.set("n", 1));
    expect(write.headers.get("cache-control")).toBe("no-store");
    const read = await browser.visit((session) => session.get("n"));
    expect(read.headers.get("cache-control")).toBe("private");
    expect(read.headers.get("vary")).toBe("Cookie");
  });
});

describe("the clocks of a session in a cookie", () => {
  it("end it when it is idle, to the millisecond, and say so", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.clock.move(30 * MINUTE - 1);
    expect(await userOf(browser.copy())).toBe("ada");
    world.clock.move(1);
    expect(await userOf(browser)).toBeNull();
    expect(world.reasons).toEqual(["expired"]);
    expect(world.heard.at(-2)).toMatchObject({ name: "expired", timeout: "idle", userId: "ada" });
  });

  it("are moved by a reader through a small cookie of its own, never by the data", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada", { cart: "x".repeat(1000) });
    for (let n = 0; n < 20; n += 1) {
      world.clock.move(20 * MINUTE);
      const { json, cookies } = await browser.visit((session) => session.userId ?? null);
      expect(json).toBe("ada");
      expect(cookies).toHaveLength(1);
      expect(cookies[0]).toMatch(/^__Host-Http-session-seen=[\w-]{179}; Path/);
    }
  });

  it("end it at the absolute end whatever happens", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    for (let n = 0; n < 36; n += 1) {
      expect(await userOf(browser)).toBe("ada");
      world.clock.move(20 * MINUTE);
    }
    expect(await userOf(browser)).toBeNull();
    expect(world.heard.at(-2)).toMatchObject({ name: "expired", timeout: "absolute" });
  });

  it("are written at most once in a tenth of the idle timeout", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.clock.move(3 * MINUTE - 1);
    expect((await browser.visit((session) => session.userId)).cookies).toEqual([]);
    world.clock.move(1);
    expect((await browser.visit((session) => session.userId)).cookies).toHaveLength(1);
    expect((await browser.visit((session) => session.userId)).cookies).toHaveLength(0);
  });

  it("move forward only, in whichever order responses arrive", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.clock.move(10 * MINUTE);
    await userOf(browser);
    const early = browser.jar.get(SEEN);
    world.clock.move(10 * MINUTE);
    await browser.visit((session) => session.set("n", 1));
    browser.jar.set(SEEN, early ?? "");
    world.clock.move(29 * MINUTE);
    expect(await userOf(browser)).toBe("ada");
  });

  it("of another session move nothing", async () => {
    const world = new CookieWorld();
    const [ada, bob] = [await world.signedIn("ada"), await world.signedIn("bob")];
    world.clock.move(20 * MINUTE);
    await userOf(bob);
    ada.jar.set(SEEN, bob.jar.get(SEEN) ?? "");
    world.clock.move(15 * MINUTE);
    expect(await userOf(ada)).toBeNull();
    expect(await userOf(bob)).toBe("bob");
  });

  it("go with the session that ends", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.clock.move(10 * MINUTE);
    await userOf(browser);
    expect(browser.jar.size).toBe(2);
    await browser.visit((session) => session.signOut());
    expect(browser.jar.size).toBe(0);
  });

  it("are not touched by a prefetch", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.clock.move(10 * MINUTE);
    const headers = { "sec-purpose": "prefetch" };
    const { cookies } = await browser.visit((session) => session.userId, { headers });
    expect(cookies).toEqual([]);
  });
});
