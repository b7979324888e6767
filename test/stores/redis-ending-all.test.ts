import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord } from "../../src/core/record.ts";
import type { EndAll, SessionStore } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { type RedisSessionStore, redisStore } from "../../src/stores/redis/index.ts";
import { keysUnder } from "../../src/stores/redis/keys.ts";
import { recordText } from "../../src/stores/redis/records.ts";
import { freshCommit, freshId, recordAt, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { ask, eventually, startRedis, startRedisCluster } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";

const manager = "shop";
const now = Date.now();
const call = { now, signal: new AbortController().signal };
const ALICE = { manager, userId: "alice" };
const KEYS = keysUnder("sojourn:", "");
const quiet = (): void => undefined;

const ending = (changes: Partial<EndAll> = {}): EndAll => ({
  ...{ except: undefined, version: freshCommit(), reason: "revoked" },
  ...{ endedAt: now, expiresAt: now + 300_000, ...changes },
});

let server: TestServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());

let client: Redis;
let store: RedisSessionStore;
beforeEach(async () => {
  await ask(server.port, "flushall");
  client = new Redis(server.port, "127.0.0.1");
  client.on("error", quiet);
  store = redisStore(client);
});
afterEach(async () => {
  await store.close();
  client.disconnect();
});

async function created(of: SessionStore = store): Promise<SessionRecord> {
  const record = recordAt(now, ALICE);
  await of.create(record, call);
  return record;
}

/** As a visitor's request does it: the new record first, then the end of the old one. */
async function regenerated(of: SessionStore, record: SessionRecord): Promise<SessionRecord> {
  const next = await created(of);
  const stone = tombstoneAt(now, record, { reason: "regenerated", next: next.id });
  expect(await of.end(stone, record.version, call)).toEqual({ kind: "ended" });
  return next;
}

const kindOf = async (id: SessionId): Promise<string | undefined> =>
  (await store.load(id, call))?.kind;

/** Does something once the store's next command of that name is answered. */
function after(name: string, act: () => Promise<unknown>): void {
  const send = client.call.bind(client);
  const sendAndAct = async (command: string, args: string[]): Promise<unknown> => {
    const reply = await send(command, args);
    if (command === name) {
      client.call = send;
      await act();
    }
    return reply;
  };
  client.call = sendAndAct as typeof send;
}

describe("ending all of a user's sessions", () => {
  it("ends what was listed and has become another by the time it is ended", async () => {
    const direct = new Redis(server.port, "127.0.0.1");
    direct.on("error", quiet);
    const theirs = redisStore(direct);
    const [first, other] = [await created(), await created()];
    let last = first;
    after("zscan", async () => {
      for (let token = 0; token < 3; token += 1) last = await regenerated(theirs, last);
    });
    const ids = await store.directory.endAll(ALICE, ending(), call);
    expect(last.id).not.toBe(first.id);
    expect(new Set(ids)).toEqual(new Set([last.id, other.id]));
    expect(await kindOf(last.id)).toBe("ended");
    expect(await store.directory.list(ALICE, call)).toEqual([]);
    direct.disconnect();
  });

  it("follows a new token that the index has lost", async () => {
    const next = await regenerated(store, await created());
    await eventually(async () => (await ask(server.port, "zcard", KEYS.index(ALICE))) === "1");
    const { id } = await regenerated(store, next);
    await eventually(async () => (await ask(server.port, "zcard", KEYS.index(ALICE))) === "1");
    await ask(server.port, "zadd", KEYS.index(ALICE), "1", next.id);
    await ask(server.port, "zrem", KEYS.index(ALICE), id);
    expect(await store.directory.endAll(ALICE, ending(), call)).toEqual([id]);
    expect(await kindOf(id)).toBe("ended");
  });

  it("comes to an end, though somebody gets a new token before each of its steps", async () => {
    const direct = new Redis(server.port, "127.0.0.1");
    direct.on("error", quiet);
    const theirs = redisStore(direct);
    let last = await created();
    let steps = 0;
    const send = client.call.bind(client);
    const outrun = async (command: string, args: string[]): Promise<unknown> => {
      if (command.startsWith("eval") && steps < 100) {
        steps += 1;
        last = await regenerated(theirs, last);
      }
      return send(command, args);
    };
    client.call = outrun as typeof send;
    expect(await store.directory.endAll(ALICE, ending(), call)).toEqual([]);
    expect(steps).toBeLessThan(25);
    direct.disconnect();
  });

  it("resolves to each once, whoever asks again", async () => {
    const records = [await created(), await created(), await created()];
    const end = ending();
    const ids = await store.directory.endAll(ALICE, end, call);
    expect(new Set(ids)).toEqual(new Set(records.map(({ id }) => id)));
    expect(await store.directory.endAll(ALICE, end, call)).toEqual([]);
    expect(await ask(server.port, "exists", KEYS.index(ALICE))).toBe("0");
  });

  it("leaves somebody else's session alone, and the one to spare", async () => {
    const [hers, spared] = [await created(), await created()];
    const his = recordAt(now, { manager, userId: "alice\nbob" });
    await store.create(his, call);
    await ask(server.port, "zadd", KEYS.index(ALICE), "1", his.id, "1", freshId(manager));
    const ids = await store.directory.endAll(ALICE, ending({ except: spared.id }), call);
    expect(ids).toEqual([hers.id]);
    for (const { id } of [his, spared]) expect(await kindOf(id)).toBe("live");
  });

  it("is told of to who listens, all at once", async () => {
    const records = await Promise.all(Array.from({ length: 40 }, () => created()));
    const told: (readonly string[])[] = [];
    await store.announcements.subscribe({ onEnded: (ids) => told.push(ids), onGap: quiet }, call);
    await store.directory.endAll(ALICE, ending(), call);
    await eventually(async () => told.flat().length >= records.length);
    expect(new Set(told.flat())).toEqual(new Set(records.map(({ id }) => id)));
    expect(told).toHaveLength(1);
  });

  it("works though memory is full, under a prefix of the client's own", async () => {
    const prefixed = new Redis(server.port, "127.0.0.1", { keyPrefix: "äpp:" });
    prefixed.on("error", quiet);
    const mine = redisStore(prefixed);
    const records = [await created(mine), await created(mine)];
    const told: string[] = [];
    const listener = { onEnded: (ids: readonly string[]) => told.push(...ids), onGap: quiet };
    await mine.announcements.subscribe(listener, call);
    await ask(server.port, "config", "set", "maxmemory", "1");
    try {
      const ids = await mine.directory.endAll(ALICE, ending(), call);
      expect(new Set(ids)).toEqual(new Set(records.map(({ id }) => id)));
    } finally {
      await ask(server.port, "config", "set", "maxmemory", "0");
    }
    await eventually(async () => told.length === 2);
    expect(new Set(told)).toEqual(new Set(records.map(({ id }) => id)));
    await mine.close();
    prefixed.disconnect();
  });

  it("takes on some thousand at a time, until it ends none", async () => {
    const count = 25_000;
    const script = `for i = 1, tonumber(ARGV[1]) do
      local id = 's_' .. string.format('%042d', i) .. 'A'
      redis.call('SET', 'sojourn:' .. id, ARGV[2])
      redis.call('ZADD', KEYS[1], ARGV[3], id)
    end return 1`;
    const text = recordText(recordAt(now, { ...ALICE, data: JSON.stringify("x".repeat(500)) }));
    await client.eval(script, 1, KEYS.index(ALICE), count, text, Math.floor(now / 1_000) + 9_999);
    const seen = new Set<string>();
    const passes: number[] = [];
    const begun = performance.now();
    for (;;) {
      const ids = await store.directory.endAll(ALICE, ending(), call);
      passes.push(ids.length);
      for (const id of ids) seen.add(id);
      if (ids.length === 0) break;
    }
    const ms = Math.round(performance.now() - begun);
    console.info(`${count} sessions end in ${ms} ms, in passes of ${passes.join(", ")}`);
    expect(seen.size).toBe(count);
    expect(Math.max(...passes)).toBeLessThan(20_000);
    expect(await store.directory.count(manager, call)).toBe(0);
    expect(await ask(server.port, "exists", KEYS.index(ALICE))).toBe("0");
  });
});

it("ends all in a Cluster, where each session is on its own", async () => {
  const cluster = await startRedisCluster();
  const nodes = cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port }));
  const clustered = new Redis.Cluster(nodes);
  clustered.on("error", quiet);
  const mine = redisStore(clustered);
  const records = await Promise.all(Array.from({ length: 300 }, () => created(mine)));
  const [first, ...others] = records;
  const last = first === undefined ? undefined : await regenerated(mine, first);
  const ids = await mine.directory.endAll(ALICE, ending(), call);
  const ended = [last, ...others].map((record) => record?.id);
  expect(new Set(ids)).toEqual(new Set(ended));
  expect(await mine.directory.list(ALICE, call)).toEqual([]);
  clustered.disconnect();
  await cluster.stop();
}, 120_000);
