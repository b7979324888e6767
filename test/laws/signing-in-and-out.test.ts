import { describe, expect, it } from "vitest";
import type { Session, Untyped } from "../../src/index.ts";
import { gate, quiet, times, World } from "./support/world.ts";
import { yielding } from "./support/wrapped-store.ts";

const dataOf = (session: Session<Untyped>): Untyped => Object.fromEntries([...session.entries()]);

describe("signing in", () => {
  it("lets the anonymous visitor's cart survive, under a new token and id [ASVS 7.2.4]", async () => {
    const world = new World();
    const browser = await world.returning({ cart: ["apple"] });
    const [token, id] = [browser.token, await world.idOf(browser)];
    await browser.visit((session) => session.signIn("ada"));
    const { json } = await browser.visit((session) => [session.userId, session.get("cart")]);
    expect(json).toEqual(["ada", ["apple"]]);
    expect(browser.token).not.toBe(token);
    expect(await world.idOf(browser)).not.toBe(id);
    expect(await world.live()).toBe(1);
  });

  it("kills the token from before, which a fixed victim would share [CVE-2022-25896, CVE-2023-29019] [ASVS 7.2.4, WSTG-SESS-03]", async () => {
    const world = new World();
    const attacker = await world.returning();
    const victim = attacker.copy();
    await victim.visit((session) => session.signIn("ada"));
    const { json } = await attacker.visit((session) => [session.userId ?? null, dataOf(session)]);
    expect(json).toEqual([null, {}]);
  });

  it("stores what was set before and after it in the same request", async () => {
    const world = new World();
    const browser = await world.returning({ cart: ["apple"] });
    await browser.visit(async (session) => {
      session.set("before", 1);
      session.get("cart").push("pear");
      await session.signIn("ada");
      session.set("after", 2);
    });
    const { json } = await browser.visit(dataOf);
    expect(json).toEqual({ before: 1, after: 2, cart: ["apple", "pear"] });
  });

  it.each([
    ["all", { a: 1, b: 2, pending: 3 }],
    ["none", {}],
    [["a", "pending", "constructor"], { a: 1, pending: 3 }],
    [[], {}],
  ])("keeps %j when told so", async (keep, expected) => {
    const world = new World();
    const browser = await world.returning({ a: 1, b: 2 });
    await browser.visit(async (session) => {
      session.set("pending", 3);
      await session.signIn("ada", { keep: keep as never });
    });
    expect((await browser.visit(dataOf)).json).toEqual(expected);
  });

  it("keeps what is chosen of a new visitor's pending values too", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit(async (session) => {
      session.set("a", 1);
      session.set("b", 2);
      await session.signIn("ada", { keep: ["a"] });
    });
    expect((await browser.visit(dataOf)).json).toEqual({ a: 1 });
  });

  it("again as the same user keeps everything by default", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { cart: ["apple"] });
    await browser.visit((session) => session.signIn("ada"));
    expect((await browser.visit(dataOf)).json).toEqual({ cart: ["apple"] });
  });

  it.each(["", undefined, null, 7, {}, ["ada"], "x".repeat(513), "\ud800"])(
    "refuses %j as a user id",
    async (userId) => {
      const world = new World();
      const { json } = await world
        .browser()
        .visit((session) => session.signIn(userId as never).catch((error) => error.option));
      expect(json).toBe("signIn(userId)");
      expect(await world.live()).toBe(0);
    },
  );

  it("refuses a keep that is neither a word nor keys", async () => {
    const world = new World();
    const browser = await world.returning({ a: 1 });
    for (const keep of ["some", 5, {}, ["a", 5]]) {
      const { json } = await browser.visit((session) =>
        session.signIn("ada", { keep: keep as never }).then(
          () => "signed in",
          (error) => error.code,
        ),
      );
      expect([keep, json]).toEqual([keep, "ERR_SESSION_OPTIONS"]);
    }
    expect((await browser.visit((session) => session.userId ?? null)).json).toBeNull();
  });

  it("works with a cookie that was revoked, ended or regenerated before, and starts anew", async () => {
    const ends = [
      async (world: World, id: string) => world.sessions.revoke(id),
      async (world: World) => world.sessions.revokeAll({ userId: "ada" }),
    ];
    for (const end of ends) {
      const world = new World();
      const browser = await world.signedIn("ada", { secret: 1 });
      await end(world, await world.idOf(browser));
      const { status } = await browser.visit((session) => session.signIn("ada"));
      expect(status).toBe(200);
      const { json } = await browser.visit((session) => [session.userId, session.has("secret")]);
      expect(json).toEqual(["ada", false]);
    }
    for (const act of ["signOut", "destroy", "regenerate"] as const) {
      const world = new World();
      const browser = await world.signedIn("ada", { secret: 1 });
      const stale = browser.copy();
      await browser.visit((session) => session[act]());
      expect((await stale.visit((session) => session.signIn("ada"))).status).toBe(200);
      const { json } = await stale.visit((session) => [session.userId, session.has("secret")]);
      expect(json).toEqual(["ada", false]);
    }
  });

  it("tells the old id, and no secret", async () => {
    const world = new World();
    const browser = await world.returning();
    const previousId = await world.idOf(browser);
    await browser.visit((session) => session.signIn("ada"));
    const id = await world.idOf(browser);
    expect(world.told("signedIn")).toMatchObject([{ id, previousId, userId: "ada" }]);
  });

  it("twice at the same moment, as two clicks do, succeeds twice", async () => {
    const world = new World();
    const browser = await world.returning({ cart: ["tea"] });
    const old = browser.copy();
    world.switch.behave = yielding;
    const browsers = [browser.copy(), browser.copy()];
    const answers = await Promise.all(
      browsers.map((each) => each.visit((session) => session.signIn("ada"))),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    // Whichever cookie the browser keeps, it is signed in, and has its cart.
    for (const each of browsers) {
      const { json } = await each.visit((session) => [session.userId, session.get("cart")]);
      expect(json).toEqual(["ada", ["tea"]]);
    }
    const { json } = await old.visit((session) => session.userId ?? null);
    expect(json).toBe(null);
    expect(await world.sessions.revokeAll({ userId: "ada" })).toBe(2);
    expect(await world.live()).toBe(0);
  });

  it("twice at the same moment, as different users, succeeds once", async () => {
    const world = new World();
    const browser = await world.returning();
    world.switch.behave = yielding;
    const users = ["ada", "eve"];
    const answers = await Promise.all(
      users.map((user) => browser.copy().visit((session) => session.signIn(user))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it("goes on from what a parallel request of the visitor has made of the session", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    const entered = gate();
    const passed = gate();
    const slow = browser.copy();
    const answer = slow.visit(async (session) => {
      entered.open();
      await passed.passed;
      await session.signIn("ada");
    });
    await entered.passed;
    await browser.visit(async (session) => {
      await session.regenerate();
      session.set("n", 2);
    });
    passed.open();
    expect((await answer).status).toBe(200);
    const { json } = await slow.visit((session) => [session.userId, session.get("n")]);
    expect(json).toEqual(["ada", 2]);
    expect(await world.live()).toBe(1);
  });
});

describe("signing in as another user shows nothing of the first one", () => {
  async function eveSees(
    before: (session: Session<Untyped>) => unknown,
    look: (session: Session<Untyped>) => unknown,
  ): Promise<unknown> {
    const world = new World({ defaults: { cart: [] as string[], n: 0 } });
    const browser = await world.signedIn("ada", { cart: ["apple"], secret: "ada's" });
    await browser.visit((session) => session.flash("note", "for ada"));
    const first = await browser.visit(async (session) => {
      const seen = await before(session);
      await session.signIn("eve");
      if (typeof seen === "function") seen();
      return look(session);
    });
    const next = await browser.visit(look);
    expect(next.json).toEqual(first.json);
    return next.json;
  }

  it("neither stored values", async () => {
    expect(await eveSees(() => undefined, dataOf)).toEqual({ cart: [], n: 0 });
  });

  it("nor pending ones", async () => {
    const json = await eveSees((session) => session.set("n", 7), dataOf);
    expect(json).toEqual({ cart: [], n: 0 });
  });

  it("nor an object that she changed in place", async () => {
    const json = await eveSees((session) => void session.get("cart").push("pear"), dataOf);
    expect(json).toEqual({ cart: [], n: 0 });
  });

  it("nor one that the program still holds and changes afterwards", async () => {
    const json = await eveSees((session) => {
      const cart = session.get("cart");
      return () => cart.push("pear");
    }, dataOf);
    expect(json).toEqual({ cart: [], n: 0 });
  });

  it("nor her messages, old and new", async () => {
    const json = await eveSees(
      (session) => session.flash("note", "also for ada"),
      (session) => session.take("note") ?? null,
    );
    expect(json).toBeNull();
  });

  it("nor what an update or a save stored on the way", async () => {
    const json = await eveSees(async (session) => {
      await session.update("n", (n) => n + 1);
      session.set("secret", "more");
      await session.save();
    }, dataOf);
    expect(json).toEqual({ cart: [], n: 0 });
  });

  it("not even where nobody knows whether her session ended, and the program goes on", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { cart: ["apple"], secret: 1 });
    await browser.visit((session) => session.flash("note", "for ada"));
    const { status } = await browser.visit(async (session) => {
      session.set("secret", 2);
      session.get("cart").push("pear");
      session.flash("note", "also for ada");
      let isDown = false;
      world.switch.behave = (operation, send) => {
        isDown ||= operation === "end";
        return isDown ? Promise.reject(new Error("down")) : send();
      };
      const { outcome } = await session.signIn("eve").catch((error) => error);
      expect(outcome).toBe("unknown");
      world.switch.behave = (_operation, send) => send();
    });
    expect(status).toBe(200);
    const { json } = await browser.visit((session) => [
      session.userId,
      dataOf(session),
      session.take("note") ?? null,
    ]);
    const [userId, data, note] = json as [string, Untyped, unknown];
    if (userId === "eve") expect([data, note]).toEqual([{}, null]);
    // Whoever holds the session that the browser was given, listeners have heard of it.
    expect(world.told("signedIn").at(-1)).toMatchObject({ userId });
  });

  it("unless she is told to keep it", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { theme: "dark", secret: 1 });
    await browser.visit((session) => session.signIn("eve", { keep: ["theme"] }));
    expect((await browser.visit(dataOf)).json).toEqual({ theme: "dark" });
  });

  it("and nothing of what a parallel request of the first one writes", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1 });
    const hold = gate();
    world.switch.behave = async (operation, send) => {
      if (operation === "end") await hold.passed;
      return send();
    };
    const eve = browser.copy();
    const signing = eve.visit((session) => session.signIn("eve"));
    await quiet();
    await browser.copy().visit((session) => session.set("secret", "ada's"));
    hold.open();
    expect((await signing).status).toBe(200);
    expect((await eve.visit(dataOf)).json).toEqual({});
  });
});

describe("signing out", () => {
  it("ends the session, clears the cookie, and leaves no record [ASVS 7.4.1, WSTG-SESS-06, NIST 5.1 logout]", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1 });
    const { cookies } = await browser.visit((session) => session.signOut());
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatch(/^__Host-Http-session=;.*Max-Age=0/);
    expect(browser.token).toBeUndefined();
    expect(await world.live()).toBe(0);
    expect(world.told("signedOut")).toMatchObject([{ userId: "ada" }]);
  });

  it("keeps the chosen keys in a new anonymous session", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { theme: "dark", list: [1], secret: 1 });
    const before = browser.token;
    await browser.visit(async (session) => {
      session.get("list").push(2);
      session.set("pending", 3);
      await session.signOut({ keep: ["theme", "list", "pending", "absent", "__proto__"] });
      expect([session.userId, session.authenticatedAt]).toEqual([undefined, undefined]);
    });
    expect(browser.token).not.toBe(before);
    const { json } = await browser.visit((session) => [session.userId ?? null, dataOf(session)]);
    expect(json).toEqual([null, { theme: "dark", list: [1, 2], pending: 3 }]);
  });

  it("drops what was pending and not kept, and what the program still holds", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { cart: ["apple"] });
    await browser.visit(async (session) => {
      const cart = session.get("cart");
      session.set("pending", 3);
      session.flash("note", "for ada");
      await session.signOut();
      cart.push("pear");
    });
    expect(await world.live()).toBe(0);
  });

  it("may be followed by new values in the same request", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1 });
    await browser.visit(async (session) => {
      await session.signOut();
      session.flash("note", "Goodbye");
    });
    const { json } = await browser.visit((session) => [
      session.take("note"),
      session.userId ?? null,
    ]);
    expect(json).toEqual(["Goodbye", null]);
  });

  it("follows a regenerate of a parallel request", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const hold = gate();
    const out = browser.copy().visit(async (session) => {
      await hold.passed;
      await session.signOut();
    });
    await quiet();
    await browser.visit((session) => session.regenerate());
    hold.open();
    await out;
    expect(await world.live()).toBe(0);
  });

  it("takes nobody else along who has signed in meanwhile", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const hold = gate();
    const out = browser.copy().visit(async (session) => {
      await hold.passed;
      await session.signOut();
    });
    await quiet();
    await browser.visit((session) => session.signIn("eve"));
    hold.open();
    expect(await out).toMatchObject({ status: 200, cookies: [] });
    expect((await browser.visit((session) => session.userId)).json).toBe("eve");
  });
});

describe("destroy", () => {
  it("is terminal: nothing can be stored, signed in or regenerated afterwards", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1 });
    const codes = await browser.visit(async (session) => {
      session.set("pending", 1);
      await session.destroy();
      const code = (error: { code: string }): string => error.code;
      let set = "none";
      try {
        session.set("n", 2);
      } catch (error) {
        set = (error as { code: string }).code;
      }
      return [
        set,
        await session.update("n", (n) => n).catch(code),
        await session.signIn("ada").catch(code),
        await session.regenerate().catch(code),
        [session.isEnded, session.has("n"), session.userId ?? null],
      ];
    });
    const ended = "ERR_SESSION_ENDED";
    expect(codes.json).toEqual([ended, ended, ended, ended, [true, false, null]]);
    expect(codes.cookies[0]).toMatch(/Max-Age=0/);
    expect(await world.live()).toBe(0);
  });
});

describe("consume", () => {
  it("hands a value to exactly one of twenty parallel requests", async () => {
    const world = new World();
    const browser = await world.returning({ state: "abc" });
    const elsewhere = world.process();
    world.switch.behave = yielding;
    const answers = await times(20, (n) =>
      browser
        .copy(n % 2 === 0 ? world.sessions : elsewhere)
        .visit(async (session) => (await session.consume("state")) ?? null),
    );
    expect(answers.filter(({ json }) => json === "abc")).toHaveLength(1);
    expect(answers.filter(({ json }) => json === null)).toHaveLength(19);
  });

  it("is undefined where nothing is stored, and does not consume a default", async () => {
    const world = new World({ defaults: { state: "default" } });
    const browser = await world.returning({ other: 1 });
    world.switch.forget();
    const { json } = await browser.visit(
      async (session) => (await session.consume("state")) ?? null,
    );
    expect(json).toBeNull();
    expect(world.switch.count("update")).toBe(0);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "finds nothing under %s",
    async (key) => {
      const world = new World();
      const browser = await world.returning();
      const { json } = await browser.visit(async (session) => [
        (await session.consume(key)) ?? null,
        session.get(key) ?? null,
        session.has(key),
        session.take(key) ?? null,
      ]);
      expect(json).toEqual([null, null, false, null]);
    },
  );
});

describe("a flash message", () => {
  async function flashed(): Promise<[World, Awaited<ReturnType<World["returning"]>>]> {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => session.flash("note", "hello"));
    return [world, browser];
  }

  it("is shown by the next request, once", async () => {
    const [, browser] = await flashed();
    expect((await browser.visit((session) => session.take("note"))).json).toBe("hello");
    expect((await browser.visit((session) => session.take("note") ?? null)).json).toBeNull();
  });

  it("is not shown by the request that leaves it, not even after a save", async () => {
    const world = new World();
    const browser = await world.returning();
    const { json } = await browser.visit(async (session) => {
      session.flash("note", "hello");
      const before = session.take("note") ?? null;
      await session.save();
      return [before, session.take("note") ?? null];
    });
    expect(json).toEqual([null, null]);
    expect((await browser.visit((session) => session.take("note"))).json).toBe("hello");
  });

  it("waits while nobody takes it", async () => {
    const [, browser] = await flashed();
    for (let n = 0; n < 3; n += 1) await browser.visit((session) => session.get("seen"));
    expect((await browser.visit((session) => session.take("note"))).json).toBe("hello");
  });

  it.each([
    ["a 500", { status: 500 }],
    ["a HEAD", { method: "HEAD" }],
    ["a prefetch", { headers: { "sec-purpose": "prefetch;prerender" } }],
    ["an older prefetch", { headers: { purpose: "prefetch" } }],
  ])("is shown again after %s", async (_, visit) => {
    const [, browser] = await flashed();
    const shown = await browser.visit((session) => {
      const text = session.take("note");
      return text === "hello" ? undefined : new Response("it was not shown", { status: 418 });
    }, visit);
    expect(shown.status).not.toBe(418);
    expect((await browser.visit((session) => session.take("note"))).json).toBe("hello");
  });

  it.each([
    ["a 500", { status: 500 }],
    ["a HEAD", { method: "HEAD" }],
    ["a prefetch", { headers: { "sec-purpose": "prefetch" } }],
  ])("is shown again with all others after %s", async (_, visit) => {
    const [, browser] = await flashed();
    await browser.visit((session) => session.flash("error", { code: 1 }));
    const all = { note: ["hello"], error: [{ code: 1 }] };
    const shown = await browser.visit((session) => {
      const same = JSON.stringify(session.takeAll()) === JSON.stringify(all);
      return same ? undefined : new Response("they were not shown", { status: 418 });
    }, visit);
    expect(shown.status).not.toBe(418);
    const { json } = await browser.visit((session) => [
      session.takeAll("error"),
      session.takeAll(),
      session.takeAll(),
    ]);
    expect(json).toEqual([[{ code: 1 }], { note: ["hello"] }, {}]);
  });

  it("of any key is shown with all others", async () => {
    const world = new World();
    const browser = await world.returning();
    await browser.visit((session) => {
      for (const key of ["constructor", "toString", "1"]) session.flash(key, key);
    });
    const { json } = await browser.visit((session) => session.takeAll());
    expect(json).toEqual({ 1: ["1"], constructor: ["constructor"], toString: ["toString"] });
  });

  it("is shown in turn with another under its key", async () => {
    const [, browser] = await flashed();
    await browser.visit((session) => session.flash("note", "again"));
    const take = (session: Session<Untyped>): unknown => session.take("note") ?? null;
    const { json } = await browser.visit((session) => [
      take(session),
      take(session),
      take(session),
    ]);
    expect(json).toEqual(["hello", "again", null]);
  });

  it("that is newer than what was shown is not removed with it", async () => {
    const [world, browser] = await flashed();
    const hold = gate();
    const slow = browser.copy().visit(async (session) => {
      const shown = session.take("note");
      await hold.passed;
      return shown;
    });
    await quiet();
    await browser.copy(world.process()).visit((session) => session.flash("note", "newer"));
    hold.open();
    expect((await slow).json).toBe("hello");
    expect((await browser.visit((session) => session.take("note"))).json).toBe("newer");
  });

  it("is shown at least once when two requests take it at the same moment", async () => {
    const [world, browser] = await flashed();
    world.switch.behave = yielding;
    const answers = await times(2, () => browser.copy().visit((session) => session.take("note")));
    expect(answers.map(({ json }) => json)).toContain("hello");
    expect((await browser.visit((session) => session.take("note") ?? null)).json).toBeNull();
  });

  it("goes along at sign-in and regenerate", async () => {
    const [, browser] = await flashed();
    await browser.visit((session) => session.regenerate());
    await browser.visit((session) => session.signIn("ada"));
    expect((await browser.visit((session) => session.take("note"))).json).toBe("hello");
  });

  it("shown by the request that signs in is not shown again", async () => {
    const [, browser] = await flashed();
    await browser.visit(async (session) => {
      session.take("note");
      await session.signIn("ada");
    });
    expect((await browser.visit((session) => session.take("note") ?? null)).json).toBeNull();
  });

  it("survives clear", async () => {
    const [, browser] = await flashed();
    await browser.visit((session) => session.clear());
    expect((await browser.visit((session) => session.take("note"))).json).toBe("hello");
  });
});

describe("signed out everywhere means everywhere", () => {
  it("ends all of a user's sessions, and nobody else's [ASVS 7.4.2, ASVS 7.4.5]", async () => {
    const world = new World();
    const [one, other, eve] = [
      await world.signedIn("ada"),
      await world.signedIn("ada"),
      await world.signedIn("eve"),
    ];
    expect(await world.sessions.revokeAll({ userId: "ada" })).toBe(2);
    const users = [];
    for (const browser of [one, other, eve]) {
      users.push((await browser.visit((session) => session.userId ?? null)).json);
    }
    expect(users).toEqual([null, null, "eve"]);
    expect(world.told("revoked")).toHaveLength(2);
    expect(await world.sessions.revokeAll({ userId: "ada" })).toBe(0);
  });

  it("spares the one that is named [ASVS 7.4.3]", async () => {
    const world = new World();
    const [here, there] = [await world.signedIn("ada"), await world.signedIn("ada")];
    const except = await world.idOf(here);
    expect(await world.sessions.revokeAll({ userId: "ada", except })).toBe(1);
    expect((await here.visit((session) => session.userId)).json).toBe("ada");
    expect((await there.visit((session) => session.userId ?? null)).json).toBeNull();
  });

  it("spares what the named one has become by a new token", async () => {
    const world = new World();
    const [here, there] = [await world.signedIn("ada"), await world.signedIn("ada")];
    const except = await world.idOf(here);
    await here.visit((session) => session.regenerate());
    expect(await world.sessions.revokeAll({ userId: "ada", except })).toBe(1);
    expect((await here.visit((session) => session.userId)).json).toBe("ada");
    expect((await there.visit((session) => session.userId ?? null)).json).toBeNull();
  });

  it.each(["", "nonsense", "A".repeat(43), "__proto__", 5])(
    "refuses to spare %j, which is no id, and ends nothing",
    async (except) => {
      const world = new World();
      await world.signedIn("ada");
      const revoking = world.sessions.revokeAll({ userId: "ada", except: except as never });
      await expect(revoking).rejects.toMatchObject({ code: "ERR_SESSION_OPTIONS" });
      expect(await world.live()).toBe(1);
    },
  );

  it.each([undefined, null, "", 5, {}])("refuses %j for a user", async (userId) => {
    const world = new World();
    await world.returning();
    const of = { userId: userId as never };
    await expect(world.sessions.revokeAll(of)).rejects.toMatchObject({
      code: "ERR_SESSION_OPTIONS",
    });
    await expect(world.sessions.list(of)).rejects.toMatchObject({ code: "ERR_SESSION_OPTIONS" });
    expect(await world.live()).toBe(1);
  });
});

describe("an id from outside", () => {
  it("lists facts and no data, the most recently seen first [ASVS 7.5.2, WSTG-SESS-11]", async () => {
    const world = new World();
    const first = await world.signedIn("ada", { secret: "canary" });
    world.clock.move(60_000);
    const second = await world.signedIn("ada");
    const list = await world.sessions.list({ userId: "ada" });
    expect(list.map(({ id }) => id)).toEqual([await world.idOf(second), await world.idOf(first)]);
    expect(JSON.stringify(list)).not.toContain("canary");
    expect(await world.sessions.list({ userId: "nobody" })).toEqual([]);
    expect(await world.sessions.list({ userId: "__proto__" })).toEqual([]);
  });

  it("is refused where it is a token, as a token is where it is an id [ASVS 7.5.2]", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const id = await world.idOf(browser);
    world.switch.forget();
    expect(await world.sessions.find(String(browser.token))).toBeUndefined();
    expect(await world.sessions.revoke(String(browser.token))).toBe(false);
    const pasted = world.browser();
    pasted.token = id;
    expect((await pasted.visit((session) => session.isNew)).json).toBe(true);
    pasted.token = id.slice(2);
    expect((await pasted.visit((session) => session.isNew)).json).toBe(true);
    expect(world.switch.count("end")).toBe(0);
    expect(await world.live()).toBe(1);
  });

  it("of another manager on the same store is nobody's here", async () => {
    const world = new World();
    const admin = world.process({ name: "admin" });
    const browser = await world.signedIn("ada");
    const id = await world.idOf(browser);
    expect(await admin.find(id)).toBeUndefined();
    expect(await admin.revoke(id)).toBe(false);
    expect(await admin.list({ userId: "ada" })).toEqual([]);
    expect(await admin.revokeAll({ userId: "ada" })).toBe(0);
    expect(await admin.count()).toBe(0);
    expect(await world.live()).toBe(1);
  });

  it("is guarded by the user it must belong to [ASVS 7.5.2]", async () => {
    const world = new World();
    const id = await world.idOf(await world.signedIn("ada"));
    const anonymous = await world.idOf(await world.returning());
    for (const userId of ["eve", "", "__proto__", "ada ", "ADA"]) {
      expect(await world.sessions.revoke(id, { userId })).toBe(false);
    }
    expect(await world.sessions.revoke(anonymous, { userId: "ada" })).toBe(false);
    expect(await world.live()).toBe(2);
  });

  it("is not unguarded by a guard that is undefined, as an anonymous visitor's userId is", async () => {
    const world = new World();
    const id = await world.idOf(await world.signedIn("ada"));
    const guard = { userId: undefined as never };
    await world.sessions.revoke(id, guard).catch(() => undefined);
    expect(await world.live()).toBe(1);
  });

  const GARBAGE: readonly unknown[] = [
    "",
    "s_",
    "__proto__",
    "constructor",
    "s_".padEnd(45, "!"),
    "s_".padEnd(45, "B"),
    "../".repeat(15),
    "x".repeat(1_048_576),
    "s_' OR 1=1 --",
    "s_\u0000".padEnd(45, "A"),
    undefined,
    null,
    5,
    {},
    ["s_".padEnd(45, "A")],
    { toString: () => "s_".padEnd(45, "A") },
    Symbol("id"),
  ];
  it.each(GARBAGE.map((id, index) => [index, id] as const))(
    "number %i of the garbage is nobody's, and is not asked of the store [cookie-parser-j]",
    async (_, id) => {
      const world = new World();
      expect(await world.sessions.revoke(id as never)).toBe(false);
      expect(await world.sessions.find(id as never)).toBeUndefined();
      expect(world.switch.calls).toEqual([]);
    },
  );

  it("of a session that is past its end is found no more", async () => {
    const world = new World();
    const id = await world.idOf(await world.signedIn("ada"));
    world.clock.move(31 * 60_000);
    expect(await world.sessions.find(id)).toBeUndefined();
    expect(await world.sessions.list({ userId: "ada" })).toEqual([]);
    expect(await world.sessions.revoke(id)).toBe(false);
  });
});
