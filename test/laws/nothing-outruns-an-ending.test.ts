import { describe, expect, it } from "vitest";
import { createSessions, type Session, StoreError, type Untyped } from "../../src/index.ts";
import type { Browser } from "./support/browser.ts";
import { DAY, MINUTE } from "./support/clock.ts";
import {
  afterTokens,
  delegating,
  far,
  inSteps,
  isSignedIn,
  lossy,
  staysSignedIn,
  thief,
} from "./support/endings.ts";
import { everyInterleaving, type Schedule } from "./support/interleavings.ts";
import { gate, quiet, World } from "./support/world.ts";
import { type Intercept, wrapped } from "./support/wrapped-store.ts";

type Actor = (browser: Browser) => Promise<unknown>;

interface Race {
  readonly world: World;
  readonly browsers: Readonly<Record<string, Browser>>;
}

/** Actors that each have a process of their own, over a store that ends in steps. */
async function race(
  schedule: Schedule,
  world: World,
  actors: Readonly<Record<string, { readonly browser: Browser; readonly act: Actor }>>,
): Promise<Race> {
  const browsers: Record<string, Browser> = {};
  const running = Object.entries(actors).map(([name, { browser, act }]) => {
    const intercept = schedule.actor(name, "load", "mark");
    const store = wrapped(inSteps(world.memory, intercept), (operation, send) =>
      operation === "endAll" ? send() : intercept(operation, send),
    );
    const own = browser.copy(createSessions<Untyped>({ store, clock: world.clock }));
    browsers[name] = own;
    return act(own);
  });
  await schedule.run(running);
  await Promise.all(running);
  for (const own of Object.values(browsers)) own.sessions = world.sessions;
  return { world, browsers };
}

const regenerate: Actor = (browser) => browser.visit((session) => session.regenerate());
const revokeAll: Actor = (browser) => browser.sessions.revokeAll({ userId: "ada" });

describe("inside the steps of an endAll", () => {
  it("revokeAll leaves nothing of a session that is given a new token", async () => {
    const runs = await everyInterleaving(async (schedule) => {
      const world = new World();
      const browser = await world.signedIn("ada");
      const actors = { one: { browser, act: regenerate }, all: { browser, act: revokeAll } };
      const { browsers } = await race(schedule, world, actors);
      expect(await world.live()).toBe(0);
      expect(await isSignedIn(browsers["one"] as Browser)).toBe(false);
    });
    expect(runs).toBeGreaterThan(10);
  });

  it("revokeAll leaves nothing of a session that is given two", async () => {
    await everyInterleaving(async (schedule) => {
      const world = new World();
      const browser = await world.signedIn("ada");
      const twice: Actor = async (each) => {
        await regenerate(each);
        await regenerate(each);
      };
      const actors = { one: { browser, act: twice }, all: { browser, act: revokeAll } };
      await race(schedule, world, actors);
      expect(await world.live()).toBe(0);
    });
  });

  it("revokeAll leaves nothing of a session that the user signs in to again", async () => {
    await everyInterleaving(async (schedule) => {
      const world = new World();
      const browser = await world.signedIn("ada");
      let began = -1;
      const again: Actor = async (each) => {
        const { status } = await each.visit((session) => {
          began = schedule.trace.length;
          return session.signIn("ada");
        });
        return status;
      };
      const actors = { one: { browser, act: again }, all: { browser, act: revokeAll } };
      await race(schedule, world, actors);
      // A sign-in that reads the generation after it was raised is newer than the ending.
      const raised = schedule.trace.indexOf("all.raiseGeneration");
      const read = schedule.trace.indexOf("one.generation", began);
      if (read < raised) expect(await world.live()).toBe(0);
      else expect(await world.live()).toBeLessThanOrEqual(1);
    });
  });

  it("revokeAll spares the one that it is to spare, which is given a new token", async () => {
    await everyInterleaving(async (schedule) => {
      const world = new World();
      const [spared, other] = [await world.signedIn("ada"), await world.signedIn("ada")];
      const except = await world.idOf(spared);
      const actors = {
        one: { browser: spared, act: regenerate },
        all: {
          browser: spared,
          act: (each: Browser) => each.sessions.revokeAll({ userId: "ada", except }),
        },
      };
      const { browsers } = await race(schedule, world, actors);
      expect(await isSignedIn(browsers["one"] as Browser)).toBe(true);
      expect(await isSignedIn(other)).toBe(false);
      expect(await world.live()).toBe(1);
      await staysSignedIn(world, browsers["one"] as Browser);
    });
  });

  it("revokeAll spares the one that it is to spare, which signs in again", async () => {
    await everyInterleaving(async (schedule) => {
      const world = new World();
      const [spared, other] = [await world.signedIn("ada"), await world.signedIn("ada")];
      const except = await world.idOf(spared);
      const actors = {
        one: { browser: spared, act: (each: Browser) => each.visit((s) => s.signIn("ada")) },
        all: {
          browser: spared,
          act: (each: Browser) => each.sessions.revokeAll({ userId: "ada", except }),
        },
      };
      const { browsers } = await race(schedule, world, actors);
      expect(await isSignedIn(other)).toBe(false);
      await staysSignedIn(world, browsers["one"] as Browser);
    });
  });

  it("revokeAll loses nothing that the spared one writes meanwhile", async () => {
    await everyInterleaving(async (schedule) => {
      const world = new World();
      const spared = await world.signedIn("ada", { n: 1 });
      const except = await world.idOf(spared);
      const actors = {
        one: { browser: spared, act: (each: Browser) => each.visit((s) => s.set("n", 2)) },
        all: {
          browser: spared,
          act: (each: Browser) => each.sessions.revokeAll({ userId: "ada", except }),
        },
      };
      await race(schedule, world, actors);
      const { json } = await spared.visit((session) => [session.userId, session.get("n")]);
      expect(json).toEqual(["ada", 2]);
      await staysSignedIn(world, spared);
    });
  });
});

describe("somebody who gives themselves new tokens in a loop, from near by", () => {
  it.each([1, 5, 20, 200])(
    "is ended by a revokeAll whose calls take %i times as long [ASVS 7.4.2]",
    async (turns) => {
      const world = new World();
      const browser = await world.signedIn("ada");
      const loop = thief(world, browser);
      await afterTokens(browser);
      await far(world, turns).revokeAll({ userId: "ada" });
      expect(await world.live()).toBe(0);
      await loop.stop();
      expect(await isSignedIn(browser)).toBe(false);
    },
  );

  it.each([1, 5, 20, 200])(
    "is ended by a revoke whose calls take %i times as long",
    async (turns) => {
      const world = new World();
      const browser = await world.signedIn("ada");
      const loop = thief(world, browser);
      await afterTokens(browser);
      const [listed] = await world.sessions.list({ userId: "ada" });
      const sessions = far(world, turns);
      expect(await sessions.revoke(String(listed?.id), { userId: "ada" })).toBe(true);
      expect(sessions.calls).toBeLessThan(30);
      await loop.stop();
      expect(await world.live()).toBe(0);
      expect(await isSignedIn(browser)).toBe(false);
    },
  );

  it("is ended by a revoke of the id that it had long before, in as few calls", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const first = await world.idOf(browser);
    const loop = thief(world, browser);
    await afterTokens(browser, 100);
    const sessions = far(world, 5);
    expect(await sessions.revoke(first)).toBe(true);
    expect(sessions.calls).toBeLessThan(30);
    expect(await loop.stop()).toBeGreaterThanOrEqual(100);
    expect(await world.live()).toBe(0);
  });

  it("may be ended by a revoke that failed after it had told the family to stop", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const first = await world.idOf(browser);
    for (let token = 0; token < 4; token += 1) await regenerate(browser);
    world.switch.forget();
    // What is created by a revoke is the mark that stops the family.
    world.switch.behave = (_operation, send) =>
      world.switch.count("create") > 0 && world.switch.calls.at(-1) !== "create"
        ? Promise.reject(new StoreError("load", "failed", "it is away"))
        : send();
    await expect(world.sessions.revoke(first)).rejects.toMatchObject({ outcome: "unknown" });
    world.switch.behave = (_operation, send) => send();
    expect(await isSignedIn(browser)).toBe(true);
    expect((await browser.visit((session) => session.regenerate())).status).toBe(409);
    expect(world.told("revoked")).toHaveLength(1);
  });

  it("is told of once, by the process that ended it", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const first = await world.idOf(browser);
    for (let token = 0; token < 4; token += 1) await regenerate(browser);
    world.switch.forget();
    let isRefused = false;
    world.switch.behave = async (_operation, send) => {
      if (world.switch.count("create") > 0 && !isRefused) {
        isRefused = true;
        await send();
        expect((await browser.visit((session) => session.regenerate())).status).toBe(409);
      }
      return send();
    };
    expect(await world.sessions.revoke(first)).toBe(true);
    expect(isRefused).toBe(true);
    expect(world.told("revoked")).toHaveLength(1);
  });

  it("is ended though nobody has signed in", async () => {
    const world = new World();
    const browser = await world.returning();
    const first = await world.idOf(browser);
    const loop = thief(world, browser);
    await afterTokens(browser);
    expect(await far(world, 5).revoke(first)).toBe(true);
    await loop.stop();
    const { json } = await browser.visit((session) => session.get("seen") ?? null);
    expect(json).toBe(null);
  });

  it("is not ended by who may end another user's sessions alone", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const first = await world.idOf(browser);
    const loop = thief(world, browser);
    await afterTokens(browser);
    expect(await far(world, 5).revoke(first, { userId: "eve" })).toBe(false);
    await loop.stop();
    expect(await isSignedIn(browser)).toBe(true);
  });

  it("is spared by a revokeAll that is to spare it, and goes on [ASVS 7.4.3]", async () => {
    const world = new World();
    const [browser, other] = [await world.signedIn("ada"), await world.signedIn("ada")];
    const except = await world.idOf(browser);
    const loop = thief(world, browser);
    await afterTokens(browser);
    expect(await far(world, 5).revokeAll({ userId: "ada", except })).toBe(1);
    await afterTokens(browser);
    await loop.stop();
    expect(await isSignedIn(other)).toBe(false);
    await staysSignedIn(world, browser);
  });

  it("is spared by two of them at the same time, as two clicks on the button are", async () => {
    const world = new World();
    const [browser, other] = [await world.signedIn("ada"), await world.signedIn("ada")];
    const except = await world.idOf(browser);
    const loop = thief(world, browser);
    await afterTokens(browser);
    const clicks = [far(world, 3), far(world, 4)];
    await Promise.all(clicks.map((each) => each.revokeAll({ userId: "ada", except })));
    await loop.stop();
    expect(await isSignedIn(other)).toBe(false);
    await staysSignedIn(world, browser);
  });

  it("is not spared by a revokeAll that comes after the one that spared it", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const except = await world.idOf(browser);
    const loop = thief(world, browser);
    await afterTokens(browser);
    await far(world, 3).revokeAll({ userId: "ada", except });
    world.clock.move(1);
    await far(world, 3).revokeAll({ userId: "ada" });
    await loop.stop();
    expect(await world.live()).toBe(0);
    expect(await isSignedIn(browser)).toBe(false);
  });
});

describe("a session that a revokeAll has spared", () => {
  it("stays though it is not used until nobody remembers the revokeAll", async () => {
    const world = new World();
    const [spared, other] = [await world.signedIn("ada"), await world.signedIn("ada")];
    const except = await world.idOf(spared);
    expect(await world.sessions.revokeAll({ userId: "ada", except })).toBe(1);
    world.clock.move(25 * MINUTE);
    expect(await isSignedIn(spared)).toBe(true);
    expect(await isSignedIn(other)).toBe(false);
  });

  it("may be named by the id that it had before it was given a new token", async () => {
    const world = new World();
    const [spared, other] = [await world.signedIn("ada"), await world.signedIn("ada")];
    const except = await world.idOf(spared);
    await regenerate(spared);
    expect(await world.sessions.revokeAll({ userId: "ada", except })).toBe(1);
    world.clock.move(25 * MINUTE);
    expect(await isSignedIn(spared)).toBe(true);
    expect(await isSignedIn(other)).toBe(false);
  });

  it("may be named by the id of the anonymous one that the user signed in from", async () => {
    const world = new World();
    const [spared, other] = [await world.returning(), await world.signedIn("ada")];
    const except = await world.idOf(spared);
    await spared.visit((session) => session.signIn("ada"));
    expect(await world.sessions.revokeAll({ userId: "ada", except })).toBe(1);
    expect(await isSignedIn(spared)).toBe(true);
    expect(await isSignedIn(other)).toBe(false);
  });

  it("is the user's own: another user's is not spared from anything", async () => {
    const world = new World();
    const eve = await world.signedIn("eve");
    const other = await world.signedIn("ada");
    const except = await world.idOf(eve);
    expect(await world.sessions.revokeAll({ userId: "ada", except })).toBe(1);
    const store = delegating(world.memory, { list: async () => [], endAll: async () => [] });
    const sessions = createSessions<Untyped>({ store, clock: world.clock });
    await sessions.revokeAll({ userId: "eve" });
    eve.sessions = sessions;
    expect((await eve.visit((session) => session.regenerate())).status).toBe(409);
    expect(await isSignedIn(other)).toBe(false);
  });

  it("leaves who signs in after it in peace", async () => {
    const world = new World();
    const spared = await world.signedIn("ada");
    const except = await world.idOf(spared);
    await world.sessions.revokeAll({ userId: "ada", except });
    const later = await world.signedIn("ada");
    await staysSignedIn(world, later);
    await staysSignedIn(world, spared);
  });
});

describe("a generation that an earlier release has counted", () => {
  async function upgraded() {
    const world = new World();
    const browser = await world.signedIn("ada");
    const { directory } = world.memory;
    const counted = delegating(world.memory, {
      generation: async (user, call) => (await directory.generation(user, call)) || 3,
    });
    browser.sessions = createSessions<Untyped>({ store: counted, clock: world.clock });
    return { world, browser };
  }

  it("ends no session of that time", async () => {
    const { world, browser } = await upgraded();
    await staysSignedIn(world, browser);
    expect((await browser.visit((session) => session.regenerate())).status).toBe(200);
    expect((await browser.visit((session) => session.signIn("ada"))).status).toBe(200);
    await staysSignedIn(world, browser);
  });

  it("is followed by one that does", async () => {
    const { world, browser } = await upgraded();
    const sessions = createSessions<Untyped>({ store: lossy(world), clock: world.clock });
    await sessions.revokeAll({ userId: "ada" });
    world.clock.move(4 * MINUTE);
    expect(await isSignedIn(browser)).toBe(false);
  });
});

describe("an index that has lost a session", () => {
  async function missed(options: Record<string, unknown> = {}) {
    const world = new World();
    const browser = await world.signedIn("ada");
    const sessions = createSessions<Untyped>({
      store: lossy(world),
      clock: world.clock,
      ...options,
    });
    browser.sessions = sessions;
    expect(await sessions.revokeAll({ userId: "ada" })).toBe(0);
    return { world, browser, sessions };
  }

  it("keeps it until its next touch, and no longer", async () => {
    const { world, browser } = await missed();
    expect(await isSignedIn(browser)).toBe(true);
    world.clock.move(3 * MINUTE);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await world.live()).toBe(0);
  });

  it("keeps one that every request writes to no longer", async () => {
    const { world, browser } = await missed();
    const write = () => browser.visit((session) => session.set("at", world.clock.now()));
    for (let minutes = 0; minutes < 2; minutes += 1) {
      world.clock.move(MINUTE);
      expect((await write()).status).toBe(200);
    }
    world.clock.move(MINUTE);
    expect((await write()).status).toBe(409);
    expect(await world.live()).toBe(0);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it.each([
    ["reads", () => undefined],
    ["writes", (session: Session<Untyped>) => session.set("at", 1)],
  ])("keeps one no longer whose requests take their time: one that %s", async (_, act) => {
    const { world, browser } = await missed();
    world.clock.move(2 * MINUTE);
    await browser.visit((session) => {
      world.clock.move(MINUTE);
      act(session);
    });
    expect(await world.live()).toBe(0);
  });

  it("keeps one that is spared, and writes all the time", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const except = await world.idOf(browser);
    await world.sessions.revokeAll({ userId: "ada", except });
    for (let minutes = 0; minutes < 7; minutes += 1) {
      world.clock.move(MINUTE);
      const answer = await browser.visit((session) => session.set("at", minutes));
      expect(answer.status).toBe(200);
    }
    expect(await isSignedIn(browser)).toBe(true);
  });

  it("is asked about once by a request that opens it when a touch is due, and writes", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    world.clock.move(4 * MINUTE);
    world.switch.forget();
    await browser.visit((session) => session.set("at", 1));
    expect(world.switch.calls).toEqual(["load", "generation", "update"]);
  });

  it("is told of by a rejection, and by the session's end", async () => {
    const { world, browser, sessions } = await missed();
    const told: string[] = [];
    sessions.on("rejected", ({ reason }) => void told.push(reason));
    sessions.on("revoked", ({ userId }) => void told.push(String(userId)));
    world.clock.move(3 * MINUTE);
    await isSignedIn(browser);
    expect(told).toEqual(["ada", "revoked"]);
  });

  it("gives it no new token either, and ends it where it asks for one", async () => {
    const { world, browser } = await missed();
    expect((await browser.visit((session) => session.regenerate())).status).toBe(409);
    expect(await world.live()).toBe(0);
  });

  it("does not touch who signs in afterwards", async () => {
    const { world, sessions } = await missed();
    const later = world.browser().copy(sessions);
    world.clock.move(1);
    await later.visit((session) => session.signIn("ada"));
    await staysSignedIn(world, later);
  });

  it("keeps one signed in whom a directory without an answer cannot judge", async () => {
    const { world, browser } = await missed();
    const mute = delegating(world.memory, {
      generation: () => Promise.reject(new Error("the directory is away")),
    });
    browser.sessions = createSessions<Untyped>({ store: mute, clock: world.clock });
    world.clock.move(3 * MINUTE);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it("is healed of what it forgot for as long as the longest session lives", async () => {
    const { world, browser } = await missed({ persistent: { absoluteTimeout: "400d" } });
    world.clock.move(MINUTE);
    const user = { manager: "session", userId: "ada" };
    const at = (ms: number) => ({
      now: world.clock.now() + ms,
      signal: new AbortController().signal,
    });
    expect(await world.memory.directory.generation(user, at(400 * DAY))).toBeGreaterThan(0);
    expect(await world.memory.directory.generation(user, at(402 * DAY))).toBe(0);
    expect(await isSignedIn(browser)).toBe(true);
  });
});

describe("a new token whose old one ended in an outage", () => {
  /** The answer to the end is lost, and so is that to the question what became of it. */
  async function unsettled(
    meanwhile: (world: World, id: string) => Promise<unknown>,
    act = (session: Session<Untyped>) => session.regenerate(),
  ) {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1 });
    const old = browser.copy();
    const id = await world.idOf(browser);
    const created = gate();
    const revoked = gate();
    let isAway = false;
    const intercept: Intercept = async (operation, send) => {
      if (operation === "end" && !isAway) {
        created.open();
        await revoked.passed;
        isAway = true;
      }
      if (isAway) throw new Error("the store is away");
      return send();
    };
    browser.sessions = createSessions<Untyped>({
      store: wrapped(world.memory, intercept),
      clock: world.clock,
    });
    const answer = browser.visit(act);
    await created.passed;
    await meanwhile(world, id);
    revoked.open();
    expect(await answer).toMatchObject({ status: 503, cookies: [expect.any(String)] });
    browser.sessions = world.sessions;
    return { world, browser, old };
  }

  it("is dead where the old one was revoked", async () => {
    const { world, browser } = await unsettled(async (world, id) => {
      expect(await world.sessions.revoke(id)).toBe(true);
    });
    expect(await isSignedIn(browser)).toBe(false);
    expect(await world.live()).toBe(0);
  });

  it("is nothing that read() would show then", async () => {
    const { browser } = await unsettled((world, id) => world.sessions.revoke(id));
    const headers = new Headers({ cookie: `__Host-Http-session=${browser.token}` });
    expect(await browser.sessions.read(headers)).toBe(undefined);
  });

  it("is the visitor's where nobody has ended the old one, which ends now", async () => {
    const { world, browser, old } = await unsettled(quiet);
    const { json } = await browser.visit((session) => [session.userId, session.get("n")]);
    expect(json).toEqual(["ada", 1]);
    expect(await isSignedIn(old)).toBe(false);
    expect(await world.live()).toBe(1);
    await staysSignedIn(world, browser);
  });

  it("is another user's who signed in, whoever ended the first one's session", async () => {
    const { world, browser } = await unsettled(
      (each, id) => each.sessions.revoke(id),
      (session) => session.signIn("eve"),
    );
    expect((await browser.visit((session) => session.userId ?? null)).json).toBe("eve");
    await staysSignedIn(world, browser);
  });

  it("is the visitor's for good where their next visit is due for a touch as well", async () => {
    const { world, browser } = await unsettled(quiet);
    await staysSignedIn(world, browser);
  });

  it("asks for the old one once, and not at each request", async () => {
    const { world, browser } = await unsettled(quiet);
    await isSignedIn(browser);
    world.switch.forget();
    await isSignedIn(browser);
    expect(world.switch.calls).toEqual(["load"]);
  });
});

describe("processes whose clocks are eight minutes apart", () => {
  const apart = [
    ["behind", -8 * MINUTE],
    ["ahead", 8 * MINUTE],
  ] as const;

  it.each(apart)("are reached by a revoke where the session's is %s", async (_, ms) => {
    const { world, browser, first } = await elsewhere(ms);
    await browser.visit((session) => session.regenerate());
    expect(await world.sessions.revoke(first)).toBe(true);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await world.live()).toBe(0);
  });

  it.each(apart)(
    "give no more tokens to whom a revoke pursues where theirs is %s",
    async (_, ms) => {
      const { world, browser, first } = await elsewhere(ms);
      for (let tokens = 0; tokens < 20; tokens += 1) {
        await browser.visit((session) => session.regenerate());
      }
      const copy = browser.copy();
      expect(await world.sessions.revoke(first)).toBe(true);
      expect((await copy.visit((session) => session.userId ?? null)).json).toBe(null);
      expect(await world.live()).toBe(0);
    },
  );

  it.each(apart)("spare whom a revokeAll is to spare where theirs is %s", async (_, ms) => {
    const { world, browser, first } = await elsewhere(ms);
    const other = await world.signedIn("ada");
    expect(await world.sessions.revokeAll({ userId: "ada", except: first })).toBe(1);
    await browser.visit((session) => session.regenerate());
    expect(await isSignedIn(browser)).toBe(true);
    expect(await isSignedIn(other)).toBe(false);
  });

  async function elsewhere(ms: number) {
    const world = new World();
    const clock = { now: () => world.clock.now() + ms };
    const browser = await world.signedIn("ada");
    const first = await world.idOf(browser);
    browser.sessions = world.process({ clock });
    return { world, browser, first };
  }
});
