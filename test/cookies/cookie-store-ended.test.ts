import { describe, expect, it } from "vitest";
import { OptionsError, StoreError } from "../../src/index.ts";
import type { Browser } from "../laws/support/browser.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../laws/support/clock.ts";
import { CookieWorld, NONE, newKey } from "./support/cookie-world.ts";

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;
const idOf = async (browser: Browser): Promise<string> =>
  String((await browser.visit((session) => session.id)).json);

async function revokeOne(browser: Browser, world: CookieWorld): Promise<boolean> {
  return world.sessions.revoke(await idOf(browser.copy()), { userId: "ada" });
}

describe("a copied cookie", () => {
  it.each([
    ["signOut", (s: { signOut(): Promise<void> }) => s.signOut(), null],
    ["destroy", (s: { destroy(): Promise<void> }) => s.destroy(), null],
    ["regenerate", (s: { regenerate(): Promise<void> }) => s.regenerate(), "ada"],
  ])(
    "is dead after %s, in every process [CVE-2024-31999, CVE-2025-4643] [ASVS 7.4.1, WSTG-SESS-06]",
    async (_name, transition, left) => {
      const world = new CookieWorld();
      const browser = await world.signedIn();
      const copies = [browser.copy(), browser.copy(world.process({ name: "session" }))];
      await browser.visit((session) => transition(session));
      for (const copy of copies) {
        const { json, cookies } = await copy.visit((session) => [
          session.userId ?? null,
          session.isEnded,
        ]);
        expect([json, cookies]).toEqual([[null, true], []]);
      }
      expect(world.reasons).toEqual(["ended"]);
      expect(await userOf(browser)).toBe(left);
    },
  );

  it("is dead after its user signs in anew, or another one [ASVS 7.2.4, WSTG-SESS-03]", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada");
    const first = browser.copy();
    await browser.visit((session) => session.signIn("ada"));
    const second = browser.copy();
    await browser.visit((session) => session.signIn("bob"));
    expect([await userOf(first), await userOf(second), await userOf(browser)]).toEqual([
      null,
      null,
      "bob",
    ]);
  });

  it("of an anonymous visitor is dead after sign-in", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    await browser.visit((session) => session.set("n", 1));
    const copy = browser.copy();
    await browser.visit((session) => session.signIn("ada"));
    expect((await copy.visit((session) => session.has("n"))).json).toBe(false);
  });

  it("cannot write either: 409, and no cookie", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    const copy = browser.copy();
    await browser.visit((session) => session.signOut());
    const { status, cookies } = await copy.visit((session) => session.set("n", 1));
    expect([status, cookies]).toEqual([409, []]);
  });

  it("that ends while a request runs is not brought back by it: 409, and no cookie", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    const elsewhere = browser.copy();
    const late = await browser.visit(async (session) => {
      await elsewhere.visit((other) => other.signIn("ada"));
      session.set("n", 1);
    });
    expect([late.status, late.cookies]).toEqual([409, []]);
    expect(world.heard.at(-1)).toMatchObject({ name: "lateWrite", reason: "regenerated" });
    expect(await userOf(elsewhere)).toBe("ada");
    const reader = elsewhere.copy();
    const read = await reader.visit(async (session) => {
      await elsewhere.visit((other) => other.signOut());
      return session.userId;
    });
    expect([read.json, read.cookies]).toEqual(["ada", []]);
  });

  it("that ends while a reader would seal it under a new key is not brought back either", async () => {
    const [old, fresh] = [newKey(), newKey()];
    const world = new CookieWorld({ keys: [old] });
    const browser = (await world.signedIn()).copy(world.process({ keys: [fresh, old] }));
    world.clock.move(10 * MINUTE);
    const elsewhere = browser.copy();
    const { json, cookies } = await browser.visit(async (session) => {
      await elsewhere.visit((other) => other.signOut());
      return session.userId;
    });
    expect([json, cookies]).toEqual(["ada", []]);
  });

  it("that comes long after is the start of a new session", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    const copy = browser.copy();
    await browser.visit((session) => session.signOut());
    world.clock.move(10 * MINUTE);
    const { status } = await copy.visit((session) => session.set("n", 1));
    expect(status).toBe(200);
    expect(world.reasons).toEqual(["ended"]);
    expect(
      (await copy.visit((session) => [session.userId ?? null, session.get("n")])).json,
    ).toEqual([null, 1]);
  });

  it("with a longer timeout than the one that signs out is dead as long as it could open", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    const copy = browser.copy();
    await browser.visit((session) => {
      session.persistent = false;
    });
    await browser.visit((session) => session.signOut());
    for (let days = 0; days < 89; days += 1) {
      world.clock.move(DAY);
      expect(await userOf(copy.copy())).toBeNull();
    }
    expect(new Set(world.reasons)).toEqual(new Set(["ended"]));
  });

  it("is revoked with its id and user", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada");
    const id = await idOf(browser);
    expect(await world.sessions.revoke(id, { userId: "bob" })).toBe(true);
    expect(await userOf(browser)).toBe("ada");
    expect(await world.sessions.revoke(id, { userId: "ada" })).toBe(true);
    expect(await world.sessions.revoke(id, { userId: "ada" })).toBe(false);
    expect(await userOf(browser)).toBeNull();
    expect(world.reasons).toEqual(["revoked"]);
    expect(world.heard.filter(({ name }) => name === "revoked")).toHaveLength(2);
  });

  it("is revoked with what it has become", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada");
    const id = await idOf(browser);
    await browser.visit((session) => session.regenerate());
    expect(await world.sessions.revoke(id, { userId: "ada" })).toBe(true);
    expect(await userOf(browser)).toBeNull();
  });

  it("cannot be revoked by a user who is not signed in, nor by a token", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    await browser.visit((session) => session.set("n", 1));
    const id = await idOf(browser);
    const guard = (await browser.visit((session) => session.userId ?? null)).json ?? undefined;
    expect(await world.sessions.revoke(id, { userId: guard as never })).toBe(false);
    expect(await world.sessions.revoke(browser.token ?? "", { userId: "ada" })).toBe(false);
  });

  it("is revoked with all of its user's [ASVS 7.4.2]", async () => {
    const world = new CookieWorld();
    const [one, other, bob] = [
      await world.signedIn("ada"),
      await world.signedIn("ada"),
      await world.signedIn("bob"),
    ];
    await world.sessions.revokeAll({ userId: "ada" });
    expect([await userOf(one), await userOf(other), await userOf(bob)]).toEqual([
      null,
      null,
      "bob",
    ]);
    expect(world.reasons).toEqual(["revoked", "revoked"]);
    const again = await world.signedIn("ada");
    expect(await userOf(again)).toBe("ada");
    await again.visit((session) => session.regenerate());
    expect(await userOf(again)).toBe("ada");
  });

  it("is not saved from revokeAll by a regenerate meanwhile", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada");
    await browser.visit(async (session) => {
      await world.sessions.revokeAll({ userId: "ada" });
      await session.regenerate();
    });
    expect(await userOf(browser)).toBeNull();
  });

  it("is spared by a new sign-in in the request that revokes the others", async () => {
    const world = new CookieWorld();
    const [mine, other] = [await world.signedIn("ada", { n: 1 }), await world.signedIn("ada")];
    await mine.visit(async (session) => {
      await world.sessions.revokeAll({ userId: "ada" });
      await session.signIn("ada");
    });
    expect((await mine.visit((session) => [session.userId, session.get("n")])).json).toEqual([
      "ada",
      1,
    ]);
    expect(await userOf(other)).toBeNull();
  });

  it("does not slip past revokeAll by signing in at that moment", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    let isRevoked = false;
    world.switch.behave = async (operation, send) => {
      const result = await send();
      if (operation === "generation" && !isRevoked) {
        isRevoked = true;
        await world.sessions.revokeAll({ userId: "ada" });
      }
      return result;
    };
    const { status } = await browser.visit((session) => session.signIn("ada"));
    expect(status).toBe(409);
    expect(await userOf(browser)).toBeNull();
  });
});

describe("the store of revocations", () => {
  it("is asked once for a visitor, twice at once for a user, and as often again by a write", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    await browser.visit((session) => session.set("n", 1));
    expect(world.switch.calls).toEqual([]);
    await browser.visit((session) => session.get("n"));
    expect(world.switch.calls).toEqual(["load"]);
    await browser.visit((session) => session.signIn("ada"));
    world.switch.calls.length = 0;
    await browser.visit((session) => session.get("n"));
    expect(world.switch.calls.sort()).toEqual(["generation", "load"]);
    world.switch.calls.length = 0;
    await browser.visit((session) => session.set("n", 2));
    expect(world.switch.calls.sort()).toEqual(["generation", "generation", "load", "load"]);
  });

  it("is asked again after maxStaleness only, but of own ends hears at once", async () => {
    const world = new CookieWorld({ cookies: { maxStaleness: "10s" } });
    const browser = await world.signedIn();
    await userOf(browser);
    world.switch.calls.length = 0;
    world.clock.move(9 * SECOND);
    expect(await userOf(browser)).toBe("ada");
    expect(world.switch.calls).toEqual([]);
    const elsewhere = world.process();
    const copy = browser.copy();
    await browser.copy(elsewhere).visit((session) => session.signOut());
    expect(await userOf(copy)).toBe("ada");
    world.clock.move(SECOND);
    expect(await userOf(copy)).toBeNull();
    const own = await world.signedIn();
    const ownCopy = own.copy();
    await userOf(own);
    await own.visit((session) => session.signOut());
    expect(await userOf(ownCopy)).toBeNull();
    const all = await world.signedIn("bob");
    expect(await userOf(all)).toBe("bob");
    await world.sessions.revokeAll({ userId: "bob" });
    expect(await userOf(all)).toBeNull();
  });

  it.each([
    ["load", (browser: Browser) => browser.visit((session) => session.signOut())],
    ["load", (browser: Browser) => browser.visit((session) => session.regenerate())],
    ["load", revokeOne],
    ["generation", (_: Browser, world: CookieWorld) => world.sessions.revokeAll({ userId: "ada" })],
  ] as const)(
    "whose answer to %s arrives after an own end undoes none of it",
    async (slow, end) => {
      const world = new CookieWorld({ cookies: { maxStaleness: "5m" } });
      const browser = await world.signedIn("ada");
      const [late, copy] = [browser.copy(), browser.copy()];
      // What the sign-in has learnt does not count any more.
      world.clock.move(6 * MINUTE);
      const { asked, answered } = world.hold(slow);
      const reading = userOf(late);
      await asked.passed;
      await end(browser, world);
      answered.open();
      await reading;
      for (let minutes = 0; minutes < 5; minutes += 1) {
        expect(await userOf(copy.copy())).toBeNull();
        world.clock.move(MINUTE);
      }
    },
  );

  it("whose older answer arrives after a newer one undoes no end of another process", async () => {
    for (const slow of ["load", "generation"] as const) {
      const world = new CookieWorld({ cookies: { maxStaleness: "5m" } });
      const browser = await world.signedIn("ada");
      const copy = browser.copy();
      // What the sign-in has learnt does not count any more.
      world.clock.move(6 * MINUTE);
      const { asked, answered } = world.hold(slow);
      const reading = userOf(browser.copy());
      await asked.passed;
      const elsewhere = world.process();
      await browser.copy(elsewhere).visit((session) => session.signOut());
      await elsewhere.revokeAll({ userId: "ada" });
      expect(await userOf(copy.copy())).toBeNull();
      answered.open();
      await reading;
      expect(await userOf(copy.copy())).toBeNull();
    }
  });

  it("is asked anew where a cookie knows more than it has answered", async () => {
    const world = new CookieWorld({ cookies: { maxStaleness: "5m" } });
    expect(await userOf(await world.signedIn("ada"))).toBe("ada");
    const elsewhere = world.process();
    await elsewhere.revokeAll({ userId: "ada" });
    const again = world.browser().copy(elsewhere);
    await again.visit((session) => session.signIn("ada"));
    expect(await userOf(again.copy(world.sessions))).toBe("ada");
  });

  it("in an outage is no sign-out: 503, and the cookie stays", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.switch.behave = () => Promise.reject(new Error("down"));
    const read = await browser.visit((session) => session.userId ?? null);
    expect([read.status, read.cookies]).toEqual([503, []]);
    expect(world.heard.at(-1)).toMatchObject({ name: "storeError" });
    world.switch.behave = (_operation, send) => send();
    expect(await userOf(browser)).toBe("ada");
  });

  it("that fails at sign-out says so, and signs nobody out", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    world.switch.behave = (operation, send) =>
      operation === "create" ? Promise.reject(new StoreError("create", "failed", "down")) : send();
    const { status, cookies } = await browser.visit((session) => session.signOut());
    expect([status, cookies]).toEqual([503, []]);
    world.switch.behave = (_operation, send) => send();
    expect(await userOf(browser)).toBe("ada");
  });

  it("whose answer is lost is asked what became of it", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn();
    let isLost = false;
    world.switch.behave = async (operation, send) => {
      const result = await send();
      if (operation === "create" && !isLost) {
        isLost = true;
        throw new Error("connection reset");
      }
      return result;
    };
    const copy = browser.copy();
    const { status } = await browser.visit((session) => session.signOut());
    expect([status, browser.jar.size]).toEqual([200, 0]);
    expect(await userOf(copy)).toBeNull();
  });

  it("forgets an end once no copy can open any more", async () => {
    const world = new CookieWorld({ persistent: { idleTimeout: "1h", absoluteTimeout: "2h" } });
    // A sweep spares what lives by the store's own clock.
    world.clock.move(-10 * 365 * DAY);
    const browser = await world.signedIn();
    await browser.visit((session) => session.signOut());
    const swept = async () => {
      const signal = new AbortController().signal;
      return world.ended.expiry.deleteExpired({ now: world.clock.now(), signal });
    };
    world.clock.move(13 * HOUR);
    expect(await swept()).toBe(0);
    world.clock.move(HOUR);
    expect(await swept()).toBe(1);
  });

  it.each([
    ["signOut", (browser: Browser) => browser.visit((session) => session.signOut())],
    ["destroy", (browser: Browser) => browser.visit((session) => session.destroy())],
    ["a new token", (browser: Browser) => browser.visit((session) => session.regenerate())],
    ["a sign-in", (browser: Browser) => browser.visit((session) => session.signIn("ada"))],
  ])(
    "remembers an anonymous visitor's %s as long as an idle copy could open",
    async (_name, end) => {
      const world = new CookieWorld();
      const browser = world.browser();
      await browser.visit((session) => session.set("n", 1));
      const copy = browser.copy();
      world.clock.move(29 * MINUTE);
      await copy.visit((session) => session.get("n"));
      await end(browser);
      const isOpen = async () => (await copy.copy().visit((session) => session.has("n"))).json;
      for (let minutes = 0; minutes < 30; minutes += 1) {
        expect(await isOpen()).toBe(false);
        world.clock.move(MINUTE);
      }
      world.clock.move(66 * MINUTE);
      const signal = new AbortController().signal;
      expect(await world.ended.expiry.deleteExpired({ now: world.clock.now(), signal })).toBe(1);
      expect(await isOpen()).toBe(false);
    },
  );

  it("remembers longer where an anonymous copy may have asked to be remembered", async () => {
    const world = new CookieWorld();
    const browser = world.browser();
    await browser.visit((session) => {
      session.set("n", 1);
      session.persistent = true;
    });
    const copy = browser.copy();
    const toggle = (session: { persistent: boolean }): void => {
      session.persistent = !session.persistent;
    };
    await browser.visit(toggle);
    await browser.visit((session) => session.set("n", 2));
    await browser.visit((session) => session.signOut());
    for (let days = 0; days < 13; days += 1) {
      world.clock.move(DAY);
      expect((await copy.copy().visit((session) => session.has("n"))).json).toBe(false);
    }
    expect(new Set(world.reasons)).toEqual(new Set(["ended"]));
  });

  it("can be left out, in words", async () => {
    const world = new CookieWorld({ cookies: { revocations: NONE } });
    const browser = await world.signedIn();
    const copy = browser.copy();
    await browser.visit((session) => session.signOut());
    expect([await userOf(browser), await userOf(copy)]).toEqual([null, "ada"]);
    for (const call of [
      () => world.sessions.revoke("s_x", { userId: "ada" }),
      () => world.sessions.revokeAll({ userId: "ada" }),
    ]) {
      await expect(call()).rejects.toThrow(/nobody but the visitor can end a session/);
    }
  });
});

describe("what only a server could tell", () => {
  it.each([
    ["find", (world: CookieWorld) => world.sessions.find("s_x")],
    ["list", (world: CookieWorld) => world.sessions.list({ userId: "ada" })],
    ["count", (world: CookieWorld) => world.sessions.count()],
  ])("is refused with a sentence: %s", async (name, call) => {
    const promise = call(new CookieWorld());
    await expect(promise).rejects.toBeInstanceOf(OptionsError);
    await expect(promise).rejects.toThrow(`sessions.${name}: sessions in cookies are known to`);
  });

  it("is refused with a sentence: revoke without the user, revokeAll with an exception", async () => {
    const { sessions } = new CookieWorld();
    await expect(sessions.revoke("s_x")).rejects.toThrow(/Pass its userId/);
    const except = sessions.revokeAll({ userId: "ada", except: "s_x" });
    await expect(except).rejects.toThrow(/call session\.signIn\(userId\) in the same request/);
  });
});
