import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { Cluster as ValkeyCluster } from "iovalkey";
import { createCluster, createSentinel } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type NodeRedisClient,
  type RedisClient,
  type RedisSessionStore,
  redisStore,
} from "../../src/stores/redis/index.ts";
import { freshId, recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import {
  ask,
  eventually,
  type RedisCluster,
  type RedisSentinel,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import { connectPool, type OpenClient, SINGLE } from "./support/redis-clients.ts";
import { request } from "./support/redis-load.ts";

const START_PATIENCE_MS = 120_000;
const DEADLINE_MS = 1_000;
/** A deadline, two PINGs that are not answered, a new connection, and a busy machine. */
const RECOVERY_MS = DEADLINE_MS + 8_000;
const INTERVAL_MS = 50;
const manager = "shop";
const quiet = (): void => undefined;

/** How long calls at a steady rate go without an answer. */
async function recovery(act: (deadlineMs: number) => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  let answeredAt: number | undefined;
  while (answeredAt === undefined) {
    act(DEADLINE_MS).then(() => {
      answeredAt ??= performance.now();
    }, quiet);
    await pause(INTERVAL_MS);
    if (performance.now() - begun > 30_000) throw new Error("it has not recovered");
  }
  return answeredAt - begun;
}

const loading = (store: RedisSessionStore) => (deadlineMs: number) =>
  store.load(freshId(manager), request(deadlineMs));

describe.each([...SINGLE, ["a pool of redis", connectPool] as const])(
  "a connection of %s that goes silent while new ones work",
  (name, connect) => {
    let server: TestServer;
    let proxy: TestProxy;
    let application: OpenClient;
    beforeAll(async () => {
      server = await startRedis(["--repl-diskless-sync-delay", "0"]);
    });
    afterAll(() => server?.stop());
    beforeEach(async () => {
      proxy = await startProxy({ port: server.port, seed: 1 });
      application = await connect(proxy.port);
    });
    afterEach(async () => {
      application.end();
      await proxy.close();
    });

    it("is replaced after one deadline, again and again, and nothing is lost", async () => {
      const store = redisStore(application.client);
      const record = recordAt(Date.now(), { manager });
      await store.create(record, request());
      for (let time = 0; time < 2; time += 1) {
        proxy.strand();
        const ms = await recovery(loading(store));
        console.info(`${name}, deadline ${DEADLINE_MS} ms: answered after ${Math.round(ms)} ms`);
        expect(ms).toBeLessThan(RECOVERY_MS);
        expect(await store.load(record.id, request())).toEqual(record);
      }
      await store.close();
    });

    it("is replaced where it is a new one that nobody has ever answered", async () => {
      const store = redisStore(application.client);
      await store.load(freshId(manager), request());
      const before = proxy.accepted;
      // The address accepts connections, and there is nobody behind it.
      proxy.hold();
      proxy.cut("reset");
      await eventually(async () => proxy.accepted > before);
      await loading(store)(300).catch(quiet);
      proxy.strand();
      proxy.pass();
      const ms = await recovery(loading(store));
      console.info(`${name}, never answered: answered after ${Math.round(ms)} ms`);
      expect(ms).toBeLessThan(RECOVERY_MS);
      await store.close();
    });

    it("delays ends that wait for replicas no longer", async () => {
      const store = redisStore(application.client, { waitForEnds: { replicas: 1 } });
      const replica = await startRedis(["--replicaof", "127.0.0.1", String(server.port)]);
      await eventually(async () => (await ask(server.port, "wait", "1", "100")) === "1");
      const end = async (deadlineMs: number): Promise<void> => {
        const record = recordAt(Date.now(), { manager });
        await store.create(record, request(deadlineMs));
        const ended = await store.end(
          tombstoneAt(Date.now(), record),
          undefined,
          request(deadlineMs),
        );
        expect(ended).toEqual({ kind: "ended" });
      };
      await end(5_000);
      proxy.strand();
      const ms = await recovery(end);
      console.info(`${name}, waiting for a replica: answered after ${Math.round(ms)} ms`);
      expect(ms).toBeLessThan(RECOVERY_MS + DEADLINE_MS);
      await store.close();
      await replica.stop();
    });
  },
);

describe.each([...SINGLE, ["a pool of redis", connectPool] as const])(
  "a server that has become a replica, and its address leads elsewhere: %s",
  (name, connect) => {
    it("is left at once for the one that takes writes", async () => {
      const old = await startRedis(["--repl-diskless-sync-delay", "0"]);
      const next = await startRedis(["--replicaof", "127.0.0.1", String(old.port)]);
      const proxy = await startProxy({ port: old.port, seed: 1 });
      const { client, end } = await connect(proxy.port);
      const store = redisStore(client);
      let record = recordAt(Date.now(), { manager });
      await store.create(record, request());
      const copied = () => ask(next.port, "get", `sojourn:${record.id}`);
      await eventually(async () => (await copied()).includes(record.version));
      proxy.leadTo(next.port);
      await ask(next.port, "replicaof", "no", "one");
      await ask(old.port, "replicaof", "127.0.0.1", String(next.port));
      const begun = performance.now();
      let refused = 0;
      await eventually(async () => {
        const successor = successorOf(record);
        const outcome = await store.update(successor, record.version, request()).catch(() => {
          refused += 1;
        });
        if (outcome !== undefined) record = successor;
        return outcome?.kind === "updated";
      });
      const ms = Math.round(performance.now() - begun);
      console.info(`${name}, read-only: written after ${ms} ms, ${refused} refused`);
      expect(refused).toBeGreaterThan(0);
      expect(await copied()).toContain(record.version);
      end();
      await store.close();
      await proxy.close();
      await Promise.all([old.stop(), next.stop()]);
    });
  },
);

describe.each(SINGLE)("a connection in the middle of something else, by %s", (_, connect) => {
  it.each([
    ["a transaction that was left open", ["multi"]],
    ["a command that waits", ["blpop", "nothing", "0"]],
  ])("acknowledges nothing that is not done, and is left: %s", async (_what, command) => {
    const server = await startRedis();
    const { client, end } = await connect(server.port);
    const store = redisStore(client);
    const record = recordAt(Date.now(), { manager, userId: "alice" });
    const user = { manager, userId: "alice" };
    await store.create(record, request());
    const [name = "", ...args] = command;
    const sent = "call" in client ? client.call(name, args) : sendBy(client, command);
    sent.catch(quiet);
    const seen = { lastSeenAt: Date.now() + 1, expiresAt: record.expiresAt + 1 };
    const answers = await Promise.allSettled([
      store.load(record.id, request(300)),
      store.create(recordAt(Date.now(), user), request(300)),
      store.touch(record.id, seen, request(300)),
      store.update(successorOf(record), record.version, request(300)),
      store.end(tombstoneAt(Date.now(), record), undefined, request(300)),
      store.directory.generation(user, request(300)),
      store.directory.raiseGeneration(user, request(300)),
      store.directory.list(user, request(300)),
      store.directory.count(manager, request(300)),
    ]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(["rejected"]));
    await eventually(() =>
      store.load(record.id, request()).then(
        (found) => found?.kind === "live",
        () => false,
      ),
    );
    end();
    await store.close();
    await server.stop();
  });
});

function sendBy(client: RedisClient, command: string[]): Promise<unknown> {
  return (client as NodeRedisClient).sendCommand(command);
}

describe("a store that has replaced a silent connection", () => {
  it("goes back to the application's client when it is well, and closes its own", async () => {
    const server = await startRedis();
    const proxy = await startProxy({ port: server.port, seed: 1 });
    const client = new Redis(proxy.port, "127.0.0.1");
    client.on("error", quiet);
    const store = redisStore(client);
    await store.load(freshId(manager), request());
    proxy.strand();
    await recovery(loading(store));
    proxy.cut("reset");
    await eventually(async () => client.status === "ready");
    await store.load(freshId(manager), request());
    await eventually(async () => proxy.connections === 1);
    proxy.strand();
    await recovery(loading(store));
    client.disconnect();
    await expect(
      eventually(async () => {
        await store.load(freshId(manager), request());
        return false;
      }),
    ).rejects.toMatchObject({ outcome: "failed" });
    // The silent one knows of nothing.
    await eventually(async () => proxy.connections === 1);
    await proxy.close();
    await server.stop();
  });

  it("keeps none that it opened while the server itself stood still", async () => {
    const server = await startRedis();
    const proxy = await startProxy({ port: server.port, seed: 1 });
    const client = new Redis(proxy.port, "127.0.0.1");
    client.on("error", quiet);
    const store = redisStore(client);
    await store.load(freshId(manager), request());
    server.pause();
    const late = Array.from({ length: 20 }, () => store.load(freshId(manager), request(100)));
    expect(new Set((await Promise.allSettled(late)).map(({ status }) => status))).toEqual(
      new Set(["rejected"]),
    );
    await eventually(async () => proxy.connections === 2);
    server.resume();
    await eventually(async () => proxy.connections === 1);
    expect(await store.load(freshId(manager), request())).toBeUndefined();
    client.disconnect();
    await proxy.close();
    await server.stop();
  });
});

type Addresses = Readonly<Record<string, { readonly host: string; readonly port: number }>>;

const byRedisCluster = async (addresses: Addresses): Promise<OpenClient> => {
  const rootNodes = Object.values(addresses).map(({ port }) => ({
    url: `redis://127.0.0.1:${port}`,
  }));
  const client = createCluster({ rootNodes, nodeAddressMap: addresses });
  client.on("error", quiet);
  await client.connect();
  return { client, end: () => void client.destroy() };
};

const byIoRedisCluster = async (addresses: Addresses): Promise<OpenClient> => {
  const client = new Redis.Cluster(Object.values(addresses), { natMap: addresses });
  client.on("error", quiet);
  return { client, end: () => client.disconnect() };
};

const byIoValkeyCluster = async (addresses: Addresses): Promise<OpenClient> => {
  const client = new ValkeyCluster(Object.values(addresses), { natMap: addresses });
  client.on("error", quiet);
  return { client, end: () => client.disconnect() };
};

describe("one node of a Cluster whose connections go silent", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, START_PATIENCE_MS);
  afterAll(() => cluster?.stop());

  it.each([
    ["redis", byRedisCluster],
    ["ioredis", byIoRedisCluster],
    ["iovalkey", byIoValkeyCluster],
  ] as const)("is reached anew, by %s", async (name, connect) => {
    const proxies = await Promise.all(
      cluster.nodes.map(({ port }) => startProxy({ port, seed: 1 })),
    );
    const { client, end } = await connect(addressesOf(cluster.nodes, proxies));
    const store = redisStore(client);
    const records = Array.from({ length: 24 }, () => recordAt(Date.now(), { manager }));
    await Promise.all(records.map((record) => store.create(record, request(5_000))));
    const [first] = records;
    if (first === undefined) throw new Error("there is no record");
    const silent = await cluster.masterOf(`sojourn:${first.id}`);
    proxies[cluster.nodes.indexOf(silent)]?.strand();
    const ms = await recovery((deadlineMs) => store.load(first.id, request(deadlineMs)));
    console.info(
      `${name} Cluster, deadline ${DEADLINE_MS} ms: answered after ${Math.round(ms)} ms`,
    );
    expect(ms).toBeLessThan(RECOVERY_MS);
    const found = await Promise.all(records.map(({ id }) => store.load(id, request(5_000))));
    expect(found).toEqual(records);
    await store.close();
    end();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });
});

const byRedisSentinel = async (
  { name, sentinels }: RedisSentinel,
  addresses: Addresses,
): Promise<OpenClient> => {
  const client = createSentinel({
    name,
    sentinelRootNodes: [...sentinels],
    nodeAddressMap: addresses,
  });
  client.on("error", quiet);
  await client.connect();
  return { client, end: () => void client.destroy().catch(quiet) };
};

const byIoRedisSentinel = async (
  { name, sentinels }: RedisSentinel,
  addresses: Addresses,
): Promise<OpenClient> => {
  const client = new Redis({ name, sentinels: [...sentinels], natMap: addresses });
  client.on("error", quiet);
  return { client, end: () => client.disconnect() };
};

describe("the master under Sentinel whose connections go silent", () => {
  let sentinel: RedisSentinel;
  beforeAll(async () => {
    sentinel = await startRedisSentinel();
  }, START_PATIENCE_MS);
  afterAll(() => sentinel?.stop());

  it.each([
    ["redis", byRedisSentinel],
    ["ioredis", byIoRedisSentinel],
  ] as const)("is reached anew, by %s", async (name, connect) => {
    const { master, replica } = sentinel;
    const proxies = await Promise.all(
      [master, replica].map(({ port }) => startProxy({ port, seed: 1 })),
    );
    const { client, end } = await connect(sentinel, addressesOf([master, replica], proxies));
    const store = redisStore(client);
    await eventually(() =>
      loading(store)(5_000).then(
        () => true,
        () => false,
      ),
    );
    for (const proxy of proxies) proxy.strand();
    const ms = await recovery(loading(store));
    console.info(
      `${name} Sentinel, deadline ${DEADLINE_MS} ms: answered after ${Math.round(ms)} ms`,
    );
    expect(ms).toBeLessThan(RECOVERY_MS + 2_000);
    await store.close();
    end();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });
});

/** Where clients find each server: behind its proxy. */
function addressesOf(servers: readonly TestServer[], proxies: readonly TestProxy[]): Addresses {
  return Object.fromEntries(
    servers.map(({ port }, place) => [
      `127.0.0.1:${port}`,
      { host: "127.0.0.1", port: proxies[place]?.port ?? 0 },
    ]),
  );
}
