import { describe, expect, it } from "vitest";
import { createSessions, type Sessions, type Untyped } from "../../src/index.ts";
import type { Browser } from "./support/browser.ts";
import { MINUTE } from "./support/clock.ts";
import {
  afterTokens,
  far,
  inSteps,
  isSignedIn,
  lossy,
  staysSignedIn,
  thief,
} from "./support/endings.ts";
import { everyInterleaving } from "./support/interleavings.ts";
import { gate, World } from "./support/world.ts";
import { type Operation, wrapped, yielding } from "./support/wrapped-store.ts";

/** Signs the user out everywhere but in one session, again and again, as several clicks do. */
function sparing(world: World, except: string, clicks = 3): { readonly stop: () => Promise<void> } {
  const sessions: Sessions<Untyped> = createSessions<Untyped>({
    store: wrapped(world.memory, yielding),
    clock: world.clock,
  });
  let isStopped = false;
  const looping = Array.from({ length: clicks }, async () => {
    while (!isStopped) {
      await sessions.revokeAll({ userId: "ada", except }).catch(() => undefined);
      await new Promise(setImmediate);
    }
  });
  return {
    stop: async () => {
      isStopped = true;
      await Promise.all(looping);
    },
  };
}

/** Somebody who gives their session new tokens, and spares it, both in a loop. */
async function holdingOn(world: World): Promise<{
  readonly browser: Browser;
  readonly first: string;
  readonly stop: () => Promise<void>;
}> {
  const browser = await world.signedIn("ada");
  const first = await world.idOf(browser);
  const loop = thief(world, browser);
  await afterTokens(browser);
  const clicks = sparing(world, first);
  await afterTokens(browser);
  const stop = async (): Promise<void> => {
    await clicks.stop();
    await loop.stop();
  };
  return { browser, first, stop };
}

describe("somebody who spares their own session in a loop, from near by", () => {
  it.each([20, 100])("is ended by a revoke whose calls take %i times as long", async (turns) => {
    const world = new World();
    const { browser, first, stop } = await holdingOn(world);
    const sessions = far(world, turns);
    expect(await sessions.revoke(first, { userId: "ada" })).toBe(true);
    expect(sessions.calls).toBeLessThan(60);
    await stop();
    expect(await isSignedIn(browser)).toBe(false);
    expect(await world.live()).toBe(0);
  });

  it.each([20, 100])("is ended by a revokeAll whose calls take %i times as long", async (turns) => {
    const world = new World();
    const { browser, stop } = await holdingOn(world);
    await far(world, turns).revokeAll({ userId: "ada" });
    await stop();
    expect(await isSignedIn(browser)).toBe(false);
    expect(await world.live()).toBe(0);
  });
});

/** A process that stops before the first call of one kind, until it is told to go on. */
function stopping(world: World, at: Operation) {
  const [reached, go] = [gate(), gate()];
  const intercept = async <T>(operation: Operation, send: () => Promise<T>): Promise<T> => {
    if (operation === at) {
      reached.open();
      await go.passed;
    }
    return send();
  };
  const store = wrapped(inSteps(world.memory, intercept), intercept);
  return { sessions: createSessions<Untyped>({ store, clock: world.clock }), reached, go };
}

describe("two endings, the second of which is to spare what the first one is for", () => {
  /** The second has begun before the first, raises the generation after it, and is done before it. */
  async function overtaken(others: (world: World) => Promise<string | undefined>) {
    const world = new World();
    const browser = await world.signedIn("ada");
    const [first, second] = [stopping(world, "end"), stopping(world, "raiseGeneration")];
    const told: string[] = [];
    first.sessions.on("revoked", ({ id }) => void told.push(id));
    const held = await world.idOf(browser);
    const except = await others(world);
    const sparing = second.sessions.revokeAll({ userId: "ada", except: held });
    await second.reached.passed;
    const ending = first.sessions.revokeAll({ userId: "ada", ...(except && { except }) });
    await first.reached.passed;
    second.go.open();
    await sparing;
    const { status } = await browser.visit((session) => session.regenerate());
    expect(status).toBe(200);
    first.go.open();
    expect(await ending).toBe(1);
    expect(told).toHaveLength(1);
    return { world, browser };
  }

  it("leave nothing of it, though it is given a new token", async () => {
    const { world, browser } = await overtaken(async () => undefined);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await world.live()).toBe(0);
  });

  it("leave nothing of either, where each was to spare another one", async () => {
    const { world, browser } = await overtaken(async (each) =>
      each.idOf(await each.signedIn("ada")),
    );
    expect(await isSignedIn(browser)).toBe(false);
    expect(await world.live()).toBe(0);
  });
});

describe("a revokeAll with an exception", () => {
  it("brings nothing back that an earlier one was for, and missed", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const sessions = createSessions<Untyped>({ store: lossy(world), clock: world.clock });
    await sessions.revokeAll({ userId: "ada" });
    await sessions.revokeAll({ userId: "ada", except: await world.idOf(browser) });
    world.clock.move(4 * MINUTE);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it("leaves who signs in meanwhile in peace", async () => {
    const world = new World();
    const [browser, later] = [await world.signedIn("ada"), world.browser()];
    const { sessions, reached, go } = stopping(world, "list");
    const ending = sessions.revokeAll({ userId: "ada", except: await world.idOf(browser) });
    await reached.passed;
    await later.visit((session) => session.signIn("ada"));
    go.open();
    expect(await ending).toBe(0);
    await staysSignedIn(world, later);
    await staysSignedIn(world, browser);
  });

  it("spares from itself alone, and not from one that comes after", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    await world.sessions.revokeAll({ userId: "ada", except: await world.idOf(browser) });
    world.clock.move(1);
    const sessions = createSessions<Untyped>({ store: lossy(world), clock: world.clock });
    await sessions.revokeAll({ userId: "ada" });
    expect((await browser.visit((session) => session.regenerate())).status).toBe(409);
    expect(await world.live()).toBe(0);
  });

  it("spares one that is named by an id which it had many tokens before", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const except = await world.idOf(browser);
    for (let token = 0; token < 40; token += 1) await browser.visit((one) => one.regenerate());
    await world.sessions.revokeAll({ userId: "ada", except });
    world.clock.move(25 * MINUTE);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it.each([20, 200])("goes after one that is given new tokens %i times as fast", async (turns) => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const except = await world.idOf(browser);
    const loop = thief(world, browser);
    await afterTokens(browser, 40);
    const sessions = far(world, turns);
    await sessions.revokeAll({ userId: "ada", except });
    expect(sessions.calls).toBeLessThan(40);
    await loop.stop();
    world.clock.move(25 * MINUTE);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it("spares the session in every order of two clicks", async () => {
    const runs = await everyInterleaving(async (schedule) => {
      const world = new World();
      const browser = await world.signedIn("ada");
      const except = await world.idOf(browser);
      const clicks = ["one", "two"].map((name) => {
        const intercept = schedule.actor(name, "load", "mark", "list");
        let hasRaised = false;
        const store = wrapped(world.memory, (operation, send) => {
          hasRaised ||= operation === "raiseGeneration";
          const isLate = hasRaised && operation === "generation";
          return isLate ? send() : intercept(operation, send);
        });
        const sessions = createSessions<Untyped>({ store, clock: world.clock });
        return sessions.revokeAll({ userId: "ada", except });
      });
      await schedule.run(clicks);
      await Promise.all(clicks);
      await staysSignedIn(world, browser);
    });
    expect(runs).toBeGreaterThan(100);
  });
});
