import { describe, expect, it } from "vitest";
import { cookieCache, cookieStore } from "../../src/cookies/cookie.ts";
import { createSessions, memoryStore, type Session, type Untyped } from "../../src/index.ts";
import { type DetectReuseOptions, detectReuse } from "../../src/security/theft/index.ts";
import { durableStore, newKey } from "../cookies/support/cookie-world.ts";
import { Browser } from "../laws/support/browser.ts";
import { HOUR, MINUTE } from "../laws/support/clock.ts";
import { everyInterleaving } from "../laws/support/interleavings.ts";
import { times, World } from "../laws/support/world.ts";
import { wrapped } from "../laws/support/wrapped-store.ts";

const SECOND = 1_000;

const watching = (options: DetectReuseOptions = { regenerateEvery: "15m" }): World =>
  new World({ protections: [detectReuse(options)], absoluteTimeout: "12h" });

const userOf = async (browser: Browser): Promise<unknown> => {
  const answer = await browser.visit((session) => session.userId ?? null);
  return answer.status === 200 ? answer.json : answer.status;
};

/** A browser whose answer gets lost on its way: the jar stays as it was. */
async function lost(
  browser: Browser,
  handler?: (session: Session<Untyped>) => unknown,
): Promise<void> {
  await browser.copy().visit(handler ?? (() => undefined));
}

/** Somebody is signed in, and their first token has been copied by a thief. */
async function stolen(world: World): Promise<{ victim: Browser; thief: Browser }> {
  const victim = await world.signedIn("ada", { n: 1 });
  await userOf(victim);
  return { victim, thief: victim.copy() };
}

describe("a session that is given a new token every quarter of an hour", () => {
  it("keeps its data, its clocks and its user, and the old token leads nowhere", async () => {
    const world = watching();
    const { victim, thief } = await stolen(world);
    world.clock.move(14 * MINUTE);
    await userOf(victim);
    expect(victim.token).toBe(thief.token);
    world.clock.move(MINUTE);
    const createdAt = (session: Session<Untyped>): unknown => [session.createdAt, session.get("n")];
    const { json } = await victim.visit(createdAt);
    expect(victim.token).not.toBe(thief.token);
    expect((await victim.visit(createdAt)).json).toEqual(json);
    expect(world.told("regenerated")).toHaveLength(1);
    world.clock.move(14 * MINUTE);
    const { token } = victim;
    await userOf(victim);
    expect(victim.token).toBe(token);
  });

  it("ends at its absolute end all the same [ASVS 7.3.2]", async () => {
    const world = watching();
    const { victim } = await stolen(world);
    for (let minutes = 0; minutes < 719; minutes += 10) {
      expect(await userOf(victim)).toBe("ada");
      world.clock.move(10 * MINUTE);
    }
    expect(await userOf(victim)).toBeNull();
  });

  it("goes on for requests that are under way, at every process, and they may write", async () => {
    const world = watching();
    const { victim } = await stolen(world);
    world.clock.move(15 * MINUTE);
    const other = world.process({ protections: [detectReuse({ regenerateEvery: "15m" })] });
    const tabs = [0, 1, 2, 3, 4, 5].map((n) => (n % 2 === 0 ? victim.copy() : victim.copy(other)));
    const answers = await Promise.all(
      tabs.map((tab) => tab.visit((session) => session.update("n", (n) => n + 1))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    const renewed = answers.flatMap(({ cookies }) => cookies);
    expect(renewed).toHaveLength(1);
    const newest = tabs.find(({ token }) => token !== victim.token) as Browser;
    expect((await newest.visit((session) => session.get("n"))).json).toBe(7);
    world.clock.move(29 * SECOND);
    expect(await userOf(victim)).toBe("ada");
    expect(world.told("tokenReused")).toEqual([]);
  });

  it("is not for visitors who are not signed in, nor where no cookie can be sent", async () => {
    const world = watching();
    const anonymous = await world.returning();
    const { victim } = await stolen(world);
    world.clock.move(20 * MINUTE);
    await anonymous.visit(() => undefined);
    await victim.visit(() => undefined, { headers: { "sec-purpose": "prefetch" } });
    expect(world.told("regenerated")).toEqual([]);
    expect(await userOf(victim)).toBe("ada");
    expect(world.told("regenerated")).toHaveLength(1);
  });

  it("keeps the token that it has where the store fails, and asks again", async () => {
    const world = watching();
    const { victim } = await stolen(world);
    world.clock.move(15 * MINUTE);
    world.switch.behave = (operation, send) =>
      operation === "create" ? Promise.reject(new Error("full")) : send();
    expect(await userOf(victim)).toBe("ada");
    world.switch.behave = (_operation, send) => send();
    expect(await userOf(victim)).toBe("ada");
    expect(world.told("regenerated")).toHaveLength(1);
  });
});

describe("a token that was given up and comes again", () => {
  it("ends the session of whoever has the newer one, and it is told once [ASVS 16.3.3]", async () => {
    const world = watching();
    const { victim, thief } = await stolen(world);
    world.clock.move(15 * MINUTE);
    await userOf(victim);
    await userOf(victim);
    world.clock.move(30 * SECOND);
    const before = await world.idOf(victim);
    expect(await userOf(thief)).toBeNull();
    expect(await userOf(victim)).toBeNull();
    expect(await userOf(thief)).toBeNull();
    expect(world.told("tokenReused")).toMatchObject([{ id: before, userId: "ada" }]);
    expect(world.told("rejected").map(({ reason }) => reason)).toContain("reused");
    expect(await world.sessions.list({ userId: "ada" })).toEqual([]);
  });

  it("ends the thief's where the thief was given the newer one", async () => {
    const world = watching();
    const { victim, thief } = await stolen(world);
    world.clock.move(15 * MINUTE);
    await userOf(thief);
    await userOf(thief);
    world.clock.move(MINUTE);
    expect(await userOf(victim)).toBeNull();
    expect(await userOf(thief)).toBeNull();
    expect(world.told("tokenReused")).toHaveLength(1);
  });

  it("is known for as long as the session may live, however many tokens later", async () => {
    const world = watching();
    const { victim, thief } = await stolen(world);
    for (let n = 0; n < 40; n += 1) {
      world.clock.move(15 * MINUTE);
      expect(await userOf(victim)).toBe("ada");
    }
    await userOf(victim);
    world.clock.move(HOUR / 2 - MINUTE);
    expect(await userOf(thief)).toBeNull();
    expect(await userOf(victim)).toBeNull();
    expect(world.told("tokenReused")).toHaveLength(1);
  });

  it("was given up by a sign-in: it gives no access at any time, and ends the session later [ASVS 7.2.4]", async () => {
    const world = watching();
    const browser = await world.returning();
    const planted = browser.copy();
    await browser.visit((session) => session.signIn("ada"));
    for (const seconds of [0, 20, 20]) {
      world.clock.move(seconds * SECOND);
      // Nobody has used the new one: the sign-in itself may have been lost.
      expect(await userOf(planted.copy())).toBeNull();
    }
    expect(await userOf(browser)).toBe("ada");
    expect(await userOf(planted)).toBeNull();
    expect(await userOf(browser)).toBeNull();
    expect(world.told("tokenReused")).toHaveLength(1);
  });

  it("was given up by the application: requests on their way end as ever, later ones tell", async () => {
    const world = watching();
    const { victim, thief } = await stolen(world);
    await victim.visit((session) => session.regenerate());
    await userOf(victim);
    world.clock.move(20 * SECOND);
    expect((await thief.copy().visit((session) => session.isEnded)).json).toBe(true);
    expect(await userOf(victim)).toBe("ada");
    world.clock.move(20 * SECOND);
    expect(await userOf(thief)).toBeNull();
    expect(await userOf(victim)).toBeNull();
  });

  it("tells and ends nothing where it is to be watched first", async () => {
    const world = watching({ regenerateEvery: "15m", onReuse: "tell" });
    const { victim, thief } = await stolen(world);
    world.clock.move(15 * MINUTE);
    await userOf(victim);
    await userOf(victim);
    world.clock.move(MINUTE);
    for (const again of [thief, thief.copy()]) expect(await userOf(again)).toBeNull();
    expect(await userOf(victim)).toBe("ada");
    expect(world.told("tokenReused")).toHaveLength(1);
  });

  it("is no theft once the session has ended, and is nothing to who only reads", async () => {
    const world = watching();
    const { victim, thief } = await stolen(world);
    world.clock.move(15 * MINUTE);
    await userOf(victim);
    await userOf(victim);
    world.clock.move(MINUTE);
    const cookie = [...thief.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    expect(await world.sessions.read(new Headers({ cookie }))).toBeUndefined();
    expect(await userOf(victim)).toBe("ada");
    await victim.visit((session) => session.signOut());
    expect(await userOf(thief)).toBeNull();
    expect(world.told("tokenReused")).toEqual([]);
  });

  it("may be read by while requests are under way with it", async () => {
    const world = watching();
    const { victim, thief } = await stolen(world);
    world.clock.move(15 * MINUTE);
    await userOf(victim);
    const cookie = [...thief.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    expect((await world.sessions.read(new Headers({ cookie })))?.userId).toBe("ada");
  });
});

describe("a newer token that never arrived", () => {
  it.each([31 * SECOND, 5 * HOUR])(
    "is no theft %i ms later: who has the old one goes on",
    async (later) => {
      const world = new World({
        protections: [detectReuse({ regenerateEvery: "15m" })],
        idleTimeout: "8h",
      });
      const { victim } = await stolen(world);
      world.clock.move(15 * MINUTE);
      await lost(victim, (session) => session.set("n", 2));
      world.clock.move(later);
      const { token } = victim;
      expect((await victim.visit((session) => [session.userId, session.get("n")])).json).toEqual([
        "ada",
        2,
      ]);
      expect(victim.token).not.toBe(token);
      world.clock.move(MINUTE);
      expect(await userOf(victim)).toBe("ada");
      expect(await world.sessions.list({ userId: "ada" })).toHaveLength(1);
      expect(world.told("tokenReused")).toEqual([]);
    },
  );

  it("may be lost again and again, and many requests may come at once", async () => {
    const world = watching();
    const { victim } = await stolen(world);
    for (let n = 0; n < 5; n += 1) {
      world.clock.move(15 * MINUTE);
      await lost(victim);
    }
    world.clock.move(MINUTE);
    const tabs = await times(4, async () => {
      const tab = victim.copy();
      return [await userOf(tab), tab.token] as const;
    });
    expect(tabs.map(([userId]) => userId)).toEqual(Array(4).fill("ada"));
    const renewed = tabs.flatMap(([, token]) => (token === victim.token ? [] : [token]));
    expect(renewed).toHaveLength(1);
    victim.token = String(renewed[0]);
    world.clock.move(MINUTE);
    expect(await userOf(victim)).toBe("ada");
    expect(world.told("tokenReused")).toEqual([]);
  });

  it.each([
    ["an update", (session: Session<Untyped>) => session.update("n", (n) => n + 1)],
    [
      "a new token by the application and an update",
      async (session: Session<Untyped>) => {
        await session.regenerate();
        await session.update("n", (n) => n + 1);
      },
    ],
  ])("stays away where it is late, as its answer was held up after %s", async (_name, act) => {
    const world = watching();
    const { victim } = await stolen(world);
    world.clock.move(15 * MINUTE);
    const tab = victim.copy();
    const { cookies } = await tab.visit(async (session) => {
      await act(session);
      world.clock.move(31 * SECOND);
      expect(await userOf(victim)).toBe("ada");
      expect(await userOf(victim)).toBe("ada");
    });
    // One jar: what the last answer sets is what is in it.
    if (cookies.length > 0) victim.token = String(tab.token);
    world.clock.move(MINUTE);
    expect(await userOf(victim)).toBe("ada");
    expect(world.told("tokenReused")).toEqual([]);
  });

  it.each([
    ["signs in again", (session: Session<Untyped>) => session.signIn("ada")],
    ["asks for a new token", (session: Session<Untyped>) => session.regenerate()],
  ])("stays away where a request under way %s before the answer", async (_name, act) => {
    const world = watching();
    const { victim } = await stolen(world);
    world.clock.move(15 * MINUTE);
    const tab = victim.copy();
    const { cookies } = await tab.visit(async (session) => {
      await session.update("n", (n) => n + 1);
      world.clock.move(SECOND);
      await victim.visit(act);
      expect(await userOf(victim)).toBe("ada");
    });
    if (cookies.length > 0) victim.token = String(tab.token);
    world.clock.move(MINUTE);
    expect(await userOf(victim)).toBe("ada");
    expect(world.told("tokenReused")).toEqual([]);
  });

  it("comes late, as its answer was held up, where nobody was given another one", async () => {
    const world = watching();
    const { victim, thief } = await stolen(world);
    world.clock.move(15 * MINUTE);
    await victim.visit(async (session) => {
      await session.update("n", (n) => n + 1);
      world.clock.move(MINUTE);
    });
    expect(victim.token).not.toBe(thief.token);
    expect(await userOf(victim)).toBe("ada");
  });

  it("is found out to have been stolen once both have tokens", async () => {
    const world = watching();
    const { victim, thief } = await stolen(world);
    world.clock.move(15 * MINUTE);
    await userOf(thief);
    // The thief holds a token that it has not used yet, so the victim goes on.
    world.clock.move(MINUTE);
    expect(await userOf(victim)).toBe("ada");
    expect(await userOf(victim)).toBe("ada");
    world.clock.move(MINUTE);
    expect(await userOf(thief)).toBeNull();
    expect(await userOf(victim)).toBeNull();
    expect(world.told("tokenReused")).toHaveLength(1);
  });
});

const regenerate = (browser: Browser): Promise<unknown> =>
  browser.visit((session) => session.regenerate());

describe("whatever is interleaved, a thief with the old token", () => {
  it.each([
    ["a victim who reads", userOf, false],
    ["a victim who asks for a new token", regenerate, false],
    ["another request of the thief's", userOf, true],
  ] as const)("and %s are both out, and it is told once", async (_name, act, isThief) => {
    const runs = await everyInterleaving(async (schedule) => {
      const world = watching();
      const { victim, thief } = await stolen(world);
      world.clock.move(15 * MINUTE);
      await userOf(victim);
      await userOf(victim);
      world.clock.move(MINUTE);
      let told = 0;
      const at = (name: string, browser: Browser): Browser => {
        const sessions = createSessions<Untyped>({
          store: wrapped(world.memory, schedule.actor(name, "mark")),
          clock: world.clock,
          protections: [detectReuse({ regenerateEvery: "15m" })],
        });
        sessions.on("tokenReused", () => {
          told += 1;
        });
        return browser.copy(sessions);
      };
      const [one, other] = [at("thief", thief), at("victim", isThief ? thief : victim)];
      await schedule.run([userOf(one), act(other)]);
      const alive = [thief, victim, other].map((browser) => userOf(browser.copy(world.sessions)));
      expect(await Promise.all(alive)).toEqual([null, null, null]);
      expect(told).toBe(1);
    });
    expect(runs).toBeGreaterThan(3);
  });
});

describe("what noticing costs", () => {
  it("is nothing for a request that brings the newest token, but for the first", async () => {
    const world = watching();
    const { victim } = await stolen(world);
    world.clock.move(15 * MINUTE);
    await userOf(victim);
    const callsOf = async (): Promise<readonly string[]> => {
      world.switch.calls.length = 0;
      await userOf(victim);
      return [...world.switch.calls];
    };
    expect(await callsOf()).toEqual(["load", "update"]);
    expect(await callsOf()).toEqual(["load"]);
  });
});

describe("detectReuse", () => {
  it("holds over copies too, once they are old", async () => {
    const store = cookieCache(durableStore(), { maxStaleness: "1m" });
    const world = new World();
    const sessions = createSessions<Untyped>({
      store,
      keys: [newKey()],
      clock: world.clock,
      protections: [detectReuse({ regenerateEvery: "15m" })],
    });
    const victim = new Browser(sessions);
    await victim.visit((session) => session.signIn("ada"));
    await userOf(victim);
    const thief = victim.copy();
    world.clock.move(15 * MINUTE);
    await userOf(victim);
    world.clock.move(2 * MINUTE);
    await userOf(victim);
    expect(await userOf(thief)).toBeNull();
    expect((await victim.visit((session) => session.set("n", 1))).status).toBe(409);
  });

  it.each([
    [{ regenerateEvery: "10s" }, 'detectReuse.regenerateEvery: must be "1m" at least'],
    [{ grace: "1m" }, 'detectReuse.grace: must not exceed "30s"'],
    [{ onReuse: "warn" }, 'detectReuse.onReuse: must be one of "endFamily", "tell"'],
    [{ every: "15m" }, "detectReuse.every: is not known"],
  ])("is refused where it is misspelt: %j", (options, problem) => {
    expect(() => detectReuse(options as never)).toThrow(problem);
  });

  it("is refused where nobody knows which token was used", () => {
    const store = cookieStore({ revocations: durableStore() });
    const keys = [newKey()];
    expect(() => createSessions({ store, keys, protections: [detectReuse()] })).toThrow(
      /^protections: detectReuse: of sessions in cookies/,
    );
    expect(() =>
      createSessions({ store: memoryStore(), protections: [detectReuse()] }),
    ).not.toThrow();
  });
});
