import { Redis } from "ioredis";
import { createSentinel } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisStore } from "../../src/stores/redis/index.ts";
import { factsOf, recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { describeStore } from "../../src/testing/store.ts";
import {
  ask,
  eventually,
  type RedisSentinel,
  startRedisSentinel,
} from "../support/servers/redis.ts";
import type { OpenClient } from "./support/redis-clients.ts";
import { Load, request, told } from "./support/redis-load.ts";

const START_PATIENCE_MS = 120_000;
const manager = "shop";
const quiet = (): void => undefined;

type ConnectSentinel = (sentinel: RedisSentinel) => Promise<OpenClient>;

const byRedis: ConnectSentinel = async ({ name, sentinels }) => {
  const client = createSentinel({ name, sentinelRootNodes: [...sentinels] });
  client.on("error", quiet);
  await client.connect();
  return { client, end: () => void client.destroy().catch(quiet) };
};

const byIoRedis: ConnectSentinel = async ({ name, sentinels }) => {
  const client = new Redis({ name, sentinels: [...sentinels], sentinelRetryStrategy: () => 100 });
  client.on("error", quiet);
  return { client, end: () => client.disconnect() };
};

describe.each([
  ["redis", byRedis],
  ["ioredis", byIoRedis],
] as const)("under Sentinel, by %s", (name, connect) => {
  let sentinel: RedisSentinel;
  beforeAll(async () => {
    sentinel = await startRedisSentinel();
  }, START_PATIENCE_MS);
  afterAll(() => sentinel?.stop());

  let application: OpenClient;
  beforeAll(async () => {
    application = await connect(sentinel);
  }, START_PATIENCE_MS);
  afterAll(() => application?.end());

  // To find its master takes a client up to a second, so that one does for all.
  const open = async (): ReturnType<Parameters<typeof describeStore>[1]> => {
    const store = redisStore(application.client);
    return {
      store,
      sibling: async () => redisStore(application.client),
      close: store.close.bind(store),
    };
  };
  const options = { runner: { describe, it } };
  describeStore(`Redis under Sentinel, by ${name}`, open, options);

  it("fails over under load, with the same client, and keeps confirmed ends", async () => {
    const store = redisStore(application.client, { waitForEnds: { replicas: 1 } });
    const user = { manager, userId: "alice" };
    const [kept, ended] = [recordAt(Date.now(), user), recordAt(Date.now(), user)];
    await store.create(kept, request());
    await store.create(ended, request());
    const tombstone = tombstoneAt(Date.now(), ended);
    expect(await store.end(tombstone, undefined, request())).toEqual({ kind: "ended" });
    await store.directory.raiseGeneration(user, request());
    const load = new Load(store, 16);
    await load.around();
    await eventually(async () => (await ask(sentinel.master.port, "wait", "1", "100")) === "1");
    await sentinel.master.kill();
    await load.around();
    const tally = await load.stop();
    expect(await store.load(ended.id, request())).toEqual(tombstone);
    expect(await store.directory.list(user, request())).toEqual([factsOf(kept)]);
    expect(await store.directory.generation(user, request())).toBeGreaterThan(0);
    const next = successorOf(kept);
    expect(await store.update(next, kept.version, request())).toEqual({ kind: "updated" });
    // There is no replica left to confirm.
    const unconfirmed = store.end(tombstoneAt(Date.now(), kept), undefined, request());
    await expect(unconfirmed).rejects.toThrow(/deadline/);
    console.info(`${name}, Sentinel: ${told(tally)}`);
    await store.close();
  });
});
