import { describe, expect, it } from "vitest";
import { createSessions, type Sessions, type Untyped } from "../../src/index.ts";
import type { Browser } from "./support/browser.ts";
import { MINUTE } from "./support/clock.ts";
import { afterTokens, far, isSignedIn, lossy, staysSignedIn, thief } from "./support/endings.ts";
import { everyInterleaving } from "./support/interleavings.ts";
import { World } from "./support/world.ts";
import { wrapped, yielding } from "./support/wrapped-store.ts";

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

  it("spares the session in every order of two clicks", async () => {
    const runs = await everyInterleaving(async (schedule) => {
      const world = new World();
      const browser = await world.signedIn("ada");
      const except = await world.idOf(browser);
      const clicks = ["one", "two"].map((name) => {
        const store = wrapped(world.memory, schedule.actor(name, "load", "mark", "list"));
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
