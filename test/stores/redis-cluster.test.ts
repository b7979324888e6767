import { Redis as IoRedis } from "ioredis";
import { Cluster as ValkeyCluster } from "iovalkey";
import { createCluster } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import { type RedisSessionStore, redisStore } from "../../src/stores/redis/index.ts";
import { slotOf } from "../../src/stores/redis/slot.ts";
import {
  factsOf,
  freshId,
  recordAt,
  successorOf,
  tombstoneAt,
} from "../../src/testing/store/fixtures.ts";
import { describeStore } from "../../src/testing/store.ts";
import {
  ask,
  eventually,
  type RedisCluster,
  reshard,
  startRedisCluster,
} from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import type { OpenClient } from "./support/redis-clients.ts";
import { BRIEF_MS, Ending, Load, liveOf, request, told } from "./support/redis-load.ts";

const START_PATIENCE_MS = 120_000;
const SESSIONS = 24;
const manager = "shop";

type ConnectCluster = (nodes: readonly TestServer[]) => Promise<OpenClient>;

const quiet = (): void => undefined;

const byRedis: ConnectCluster = async (nodes) => {
  const rootNodes = nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` }));
  const client = createCluster({ rootNodes });
  client.on("error", quiet);
  await client.connect();
  return { client, end: () => void client.destroy() };
};

const byIoRedis: ConnectCluster = async (nodes) => {
  const client = new IoRedis.Cluster(nodes.map(({ port }) => ({ host: "127.0.0.1", port })));
  client.on("error", quiet);
  return { client, end: () => client.disconnect() };
};

const byIoValkey: ConnectCluster = async (nodes) => {
  const client = new ValkeyCluster(nodes.map(({ port }) => ({ host: "127.0.0.1", port })));
  client.on("error", quiet);
  return { client, end: () => client.disconnect() };
};

const CLIENTS = [
  ["redis", byRedis],
  ["ioredis", byIoRedis],
  ["iovalkey", byIoValkey],
] as const;

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster({ replicas: 1 });
}, START_PATIENCE_MS);
afterAll(() => cluster?.stop());

for (const [name, connect] of CLIENTS) {
  const open = async (): ReturnType<Parameters<typeof describeStore>[1]> => {
    const clients: OpenClient[] = [];
    const opened = async (): Promise<RedisSessionStore> => {
      const one = await connect(cluster.nodes);
      clients.push(one);
      return redisStore(one.client);
    };
    const store = await opened();
    const close = async (): Promise<void> => {
      await store.close();
      for (const { end } of clients) end();
    };
    return { store, sibling: opened, close };
  };
  const options = { runner: { describe, it } };
  describeStore(`Redis Cluster, by ${name}`, open, options);
}

it.each(CLIENTS)("lists by %s without reading what is in the sessions", async (_, connect) => {
  const { client, end } = await connect(cluster.nodes);
  const store = redisStore(client);
  const user = { manager: freshId(manager), userId: "ü".repeat(400) };
  const data = JSON.stringify({ text: "x".repeat(200_000) });
  const records = Array.from({ length: 20 }, (_, place) =>
    recordAt(Date.now(), { ...user, data, lastSeenAt: place }),
  );
  for (const record of records) await store.create(record, request(5_000));
  const before = await sentToClients(cluster);
  const listed = await store.directory.list(user, request(5_000));
  expect((await sentToClients(cluster)) - before).toBeLessThan(1_000_000);
  expect(listed).toStrictEqual(records.map(factsOf).reverse());
  end();
});

it("computes the slots of keys as the server does", async () => {
  const keys = ["sojourn:s_x", "{a}b", "{}x", "a{b}{c}", "ü{é}", "{", "x}{y", "foo{{bar}}zap"];
  for (const key of keys) {
    const slot = await ask(cluster.nodes[0]?.port ?? 0, "cluster", "keyslot", key);
    expect([key, slotOf(key)]).toEqual([key, Number(slot)]);
  }
});

it.each([
  ["ioredis", IoRedis.Cluster],
  ["iovalkey", ValkeyCluster],
] as const)("works with %s that pipelines by itself", async (_, Cluster) => {
  const places = cluster.nodes.map(({ port }) => ({ host: "127.0.0.1", port }));
  const client = new Cluster(places, { enableAutoPipelining: true });
  client.on("error", quiet);
  const store = redisStore(client);
  const user = { manager: freshId(manager), userId: "eve" };
  const records = Array.from({ length: 200 }, () => recordAt(Date.now(), user));
  const created = await Promise.all(records.map((record) => store.create(record, request(5_000))));
  expect(new Set(created)).toEqual(new Set(["created"]));
  const updated = await Promise.all(
    records.map((record) => store.update(successorOf(record), record.version, request(5_000))),
  );
  expect(updated.every(({ kind }) => kind === "updated")).toBe(true);
  expect(await store.directory.list(user, request(5_000))).toHaveLength(200);
  expect(await store.directory.count(user.manager, request(5_000))).toBe(200);
  await store.directory.raiseGeneration(user, request(5_000));
  const [first] = records;
  if (first !== undefined) {
    const ended = await store.end(tombstoneAt(Date.now(), first), undefined, request(5_000));
    expect(ended).toEqual({ kind: "ended" });
  }
  client.disconnect();
});

it("refuses a client that reads from replicas", () => {
  const client = new IoRedis.Cluster([], { lazyConnect: true, scaleReads: "slave" });
  expect(() => redisStore(client)).toThrow(OptionsError);
});

describe.each([CLIENTS[0], CLIENTS[1]])("a Cluster, by %s", (name, connect) => {
  let application: OpenClient;
  let store: RedisSessionStore;
  let confirming: RedisSessionStore;
  beforeEach(async () => {
    application = await connect(cluster.nodes.filter(({ pid }) => pid !== undefined));
    store = redisStore(application.client);
    confirming = redisStore(application.client, { waitForEnds: { replicas: 1 } });
  });
  afterEach(async () => {
    await Promise.all([store.close(), confirming.close()]);
    application.end();
  });

  it("loses nothing in a resharding under load", async () => {
    const load = new Load(store, SESSIONS);
    await load.around();
    const key = `sojourn:${freshId(manager)}`;
    const from = await cluster.masterOf(key);
    const others = await Promise.all(
      Array.from({ length: 20 }, () => cluster.masterOf(`sojourn:${freshId(manager)}`)),
    );
    const to = others.find((other) => other.port !== from.port);
    if (to === undefined) throw new Error("all keys are on one node");
    await reshard(from, to, 800);
    await load.around();
    const tally = await load.stop();
    expect(tally.lost).toBe(0);
    console.info(`${name}, resharding: ${told(tally)}`);
  });

  it("loses little in a failover under load", async () => {
    const load = new Load(store, SESSIONS);
    const ending = new Ending(confirming, 4);
    await load.around();
    const victim = await replicated(cluster);
    await victim.kill();
    await load.around();
    const [tally, ended] = [await load.stop(), await ending.stop()];
    expect(await liveOf(store, ended)).toBe(0);
    console.info(`${name}, failover: ${told(tally)}; ${ended.length} confirmed ends, 0 came back`);
    // The old master comes back as a replica, for the next test.
    await victim.start();
    await eventually(async () => {
      const info = await ask(victim.port, "info", "replication");
      return info.includes("role:slave") && info.includes("master_link_status:up");
    });
  });

  it("fails over under load, with the same client, and keeps ended sessions ended", async () => {
    const load = new Load(store, SESSIONS);
    const ending = new Ending(confirming, 4);
    await load.around();
    const victim = await replicated(cluster);
    // Its replica hears no more of what the master acknowledges from now on.
    const replica = await replicaOf(cluster, victim);
    const [gone, kept] = [await sessionOn(victim), await sessionOn(victim)];
    replica.pause();
    await ask(victim.port, "client", "kill", "type", "replica");
    const plain = await store.end(tombstoneAt(Date.now(), gone), undefined, request());
    expect(plain).toEqual({ kind: "ended" });
    const stone = tombstoneAt(Date.now(), kept);
    const confirmed = confirming.end(stone, undefined, request(BRIEF_MS));
    await expect(confirmed).rejects.toThrow(/not|deadline/);
    await victim.kill();
    replica.resume();
    await eventually(async () => {
      const found = await store.load(gone.id, request()).catch(() => undefined);
      return found !== undefined;
    });
    await load.around();
    const [tally, ended] = [await load.stop(), await ending.stop()];
    // What replication had not passed on is lost; what waited for the replica is not.
    expect((await store.load(gone.id, request()))?.kind).toBe("live");
    expect(ended.length).toBeGreaterThan(0);
    expect(await liveOf(store, ended)).toBe(0);
    console.info(
      `${name}, failover, its replica cut off before: ${told(tally)}; ` +
        `${ended.length} confirmed ends, 0 came back`,
    );
  });

  async function sessionOn(master: TestServer): Promise<ReturnType<typeof recordAt>> {
    for (;;) {
      const record = recordAt(Date.now(), { manager });
      const place = await cluster.masterOf(`sojourn:${record.id}`);
      if (place.port !== master.port) continue;
      await store.create(record, request());
      await eventually(async () => (await ask(master.port, "wait", "1", "100")) === "1");
      return record;
    }
  }
});

/** A master that still has a replica. */
async function replicated({ nodes }: RedisCluster): Promise<TestServer> {
  for (const node of nodes) {
    if (node.pid === undefined) continue;
    const info = await ask(node.port, "info", "replication");
    if (info.includes("role:master") && info.includes("state=online")) return node;
  }
  throw new Error("no master has a replica");
}

async function replicaOf({ nodes }: RedisCluster, master: TestServer): Promise<TestServer> {
  const info = await ask(master.port, "info", "replication");
  const replica = nodes.find(({ port }) => info.includes(`port=${port},state=online`));
  if (replica === undefined) throw new Error("the master has no replica");
  return replica;
}

/** Bytes that the nodes have sent, to each other not counted. */
async function sentToClients({ nodes }: RedisCluster): Promise<number> {
  const stats = await Promise.all(nodes.map(({ port }) => ask(port, "info", "stats")));
  const sent = stats.map((text) => {
    const [all, replicas] = ["total_net_output_bytes", "total_net_repl_output_bytes"].map((name) =>
      Number(new RegExp(`${name}:(\\d+)`).exec(text)?.[1] ?? 0),
    );
    return (all ?? 0) - (replicas ?? 0);
  });
  return sent.reduce((sum, each) => sum + each, 0);
}
