import { describe, expect, it, vi } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import { createSessions, type Sessions, type Untyped } from "../../src/index.ts";
import { CookieWorld } from "../cookies/support/cookie-world.ts";
import type { Browser } from "./support/browser.ts";
import { MINUTE } from "./support/clock.ts";
import { type Intercept, wrapped, yielding } from "./support/wrapped-store.ts";

/** A process that asks the store of revocations in its own time. */
function processOf(
  { ended, clock, keys }: CookieWorld,
  intercept: Intercept,
  maxStaleness?: "1m",
): Sessions<Untyped> {
  const store = cookieStore({ revocations: wrapped(ended, intercept), maxStaleness });
  return createSessions<Untyped>({ store, clock, keys });
}

/** Every call takes some turns more than that of somebody near. */
function slowly(turns: number): Intercept {
  return async (_operation, send) => {
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    return send();
  };
}

interface Thief {
  readonly kept: Browser[];
  begin(): void;
  stop(): Promise<void>;
}

/** Gives itself new cookies as fast as it can, and keeps each of them, until it is refused. */
function thief(browser: Browser): Thief {
  const kept = [browser.copy()];
  let isStopped = false;
  let looping = Promise.resolve();
  const loop = async (): Promise<void> => {
    while (!isStopped) {
      const answer = await browser.visit(async (session) => {
        await session.regenerate();
        return session.isNew;
      });
      if (answer.status !== 200 || answer.json === true) break;
      kept.push(browser.copy());
    }
  };
  const begin = (): void => {
    looping = loop();
  };
  const stop = async (): Promise<void> => {
    isStopped = true;
    await looping;
    kept.push(browser.copy());
  };
  return { kept, begin, stop };
}

async function userOf(browser: Browser): Promise<unknown> {
  return (await browser.visit((session) => session.userId ?? null)).json;
}

/** In every process, with every cookie that there ever was. */
async function expectAllDead(world: CookieWorld, cookies: readonly Browser[]): Promise<void> {
  for (const sessions of [world.sessions, world.process()]) {
    const alive = await Promise.all(cookies.map((each) => userOf(each.copy(sessions))));
    expect(alive.filter((user) => user !== null)).toEqual([]);
  }
}

describe("somebody who gives themselves new cookies in a loop, from near by", () => {
  it.each([1, 5, 20])(
    "is ended by a revokeAll whose calls take %i times as long",
    async (turns) => {
      const world = new CookieWorld();
      const browser = await world.signedIn("ada");
      const loop = thief(browser.copy(processOf(world, yielding)));
      loop.begin();
      await vi.waitUntil(() => loop.kept.length > 5, { interval: 0, timeout: 20_000 });
      await processOf(world, slowly(turns)).revokeAll({ userId: "ada" });
      await expectAllDead(world, [browser, ...loop.kept]);
      await loop.stop();
      await expectAllDead(world, [browser, ...loop.kept]);
    },
  );

  it.each([1, 5, 20])("is ended by a revoke whose calls take %i times as long", async (turns) => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada");
    const id = String((await browser.visit((session) => session.id)).json);
    const loop = thief(browser.copy(processOf(world, yielding)));
    loop.begin();
    await vi.waitUntil(() => loop.kept.length > 5, { interval: 0, timeout: 20_000 });
    const sessions = processOf(world, slowly(turns));
    expect(await sessions.revoke(id, { userId: "ada" })).toBe(true);
    await loop.stop();
    await expectAllDead(world, [browser, ...loop.kept]);
  });

  it("is ended by a revoke of the id that it had long before, in few calls", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada");
    const first = String((await browser.visit((session) => session.id)).json);
    for (let token = 0; token < 100; token += 1) {
      if (token === 50) world.clock.move(20 * MINUTE);
      await browser.visit((session) => session.regenerate());
    }
    world.clock.move(20 * MINUTE);
    let calls = 0;
    const sessions = processOf(world, (_operation, send) => {
      calls += 1;
      return send();
    });
    expect(await sessions.revoke(first, { userId: "ada" })).toBe(true);
    expect(calls).toBeLessThan(40);
    await expectAllDead(world, [browser]);
  });

  it.each([
    [1, 1],
    [5, 5],
    [5, 50],
    [20, 5],
  ])(
    "is ended by a sign-out that takes %i times as long, %i cookies later",
    async (turns, tokens) => {
      const world = new CookieWorld();
      const browser = await world.signedIn("ada");
      const owner = browser.copy(processOf(world, slowly(turns)));
      const loop = thief(browser.copy(processOf(world, yielding)));
      await owner.visit(async (session) => {
        loop.begin();
        await vi.waitUntil(() => loop.kept.length > tokens, { interval: 0, timeout: 20_000 });
        await session.signOut();
      });
      await loop.stop();
      await expectAllDead(world, [browser, ...loop.kept]);
    },
  );

  it("is ended within maxStaleness where the answers of the store are kept so long", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada");
    const near = processOf(world, yielding, "1m");
    const loop = thief(browser.copy(near));
    loop.begin();
    await vi.waitUntil(() => loop.kept.length > 5, { interval: 0, timeout: 20_000 });
    await processOf(world, slowly(5)).revokeAll({ userId: "ada" });
    await expectAllDead(world, [browser, ...loop.kept]);
    await loop.stop();
    world.clock.move(MINUTE);
    for (const each of loop.kept) expect(await userOf(each.copy(near))).toBeNull();
    await expectAllDead(world, loop.kept);
  });
});

describe("a new cookie whose old one ended in an outage", () => {
  it("ends where the old one was revoked, and is told to have", async () => {
    const world = new CookieWorld();
    const browser = await world.signedIn("ada");
    const { json: id } = await browser.copy().visit((session) => session.id);
    let isAway = false;
    browser.sessions = processOf(world, async (operation, send) => {
      if (operation === "create" && !isAway) {
        await world.sessions.revoke(String(id), { userId: "ada" });
        isAway = true;
      }
      if (isAway) throw new Error("the store is away");
      return send();
    });
    const answer = await browser.visit((session) => session.regenerate());
    expect(answer).toMatchObject({ status: 503, cookies: [expect.any(String)] });
    browser.sessions = world.sessions;
    world.heard.length = 0;
    expect(await userOf(browser)).toBe(null);
    const told = world.heard.filter(({ name }) => name === "revoked" || name === "rejected");
    expect(told.map(({ name }) => name)).toEqual(["revoked", "rejected"]);
  });
});
