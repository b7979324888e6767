import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import fc from "fast-check";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import { OptionsError } from "../../src/core/errors.ts";
import type { SessionFacts, SessionRecord } from "../../src/core/record.ts";
import type { EndOutcome } from "../../src/core/store.ts";
import { newToken, sessionId } from "../../src/core/token.ts";
import { createSessions, type Session, type Sessions, type Untyped } from "../../src/index.ts";
import { type RedisSessionStore, redisStore } from "../../src/stores/redis/index.ts";
import { keysUnder } from "../../src/stores/redis/keys.ts";
import {
  factsOf,
  freshCommit,
  freshId,
  recordAt,
  successorOf,
  tombstoneAt,
} from "../../src/testing/store/fixtures.ts";
import { describeStore } from "../../src/testing/store.ts";
import { startProxy } from "../support/servers/proxy.ts";
import { ask, eventually, startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import { play, RUNS } from "./support/model.ts";
import { connectPool, type OpenClient, openOn, SINGLE, swept } from "./support/redis-clients.ts";
import { request } from "./support/redis-load.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startRedis(["--repl-diskless-sync-delay", "0"]);
});
afterAll(() => server?.stop());

const runner = { describe, it };
for (const [name, connect] of [...SINGLE, ["a pool of redis", connectPool] as const]) {
  const open = openOn(() => server, connect);
  describeStore(`Redis, by ${name}`, open, { runner });
}

const manager = "shop";
const MINUTE_MS = 60_000;
const KEYS = keysUnder("sojourn:", "");
const ALICE = { manager, userId: "alice" };
const INDEX = KEYS.index(ALICE);
const now = Date.now();
const quiet = (): void => undefined;
const call = { now, signal: new AbortController().signal };

describe.each(SINGLE)("the Redis store, by %s", (_, connect) => {
  let application: OpenClient;
  let store: RedisSessionStore;
  beforeEach(async () => {
    await ask(server.port, "flushall");
    application = await connect(server.port);
    store = redisStore(application.client);
  });
  afterEach(async () => {
    await store.close();
    application.end();
  });

  it("answers like a plain Map, whatever the run of operations", async () => {
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const fresh = redisStore(application.client, { prefix: `${freshId(manager)}:` });
        const answers = await play(swept(fresh), run);
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 25 },
    );
  });

  it("works on after SCRIPT FLUSH", async () => {
    const record = recordAt(now, { manager, userId: "alice" });
    await store.create(record, call);
    await ask(server.port, "script", "flush");
    const next = successorOf(record);
    expect(await store.update(next, record.version, call)).toEqual({ kind: "updated" });
    await ask(server.port, "script", "flush");
    const seen = { lastSeenAt: now + 1, expiresAt: record.expiresAt + 1 };
    expect(await store.touch(record.id, seen, call)).toBe(true);
    await ask(server.port, "script", "flush");
    const outcome = await store.end(tombstoneAt(now, record), undefined, call);
    expect(outcome).toEqual({ kind: "ended" });
  });

  it("loads in one command, and writes an anonymous session in one", async () => {
    const record = recordAt(now, { manager });
    await store.create(record, call);
    // So that the server knows the scripts.
    const absent = { ...record, id: freshId(manager) };
    await store.update(absent, record.version, call);
    await store.touch(absent.id, absent, call);
    await store.end(tombstoneAt(now, absent), undefined, call);
    const commands = async (work: () => Promise<unknown>): Promise<readonly number[]> => {
      const before = await callsOf(server);
      await work();
      const after = await callsOf(server);
      return after.map((calls, place) => calls - (before[place] ?? 0));
    };
    const next = successorOf(record);
    const oneScript = [expect.any(Number), 1];
    expect(await commands(() => store.load(record.id, call))).toEqual([1, 0]);
    expect(await commands(() => store.update(next, record.version, call))).toEqual(oneScript);
    expect(await commands(() => store.touch(record.id, record, call))).toEqual(oneScript);
    const tombstone = tombstoneAt(now, record);
    expect(await commands(() => store.end(tombstone, undefined, call))).toEqual(oneScript);
  });

  it("lets the server forget, a minute after the end at the earliest", async () => {
    const record = recordAt(now, { manager, expiresAt: now + 5 * MINUTE_MS });
    await store.create(record, call);
    const ttl = async (): Promise<number> =>
      Number(await ask(server.port, "pttl", `sojourn:${record.id}`)) / MINUTE_MS;
    expect(await ttl()).toBeCloseTo(6, 0);
    const seen = { lastSeenAt: now, expiresAt: now + 20 * MINUTE_MS };
    await store.touch(record.id, seen, call);
    expect(await ttl()).toBeCloseTo(21, 0);
    const less = successorOf(record, { expiresAt: now + 2 * MINUTE_MS });
    await store.update(less, record.version, call);
    expect(await ttl()).toBeCloseTo(3, 0);
    const tombstone = tombstoneAt(now, record, { expiresAt: now + 9 * MINUTE_MS });
    await store.end(tombstone, undefined, call);
    expect(await ttl()).toBeCloseTo(10, 0);
  });

  it.each([
    ["had no line for notes", undefined, ""],
    ["had an empty line for notes", undefined, "\n"],
    ["had notes", '{"g":1}', '{"g":1}\n'],
  ])("goes on with a session of an earlier release that %s", async (_, notes, notesLine) => {
    const facts = { userId: "alice", device: "Firefox", flash: "[1]", data: '{"n":1}', notes };
    const times = { authenticatedAt: now - 5, persistent: true, idleTimeoutMs: 1_500 };
    const record = recordAt(now, { manager, ...facts, ...times, earlier: "12345678" });
    const text = earlierText(record, notesLine);
    await store.create(record, call);
    await ask(server.port, "set", `sojourn:${record.id}`, text);
    expect(await store.load(record.id, call)).toEqual(record);
    expect(await store.directory.list(ALICE, call)).toEqual([factsOf(record)]);
    const page = { manager, after: undefined, limit: 5 };
    expect(await store.directory.scan(page, call)).toEqual([record]);
    expect(await store.directory.count(manager, call)).toBe(1);
    const seen = { lastSeenAt: now + 1, expiresAt: record.expiresAt + 1 };
    expect(await store.touch(record.id, seen, call)).toBe(true);
    const touched = { ...record, ...seen };
    expect(await store.load(record.id, call)).toEqual(touched);
    const next = successorOf(touched, { notes: '{"g":2}' });
    expect(await store.update(next, record.version, call)).toEqual({ kind: "updated" });
    expect(await store.load(record.id, call)).toEqual(next);
    await ask(server.port, "set", `sojourn:${record.id}`, text);
    const end = { except: undefined, version: freshCommit(), reason: "revoked" } as const;
    const ending = { ...end, endedAt: now, expiresAt: now + MINUTE_MS };
    expect(await store.directory.endAll(ALICE, ending, call)).toEqual([record.id]);
  });

  it("notes what ends a session of an earlier release though memory is full", async () => {
    const facts = { userId: "alice", device: "Firefox", data: '{"n":1}', notes: '{"g":1}' };
    const times = { authenticatedAt: now, persistent: true, idleTimeoutMs: 1_500 };
    const record = recordAt(now, { manager, ...facts, ...times, earlier: "12345678" });
    const text = earlierText(record, '{"g":1}\n');
    await ask(server.port, "set", `sojourn:${record.id}`, text);
    const noted = successorOf(record, { notes: '{"g":2}' });
    const changed = successorOf(noted, { data: '{"n":2}' });
    await ask(server.port, "config", "set", "maxmemory", "1");
    try {
      expect(await store.update(noted, record.version, call)).toEqual({ kind: "updated" });
      await expect(store.update(changed, noted.version, call)).rejects.toThrow();
    } finally {
      await ask(server.port, "config", "set", "maxmemory", "0");
    }
    expect(await store.load(record.id, call)).toEqual(noted);
  });

  it("keeps no token, and nothing of what a session was once it has ended", async () => {
    const token = newToken(pooledRandom());
    const texts = { data: '{"private":1}', flash: "[1]", userId: "alice", device: "Firefox" };
    const record = recordAt(now, { manager, id: sessionId(token, manager), ...texts });
    await store.create(record, call);
    await store.end(tombstoneAt(now, record), undefined, call);
    const left = await ask(server.port, "get", `sojourn:${record.id}`);
    for (const secret of [token, "private", "alice", "Firefox"]) expect(left).not.toContain(secret);
    await eventually(async () => (await ask(server.port, "keys", "*")) === `sojourn:${record.id}`);
  });

  it("keeps a session's text whole, whatever is in it", async () => {
    const odd = "a\\n\n\\\\e\\e ü 👩‍👩‍👧 \ufeff";
    const record = recordAt(now, {
      ...{ manager: odd, userId: odd, device: odd, flash: odd, data: odd.repeat(40_000) },
      ...{ earlier: "12345678 abcdefgh", authenticatedAt: 1, persistent: true },
    });
    await store.create(record, call);
    expect(await store.load(record.id, call)).toEqual(record);
    const empty = successorOf(record, { userId: undefined, device: "", flash: "" });
    await store.update(empty, record.version, call);
    expect(await store.load(record.id, call)).toEqual(empty);
  });

  it("lists sessions without reading what is in them", async () => {
    const data = JSON.stringify({ text: "x".repeat(200_000) });
    const records = Array.from({ length: 20 }, () =>
      recordAt(now, { ...ALICE, data, flash: "[1]", device: "Firefox" }),
    );
    for (const record of records) await store.create(record, call);
    const before = await sentBy(server);
    const listed = await store.directory.list(ALICE, call);
    expect((await sentBy(server)) - before).toBeLessThan(30_000);
    expect(byId(listed)).toStrictEqual(byId(records.map(factsOf)));
  });

  it("lists sessions whose facts are long, cut at whichever byte", async () => {
    const lengths = [110, 111, 112, 113, 114, 115, 2_030, 2_040, 2_050, 40_000];
    for (const [place, length] of lengths.entries()) {
      const userId = "x".repeat(place) + "ü👩".repeat(length);
      const device = "x".repeat(place);
      const record = recordAt(now, { manager, userId, device, notes: "{}", flash: "\n\n\n" });
      await store.create(record, call);
      const listed = await store.directory.list({ manager, userId }, call);
      expect(listed).toStrictEqual([factsOf(record)]);
    }
  });

  it("ends sessions though memory is full, and refuses to create", async () => {
    const record = recordAt(now, { manager, userId: "alice" });
    await store.create(record, call);
    await ask(server.port, "config", "set", "maxmemory", "1");
    try {
      await expect(store.create(recordAt(now, { manager }), call)).rejects.toThrow();
      const seen = { lastSeenAt: now + 1, expiresAt: record.expiresAt + 1 };
      expect(await store.touch(record.id, seen, call)).toBe(true);
      // The end stays where the absolute timeout has it.
      const last = { lastSeenAt: now + 2, expiresAt: seen.expiresAt };
      expect(await store.touch(record.id, last, call)).toBe(true);
      expect(await store.load(record.id, call)).toEqual({ ...record, ...last });
      const outcome = await store.end(tombstoneAt(now, record), undefined, call);
      expect(outcome).toEqual({ kind: "ended" });
    } finally {
      await ask(server.port, "config", "set", "maxmemory", "0");
    }
    expect((await store.load(record.id, call))?.kind).toBe("ended");
  });

  it("signs out everywhere though memory is full", async () => {
    const sessions = createSessions({ name: manager, store });
    const [first, second] = [recordAt(now, ALICE), recordAt(now, ALICE)];
    await Promise.all([store.create(first, call), store.create(second, call)]);
    for (const isRaised of [false, true]) {
      const before = await store.directory.generation(ALICE, call);
      await ask(server.port, "config", "set", "maxmemory", "1");
      try {
        expect(await sessions.revokeAll({ userId: "alice" })).toBe(isRaised ? 0 : 2);
      } finally {
        await ask(server.port, "config", "set", "maxmemory", "0");
      }
      expect(await store.directory.generation(ALICE, call)).toBeGreaterThan(before);
    }
    for (const { id } of [first, second]) expect((await store.load(id, call))?.kind).toBe("ended");
    await sessions.close();
  });

  it("keeps promises of ends though memory is full, of whom it spares and of new tokens", async () => {
    const time = { at: now };
    const sessions = createSessions({ store, clock: { now: () => time.at }, onError: quiet });
    const browser = (userId?: string) => new Visitor(sessions, userId);
    const [spared, other, chain] = [browser("alice"), browser("alice"), browser("bob")];
    for (const each of [spared, other, chain]) await each.signIn();
    const [first] = await sessions.list({ userId: "bob" });
    for (let tokens = 0; tokens < 4; tokens += 1) await chain.regenerate();
    const except = await spared.id();
    await ask(server.port, "config", "set", "maxmemory", "1");
    try {
      expect(await sessions.revokeAll({ userId: "alice", except })).toBe(1);
      expect([await spared.userId(), await other.userId()]).toEqual(["alice", undefined]);
      expect(await sessions.revoke(first?.id ?? "")).toBe(true);
      expect(await chain.userId()).toBeUndefined();
      // What an application stores, and who is new, is refused.
      expect([await spared.store("more"), await browser().store("new")]).toEqual([503, 503]);
    } finally {
      await ask(server.port, "config", "set", "maxmemory", "0");
    }
    expect(await spared.userId()).toBe("alice");
    expect(await spared.store("more")).toBe(200);
    await sessions.close();
  });

  it("finds a user's session again whose index entry was lost, once it is active", async () => {
    const user = { manager, userId: "alice" };
    const record = recordAt(now, user);
    await store.create(record, call);
    await ask(server.port, "del", INDEX);
    expect(await store.directory.list(user, call)).toEqual([]);
    const seen = { lastSeenAt: now + MINUTE_MS, expiresAt: record.expiresAt + MINUTE_MS };
    await store.touch(record.id, seen, call);
    await eventually(async () => (await store.directory.list(user, call)).length === 1);
    await ask(server.port, "del", INDEX);
    const next = successorOf(record, { lastSeenAt: now + 3 * MINUTE_MS });
    await store.update(next, record.version, call);
    await eventually(async () => (await store.directory.list(user, call)).length === 1);
  });

  it("drops index entries without a session, but none that is about to get one", async () => {
    const user = { manager, userId: "alice" };
    const [young, old] = [freshId(manager), freshId(manager)];
    const seconds = Math.floor(now / 1_000);
    await ask(server.port, "zadd", INDEX, String(seconds), young, String(seconds - 601), old);
    expect(await store.directory.list(user, call)).toEqual([]);
    await eventually(async () => (await ask(server.port, "zrange", INDEX, "0", "-1")) === young);
  });

  it("signs in at one price, however many sessions the user has", async () => {
    const crowd = (size: number): readonly string[] => [
      `for i = 1, ${size} do redis.call('ZADD', KEYS[1], ARGV[1], 's_' .. i) end return 1`,
      ...["1", INDEX, String(Math.floor(now / 1_000) + 3_600)],
    ];
    const price = async (): Promise<readonly number[]> => {
      const before = await trafficOf(server);
      for (let signIn = 0; signIn < 64; signIn += 1) await store.create(recordAt(now, ALICE), call);
      // Behind these, on the one connection, is what was sent behind the answers.
      for (let trip = 0; trip < 3; trip += 1) await store.load(freshId(manager), call);
      const after = await trafficOf(server);
      return after.map((figure, place) => figure - (before[place] ?? 0));
    };
    await price();
    const [commands = 0, bytes = 0] = await price();
    for (const size of [10_000, 100_000]) {
      await ask(server.port, "eval", ...crowd(size));
      const [more = 0, moreBytes = 0] = await price();
      expect(more).toBeLessThan(commands + 64);
      expect(moreBytes).toBeLessThan(bytes + 20_000);
    }
  });

  it("drops the entries of sessions that idled out, some at each sign-in", async () => {
    const expiresAt = now + 5 * MINUTE_MS;
    const gone = Array.from({ length: 40 }, () => recordAt(now, { ...ALICE, expiresAt }));
    const [kept, moved] = [recordAt(now, ALICE), recordAt(now, { ...ALICE, expiresAt })];
    await Promise.all([...gone, kept, moved].map((record) => store.create(record, call)));
    // A touch that the index missed.
    await store.touch(moved.id, { lastSeenAt: now, expiresAt: now + 40 * MINUTE_MS }, call);
    await eventually(async () => (await scoreOf(moved.id)) > expiresAt / 1_000);
    await ask(server.port, "zadd", INDEX, String(Math.floor(expiresAt / 1_000)), moved.id);
    for (const { id } of gone) await ask(server.port, "del", `sojourn:${id}`);
    const later = { ...call, now: expiresAt + 11 * MINUTE_MS };
    const sizes: number[] = [];
    for (let signIn = 0; signIn < 2; signIn += 1) {
      await store.create(recordAt(later.now, ALICE), later);
      const size = 44 + signIn - 32 * (signIn + 1);
      await eventually(
        async () => Number(await ask(server.port, "zcard", INDEX)) <= Math.max(size, 4),
      );
      sizes.push(Number(await ask(server.port, "zcard", INDEX)));
    }
    expect(sizes.at(-1)).toBe(4);
    expect(await scoreOf(kept.id)).toBeGreaterThan(0);
    expect(await scoreOf(moved.id)).toBeGreaterThan(later.now / 1_000);
  });

  const scoreOf = async (id: string): Promise<number> =>
    Number(await ask(server.port, "zscore", INDEX, id));

  it("gives a raised generation a value that no lost one can have had", async () => {
    const user = { manager, userId: "alice" };
    await store.directory.raiseGeneration(user, call);
    const first = await store.directory.generation(user, call);
    await ask(server.port, "flushall");
    await store.directory.raiseGeneration(user, { ...call, now: now + 1 });
    expect(await store.directory.generation(user, call)).toBeGreaterThan(first);
    expect(await ask(server.port, "pttl", KEYS.generation(ALICE))).toBe("-1");
  });

  it("forgets a generation when nothing can be older any more, and not before", async () => {
    const { directory } = store;
    await directory.raiseGeneration(ALICE, call, now + 10 * MINUTE_MS);
    const ttl = async (): Promise<number> =>
      Number(await ask(server.port, "pttl", KEYS.generation(ALICE))) / MINUTE_MS;
    expect(await ttl()).toBeCloseTo(11, 0);
    // It is kept as long as anybody has asked for.
    await directory.raiseGeneration(ALICE, call, now + 5 * MINUTE_MS);
    expect(await ttl()).toBeCloseTo(11, 0);
    const raised = await directory.generation(ALICE, call);
    expect(raised).toBe(now + 1);
    // Others who share her key neither keep hers nor take it away.
    const others = Array.from({ length: 300 }, (_, n) => ({ manager, userId: `u${n}` }));
    const near = others.filter((user) => KEYS.generation(user) === KEYS.generation(ALICE));
    expect(near.length).toBeGreaterThan(0);
    const raiseNear = async (minutes: number): Promise<void> => {
      for (const user of near) {
        const later = { ...call, now: now + minutes * MINUTE_MS };
        await directory.raiseGeneration(user, later, later.now + 30 * MINUTE_MS);
      }
    };
    await raiseNear(10);
    expect(await directory.generation(ALICE, call)).toBe(raised);
    await raiseNear(12);
    expect(await directory.generation(ALICE, call)).toBe(0);
    await directory.raiseGeneration(ALICE, call);
    expect(await ttl()).toBeCloseTo(-1 / MINUTE_MS, 5);
  });

  it("goes on with the same client after the server was gone", async () => {
    const own = await startRedis(["--appendonly", "yes", "--appendfsync", "always"]);
    const client = await connect(own.port);
    const mine = redisStore(client.client);
    try {
      const record = recordAt(now, { manager });
      await mine.create(record, call);
      await own.kill();
      const soon = { now, signal: AbortSignal.timeout(300) };
      await expect(mine.load(record.id, soon)).rejects.toThrow();
      const next = successorOf(record);
      const late = { now, signal: AbortSignal.timeout(300) };
      await expect(mine.update(next, record.version, late)).rejects.toThrow();
      await own.start();
      await eventually(async () => {
        const short = { now, signal: AbortSignal.timeout(1_000) };
        const found = await mine.load(record.id, short).catch(() => undefined);
        return found?.kind === "live";
      });
      const after = await mine.update(next, record.version, call);
      expect(["updated", "conflict"]).toContain(after.kind);
    } finally {
      await mine.close();
      client.end();
      await own.stop();
    }
  });

  it("never sends a write whose time ran out while the server was gone", async () => {
    const own = await startRedis();
    const client = await connect(own.port);
    const mine = redisStore(client.client);
    try {
      await mine.load(freshId(manager), call);
      await own.kill();
      await eventually(async () => !(await isUp(mine)));
      const record = recordAt(now, { manager });
      const soon = { now, signal: AbortSignal.timeout(100) };
      const failure = mine.create(record, soon);
      await expect(failure).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
      await own.start();
      await eventually(() => isUp(mine));
      expect(await mine.load(record.id, call)).toBeUndefined();
    } finally {
      await mine.close();
      client.end();
      await own.stop();
    }
  });

  it("tells listeners of a gap when the connection is lost, and when it is there again", async () => {
    const own = await startRedis();
    const client = await connect(own.port);
    const mine = redisStore(client.client);
    try {
      let gaps = 0;
      const ended = new Set<string>();
      const listener = {
        onEnded: (ids: readonly string[]) => {
          for (const id of ids) ended.add(id);
        },
        onGap: () => {
          gaps += 1;
        },
      };
      const stop = await mine.announcements.subscribe(listener, call);
      await own.kill();
      await eventually(async () => gaps > 0);
      const before = gaps;
      await own.start();
      await eventually(async () => gaps > before);
      await eventually(() => isUp(mine));
      // A client tells of each attempt to connect, so that this gap need not be the last one.
      await eventually(async () => {
        const record = recordAt(now, { manager });
        await mine.create(record, call);
        await mine.end(tombstoneAt(now, record), undefined, call);
        return ended.size > 0;
      });
      await stop();
    } finally {
      await mine.close();
      client.end();
      await own.stop();
    }
  });

  it("closes the connections that it opened, and leaves the application's open", async () => {
    const clients = async (): Promise<number> =>
      (await ask(server.port, "client", "list")).split("\n").length;
    // A new ioredis connects by and by.
    await store.load(freshId(manager), call);
    const before = await clients();
    const quiet = { onEnded: () => undefined, onGap: () => undefined };
    const stop = await store.announcements.subscribe(quiet, call);
    await store.announcements.subscribe(quiet, call);
    await eventually(async () => (await clients()) === before + 1);
    await stop();
    await store.close();
    await eventually(async () => (await clients()) === before);
    const again = redisStore(application.client);
    expect(await again.load(freshId(manager), call)).toBeUndefined();
  });

  it("leaves no listener on a signal", async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await store.create(recordAt(now, { manager, userId: "alice" }), { now, signal });
    await store.directory.list({ manager, userId: "alice" }, { now, signal });
    expect(listeners).toBe(0);
  });

  it("tells no data in the error of a server that refuses", async () => {
    const secret = recordAt(now, { manager, data: '"canary"', userId: "canary" });
    await ask(server.port, "set", `sojourn:${secret.id}`, "x");
    await ask(server.port, "del", `sojourn:${secret.id}`);
    await ask(server.port, "rpush", `sojourn:${secret.id}`, "x");
    const failure = await store.create(secret, call).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain("canary");
  });
});

describe("a client that the Redis store is given", () => {
  it("is not connected for the application, which is told to do it", async () => {
    const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
    const store = redisStore(client);
    const failure = store.load(freshId(manager), call);
    await expect(failure).rejects.toThrow(/await client\.connect\(\)/);
    await client.connect();
    expect(await store.load(freshId(manager), call)).toBeUndefined();
    client.destroy();
    await expect(store.load(freshId(manager), call)).rejects.toMatchObject({ outcome: "failed" });
  });

  it("may be lazy, and without a queue of its own", async () => {
    const client = new Redis(server.port, "127.0.0.1", {
      lazyConnect: true,
      enableOfflineQueue: false,
    });
    const store = redisStore(client);
    const record = recordAt(now, { manager });
    const writes = [store.create(record, call), store.load(freshId(manager), call)];
    expect(await Promise.all(writes)).toEqual(["created", undefined]);
    const ended = once(client, "end");
    client.disconnect();
    await ended;
    await expect(store.load(record.id, call)).rejects.toMatchObject({ outcome: "failed" });
  });

  it("may put a prefix of its own in front of keys", async () => {
    const client = new Redis(server.port, "127.0.0.1", { keyPrefix: "app[1]*:" });
    const store = redisStore(client, { prefix: "s:" });
    const user = { manager: "prefixed", userId: "alice" };
    const record = recordAt(now, user);
    await store.create(record, call);
    await store.directory.raiseGeneration(user, call);
    expect(await ask(server.port, "exists", `app[1]*:s:${record.id}`)).toBe("1");
    expect(await store.directory.list(user, call)).toEqual([factsOf(record)]);
    expect(await store.directory.count("prefixed", call)).toBe(1);
    const page = { manager: "prefixed", after: undefined, limit: 9 };
    expect(await store.directory.scan(page, call)).toEqual([record]);
    client.disconnect();
  });

  it("may pipeline by itself", async () => {
    const client = new Redis(server.port, "127.0.0.1", { enableAutoPipelining: true });
    const store = redisStore(client);
    const records = Array.from({ length: 50 }, () => recordAt(now, { manager, userId: "eve" }));
    const outcomes = await Promise.all(records.map((record) => store.create(record, call)));
    expect(new Set(outcomes)).toEqual(new Set(["created"]));
    expect(await store.directory.list({ manager, userId: "eve" }, call)).toHaveLength(50);
    client.disconnect();
  });

  it("may be lazy and without a queue, and its duplicates too", async () => {
    const client = new Redis(server.port, "127.0.0.1", {
      lazyConnect: true,
      enableOfflineQueue: false,
    });
    const replica = await startRedis(["--replicaof", "127.0.0.1", String(server.port)]);
    await eventually(async () => (await ask(server.port, "wait", "1", "100")) === "1");
    const store = redisStore(client, { waitForEnds: { replicas: 1 } });
    const told: string[] = [];
    const listener = { onEnded: (ids: readonly string[]) => told.push(...ids), onGap: quiet };
    await store.announcements.subscribe(listener, call);
    const record = recordAt(now, { manager });
    await store.create(record, call);
    expect(await store.end(tombstoneAt(now, record), undefined, call)).toEqual({ kind: "ended" });
    await eventually(async () => told.includes(record.id));
    await store.close();
    client.disconnect();
    await replica.stop();
  });

  it("may be a pool, which hears of ends, and waits for replicas", async () => {
    const { client, end } = await connectPool(server.port);
    const replica = await startRedis(["--replicaof", "127.0.0.1", String(server.port)]);
    await eventually(async () => (await ask(server.port, "wait", "1", "100")) === "1");
    const store = redisStore(client, { waitForEnds: { replicas: 1 } });
    const told: string[] = [];
    const listener = { onEnded: (ids: readonly string[]) => told.push(...ids), onGap: quiet };
    const stop = await store.announcements.subscribe(listener, call);
    const record = recordAt(now, { manager });
    await store.create(record, call);
    expect(await store.end(tombstoneAt(now, record), undefined, call)).toEqual({ kind: "ended" });
    await eventually(async () => told.includes(record.id));
    await stop();
    await store.close();
    end();
    await replica.stop();
  });

  it("needs no other rights than the README names", async () => {
    const text = await readFile("src/stores/redis/README.md", "utf8");
    const [rights = ""] = /An ACL user needs.*?`wait`/s.exec(text) ?? [];
    const commands = [...rights.matchAll(/`([a-z]+)`/g)].map(([, name]) => `+${name}`);
    // What the client itself sends to connect.
    const own = ["+hello", "+client"];
    const rules = ["on", "nopass", "~sojourn:*", "&sojourn:*", "-@all", ...own, ...commands];
    await ask(server.port, "acl", "setuser", "modest", ...rules);
    const client = createClient({ url: `redis://modest:x@127.0.0.1:${server.port}` });
    client.on("error", quiet);
    await client.connect();
    const store = redisStore(client);
    const replica = await startRedis(["--replicaof", "127.0.0.1", String(server.port)]);
    await eventually(async () => (await ask(server.port, "wait", "1", "100")) === "1");
    for (const each of [store, redisStore(client, { waitForEnds: { replicas: 1 } })]) {
      const stop = await each.announcements.subscribe({ onEnded: quiet, onGap: quiet }, call);
      await fc.assert(
        fc.asyncProperty(RUNS, async (run) => {
          const fresh = redisStore(client, { prefix: `sojourn:${freshId(manager)}:` });
          const answers = await play(swept(fresh), run);
          expect(answers.store).toEqual(answers.model);
        }),
        { numRuns: 3 },
      );
      const user = { manager, userId: freshId(manager) };
      const record = recordAt(now, user);
      await each.create(record, call);
      await each.directory.raiseGeneration(user, call, now + MINUTE_MS);
      expect(await each.directory.generation(user, call)).toBeGreaterThan(0);
      expect(await each.end(tombstoneAt(now, record), undefined, call)).toEqual({ kind: "ended" });
      await stop();
      await each.close();
    }
    const log = await ask(server.port, "acl", "log");
    expect(log).not.toContain("modest");
    client.destroy();
    await replica.stop();
  });

  it("may not be allowed to publish: sessions end all the same", async () => {
    const rules = ["on", "nopass", "~*", "+@all", "resetchannels"];
    await ask(server.port, "acl", "setuser", "mute", ...rules);
    const client = createClient({ url: `redis://mute:x@127.0.0.1:${server.port}` });
    await client.connect();
    const store = redisStore(client);
    const record = recordAt(now, { manager });
    await store.create(record, call);
    expect(await store.end(tombstoneAt(now, record), undefined, call)).toEqual({ kind: "ended" });
    const quiet = { onEnded: () => undefined, onGap: () => undefined };
    await expect(store.announcements.subscribe(quiet, call)).rejects.toThrow();
    await store.close();
    client.destroy();
  });
});

describe("waiting for replicas", () => {
  it("fails a revoke that none confirms, with what is unknown", async () => {
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect();
    const store = redisStore(client, { waitForEnds: { replicas: 1 } });
    const sessions = createSessions({ name: "unconfirmed", store, storeTimeout: 1_500 });
    const record = recordAt(Date.now(), { manager: "unconfirmed", userId: "alice" });
    await store.create(record, call);
    const unknown = { name: "StoreError", outcome: "unknown" };
    await expect(sessions.revoke(record.id)).rejects.toMatchObject(unknown);
    await expect(sessions.revokeAll({ userId: "alice" })).rejects.toMatchObject(unknown);
    expect((await store.load(record.id, call))?.kind).toBe("ended");
    await sessions.close();
    await store.close();
    client.destroy();
  });
});

describe.each(SINGLE)("ends by %s that wait for a replica 20 ms away", (name, connect) => {
  it("share the wait, however many there are", async () => {
    const proxy = await startProxy({ port: server.port, seed: 1, delayMs: [20, 20] });
    const replica = await startRedis(["--replicaof", "127.0.0.1", String(proxy.port)]);
    await eventually(async () => (await ask(server.port, "wait", "1", "100")) === "1");
    const { client, end } = await connect(server.port);
    const store = redisStore(client, { waitForEnds: { replicas: 1 } });
    const records = Array.from({ length: 401 }, () => recordAt(now, { manager }));
    await Promise.all(records.map((record) => store.create(record, call)));
    const ended = (record: SessionRecord): Promise<EndOutcome> =>
      store.end(tombstoneAt(now, record), undefined, request(5_000));
    const [first, ...others] = records;
    if (first !== undefined) await ended(first);
    const begun = performance.now();
    const outcomes = await Promise.all(others.map(ended));
    const ms = performance.now() - begun;
    console.info(`${name}: 400 ends at once in ${Math.round(ms)} ms`);
    expect(outcomes.every(({ kind }) => kind === "ended")).toBe(true);
    // One by one they would take 16 seconds.
    expect(ms).toBeLessThan(8_000);
    for (const { id } of others.slice(0, 3)) {
      expect(await ask(replica.port, "get", `sojourn:${id}`)).toMatch(/^E/);
    }
    await store.close();
    end();
    await replica.stop();
    await proxy.close();
  });
});

describe("a large server", () => {
  it("is scanned whole, page by page, over several walks", async () => {
    await ask(server.port, "flushall");
    const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect();
    const store = redisStore(client);
    const ids = Array.from({ length: 22_000 }, () => freshId(manager));
    const template = recordAt(now, { manager });
    for (let start = 0; start < ids.length; start += 2_000) {
      const some = ids.slice(start, start + 2_000);
      await Promise.all(some.map((id) => store.create({ ...template, id }, call)));
    }
    const seen: string[] = [];
    for (
      let after: (typeof ids)[number] | undefined;
      ;
      after = ids.find((id) => id === seen.at(-1))
    ) {
      const page = await store.directory.scan({ manager, after, limit: 1_000 }, call);
      if (page.length === 0) break;
      seen.push(...page.map(({ id }) => id));
    }
    expect(seen).toEqual(ids.toSorted());
    expect(await store.directory.count(manager, call)).toBe(22_000);
    client.destroy();
  });
});

describe("options of the Redis store", () => {
  const client = new Redis({ lazyConnect: true });

  it.each([
    // @ts-expect-error a URL is no client
    ["a URL", () => redisStore("redis://127.0.0.1")],
    // @ts-expect-error nothing is no client
    ["nothing", () => redisStore(undefined)],
    ["an empty prefix", () => redisStore(client, { prefix: "" })],
    // @ts-expect-error no such option
    ["an unknown option", () => redisStore(client, { ttl: 60 })],
    ["no replicas", () => redisStore(client, { waitForEnds: { replicas: 0 } })],
    // @ts-expect-error no such option
    ["an unknown wait", () => redisStore(client, { waitForEnds: { replicas: 1, ms: 1 } })],
    ["a client that reads from replicas", () => redisStore(replicaReader)],
  ])("refuse %s", (_, open) => {
    expect(open).toThrow(OptionsError);
  });

  const replicaReader = new Redis({ lazyConnect: true, role: "slave" });
});

/** A record as an earlier release wrote it. */
function earlierText(record: SessionRecord, notesLine: string): string {
  const { createdAt, authenticatedAt = createdAt, idleTimeoutMs, absoluteTimeoutMs } = record;
  const short = (value: number): string => value.toString(36);
  const [end, seen] = [record.expiresAt, record.lastSeenAt].map((at) => short(at).padStart(9, "0"));
  const [idle, absolute] = [`${short(idleTimeoutMs)}.`, short(absoluteTimeoutMs / 1_000)];
  const numbers = [short(createdAt), short(authenticatedAt - createdAt), idle, absolute, "1"];
  return (
    `L${end}${seen}${record.version} ${record.earlier}\n` +
    `${[...numbers, short(record.flash.length)].join(" ")}\n` +
    `${record.manager}\n${record.userId}\n${record.device}\n${notesLine}` +
    `${record.flash}${record.data}`
  );
}

async function isUp(store: RedisSessionStore): Promise<boolean> {
  const short = { now, signal: AbortSignal.timeout(1_000) };
  return store.load(freshId(manager), short).then(
    () => true,
    () => pause(20, false),
  );
}

/** Commands that were run, in scripts too, and bytes that were answered. */
async function trafficOf({ port }: TestServer): Promise<readonly [number, number]> {
  const stats = await ask(port, "info", "commandstats");
  const calls = [...stats.matchAll(/cmdstat_(?!info)[^:]*:calls=(\d+)/g)].map(([, n]) => Number(n));
  const total = calls.reduce((one, other) => one + other, 0);
  const info = await ask(port, "info", "stats");
  return [total, Number(/total_net_output_bytes:(\d+)/.exec(info)?.[1] ?? 0)];
}

/** How many times GET ran, in scripts too, and how many scripts. */
async function callsOf({ port }: TestServer): Promise<readonly [number, number]> {
  const stats = await ask(port, "info", "commandstats");
  const of = (name: string): number =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return [of("get"), of("evalsha") + of("eval")];
}

/** Bytes that the server has sent so far. */
async function sentBy({ port }: TestServer): Promise<number> {
  const stats = await ask(port, "info", "stats");
  return Number(/total_net_output_bytes:(\d+)/.exec(stats)?.[1]);
}

function byId(listed: readonly SessionFacts[]): readonly SessionFacts[] {
  return listed.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

/** A browser with one cookie. */
class Visitor {
  readonly #sessions: Sessions<Untyped>;
  readonly #name: string | undefined;
  #cookie = "";

  constructor(sessions: Sessions<Untyped>, name: string | undefined) {
    this.#sessions = sessions;
    this.#name = name;
  }

  signIn = () => this.#ask((session) => session.signIn(this.#name ?? ""));
  regenerate = () => this.#ask((session) => session.regenerate());
  id = async () => (await this.#ask((session) => session.id)).told;
  userId = async () => (await this.#ask((session) => session.userId)).told;
  store = async (value: string) =>
    (await this.#ask((session) => session.set("value", value))).status;

  async #ask<T>(act: (session: Session<Untyped>) => T | Promise<T>) {
    const headers = this.#cookie === "" ? {} : { cookie: this.#cookie };
    const request = new Request("https://shop.test/", { headers });
    let told: T | undefined;
    const response = await this.#sessions.handle(request, async () => {
      told = await act(await this.#sessions.open(request));
      return new Response();
    });
    const [line] = response.headers.getSetCookie();
    this.#cookie = line?.split(";", 1)[0] ?? this.#cookie;
    return { status: response.status, told };
  }
}
