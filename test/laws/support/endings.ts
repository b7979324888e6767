import { expect, vi } from "vitest";
import {
  createSessions,
  type Directory,
  type SessionStore,
  type Sessions,
  type SilentStore,
  type Untyped,
} from "../../../src/index.ts";
import type { Browser } from "./browser.ts";
import { MINUTE } from "./clock.ts";
import type { World } from "./world.ts";
import { type Intercept, wrapped, yielding } from "./wrapped-store.ts";

/**
 * The same data, as a store has it that finds a user's sessions first and ends them one by one: as
 * Redis, files and MySQL do, and as PostgreSQL does where it waits for a lock.
 */
export function inSteps(store: SilentStore, intercept: Intercept): SilentStore {
  const { directory } = store;
  const endAll: Directory["endAll"] = async (user, end, call) => {
    const found = await intercept("list", () => directory.list(user, call));
    const ended = [];
    for (const { id, manager } of found) {
      if (id === end.except) continue;
      const { version, reason, endedAt, expiresAt } = end;
      const told = { version, reason, endedAt, expiresAt, next: undefined, notes: undefined };
      const stone = { kind: "ended", id, manager, ...told } as const;
      const { kind } = await intercept("end", () => store.end(stone, undefined, call));
      if (kind === "ended") ended.push(id);
    }
    return ended;
  };
  return delegating(store, { endAll });
}

export function delegating(store: SilentStore, changed: Partial<Directory>): SilentStore {
  const { directory, expiry } = store;
  return {
    profile: store.profile,
    load: (id, call) => store.load(id, call),
    create: (record, call) => store.create(record, call),
    update: (record, expected, call) => store.update(record, expected, call),
    end: (stone, expected, call) => store.end(stone, expected, call),
    touch: (id, seen, call) => store.touch(id, seen, call),
    directory: {
      generation: (user, call) => directory.generation(user, call),
      raiseGeneration: (user, call, keepUntil) => directory.raiseGeneration(user, call, keepUntil),
      list: (user, call) => directory.list(user, call),
      endAll: (user, end, call) => directory.endAll(user, end, call),
      scan: (page, call) => directory.scan(page, call),
      count: (manager, call) => directory.count(manager, call),
      ...changed,
    },
    expiry,
    close: async () => undefined,
  };
}

export async function isSignedIn(browser: Browser): Promise<boolean> {
  const answer = await browser.visit((session) => session.userId ?? null);
  return answer.status === 200 && answer.json !== null;
}

/** Also where its activity is written down, and the user's generation asked for. */
export async function staysSignedIn(world: World, browser: Browser): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    world.clock.move(4 * MINUTE);
    expect(await isSignedIn(browser)).toBe(true);
  }
}

/** A process whose every call takes some turns more than that of somebody near. */
export function far(world: World, turns: number): Sessions<Untyped> & { calls: number } {
  const slowly: Intercept = async (_operation, send) => {
    sessions.calls += 1;
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    return send();
  };
  const store = wrapped(inSteps(world.memory, slowly), slowly);
  const sessions = Object.assign(createSessions<Untyped>({ store, clock: world.clock }), {
    calls: 0,
  });
  return sessions;
}

/** Gives itself new tokens as fast as it can, until it is told to stop or is refused. */
export function thief(world: World, browser: Browser): { readonly stop: () => Promise<number> } {
  browser.sessions = createSessions<Untyped>({
    store: wrapped(world.memory, yielding),
    clock: world.clock,
  });
  let isStopped = false;
  let tokens = 0;
  const looping = (async () => {
    while (!isStopped) {
      const answer = await browser.visit(async (session) => {
        await session.regenerate();
        return session.isNew;
      });
      if (answer.status !== 200 || answer.json === true) break;
      tokens += 1;
    }
    return tokens;
  })();
  return {
    stop: () => {
      isStopped = true;
      return looping;
    },
  };
}

export async function afterTokens(browser: Browser, count = 5): Promise<void> {
  for (let token = 0; token < count; token += 1) {
    const before = browser.token;
    await vi.waitUntil(() => browser.token !== before, { interval: 0, timeout: 20_000 });
  }
}

/** Nothing of a user is found, as after a failover or an eviction. */
export function lossy(world: World): SessionStore {
  return delegating(world.memory, { list: async () => [], endAll: async () => [] });
}
