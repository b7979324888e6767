import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord } from "../../src/core/record.ts";
import { memoryStore } from "../../src/index.ts";
import { movingStore } from "../../src/migrate/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { layered } from "../../src/stores/layered/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { keysUnder } from "../../src/stores/redis/keys.ts";
import { freshId, recordAt } from "../../src/testing/store/fixtures.ts";
import { ask, eventually, startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import { heardWarnings } from "../support/warnings.ts";
import { SINGLE } from "./support/redis-clients.ts";
import { request } from "./support/redis-load.ts";

const manager = "shop";
const quiet = (): void => undefined;
const warnings = heardWarnings();

let server: TestServer;
beforeEach(async () => {
  server = await startRedis();
});
afterEach(() => server.stop());

const limit = (policy: string, bytes: number) =>
  ask(server.port, "config", "set", "maxmemory-policy", policy, "maxmemory", String(bytes));

describe.each(SINGLE)("a server that evicts, by %s", (_, connect) => {
  it("is told of once, loudly, and in the profile", async () => {
    await limit("volatile-lru", 100_000_000);
    const { client, end } = await connect(server.port);
    const store = redisStore(client);
    expect(store.profile.eviction).toBe("never");
    await store.load(freshId(manager), request());
    await eventually(async () => store.profile.eviction === "any");
    expect(store.profile.caveats[0]).toContain("volatile-lru");
    for (const outer of [
      encrypted(store, createHash("sha256").update("a key").digest("base64url")),
      layered(memoryStore(), store, { maxStaleness: "1s" }),
      movingStore(memoryStore(), store),
    ]) {
      expect(outer.profile.eviction).toBe("any");
    }
    const again = redisStore(client);
    await again.load(freshId(manager), request());
    await eventually(async () => again.profile.eviction === "any");
    expect(warnings().filter((each) => each.includes("volatile-lru"))).toHaveLength(1);
    end();
  });

  it.each([
    ["noeviction", 100_000_000],
    ["allkeys-lru", 0],
  ])("is none with %s and %d bytes", async (policy, bytes) => {
    await limit(policy, bytes);
    const { client, end } = await connect(server.port);
    const store = redisStore(client);
    await store.load(freshId(manager), request());
    await eventually(async () => /calls=[1-9]/.test(await statsOf("info")));
    await store.load(freshId(manager), request());
    expect(store.profile.eviction).toBe("never");
    expect(warnings()).toEqual([]);
    end();
  });

  const statsOf = async (name: string): Promise<string> => {
    const stats = await ask(server.port, "info", "commandstats");
    return new RegExp(`cmdstat_${name}:\\S+`).exec(stats)?.[0] ?? "";
  };
});

it("works for one who may not ask what the server does", async () => {
  await ask(server.port, "acl", "setuser", "app", "on", "nopass", "~*", "&*", "+@all", "-info");
  const client = createClient({ url: `redis://app:x@127.0.0.1:${server.port}` });
  client.on("error", quiet);
  await client.connect();
  const store = redisStore(client);
  expect(await store.load(freshId(manager), request())).toBeUndefined();
  expect(warnings()).toEqual([]);
  client.destroy();
});

it("keeps the generations where only what expires is dropped", async () => {
  const client = new Redis(server.port, "127.0.0.1");
  client.on("error", quiet);
  const store = redisStore(client);
  const alice = { manager, userId: "alice" };
  const key = keysUnder("sojourn:", "").generation(alice);
  const raise = () => store.directory.raiseGeneration(alice, request(), Date.now() + 60_000);
  await raise();
  expect(Number(await ask(server.port, "pttl", key))).toBeGreaterThan(60_000);
  await limit("volatile-ttl", 100_000_000);
  const later = redisStore(client);
  await later.load(freshId(manager), request());
  await eventually(async () => later.profile.eviction === "any");
  await later.directory.raiseGeneration(alice, request(), Date.now() + 60_000);
  expect(await ask(server.port, "pttl", key)).toBe("-1");
  client.disconnect();
});

it.each(["volatile-lru", "allkeys-lru", "allkeys-lfu"])(
  "signs out everywhere whom %s has left a session in use",
  async (policy) => {
    await limit(policy, 8_000_000);
    const client = new Redis(server.port, "127.0.0.1");
    client.on("error", quiet);
    const store = redisStore(client);
    const call = () => request(10_000);
    await store.load(freshId(manager), call());
    await eventually(async () => store.profile.eviction === "any");
    const users = Array.from({ length: 1_000 }, (_, n) =>
      recordAt(Date.now(), { manager, userId: `user ${n}` }),
    );
    await Promise.all(users.map((record) => store.create(record, call())));
    const inUse = async (): Promise<readonly SessionRecord[]> => {
      const found = await Promise.all(users.map(({ id }) => store.load(id, call())));
      return users.filter((_, place) => found[place]?.kind === "live");
    };
    const data = JSON.stringify("x".repeat(500));
    for (let wave = 0; wave < 12; wave += 1) {
      const flood = Array.from({ length: 1_000 }, () => recordAt(Date.now(), { manager, data }));
      await Promise.all(flood.map((record) => store.create(record, call())));
      await inUse();
    }
    const evicted = await ask(server.port, "info", "stats");
    expect(Number(/evicted_keys:(\d+)/.exec(evicted)?.[1])).toBeGreaterThan(1_000);
    const left = await inUse();
    // Behind the last answers, on the one connection.
    for (let trip = 0; trip < 3; trip += 1) await store.load(freshId(manager), call());
    const listed = await Promise.all(
      left.map(({ userId = "" }) => store.directory.list({ manager, userId }, call())),
    );
    const missed = listed.filter((found) => found.length === 0).length;
    console.info(`${policy}: ${left.length} sessions left, ${missed} of them not in the index`);
    expect(left.length).toBeGreaterThan(20);
    expect(missed).toBeLessThan(left.length / 20);
    client.disconnect();
  },
);

describe("a client without an error listener", () => {
  it.each([
    [
      "redis",
      async () => {
        const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
        await client.connect();
        return { client, end: () => client.destroy() };
      },
    ],
    [
      "ioredis",
      async () => {
        const client = new Redis(server.port, "127.0.0.1");
        return { client, end: () => client.disconnect() };
      },
    ],
  ] as const)("is warned about at the first call, by %s", async (_, open) => {
    const { client, end } = await open();
    const store = redisStore(client);
    expect(warnings()).toEqual([]);
    await store.load(freshId(manager), request());
    await store.load(freshId(manager), request());
    await eventually(async () => warnings().length > 0);
    expect(warnings()).toEqual([expect.stringContaining('client.on("error"')]);
    end();
  });
});
