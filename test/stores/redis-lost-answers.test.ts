import { Redis } from "ioredis";
import { Redis as Valkey } from "iovalkey";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord } from "../../src/core/record.ts";
import { type RedisSessionStore, redisStore } from "../../src/stores/redis/index.ts";
import { freshId, recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { eventually, startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import type { OpenClient } from "./support/redis-clients.ts";

const manager = "shop";
const now = Date.now();
const NEVER = new AbortController().signal;
const call = { now, signal: NEVER };

let server: TestServer;
beforeAll(async () => {
  server = await startRedis();
  // The server knows the scripts, so that the first answer to lose is not NOSCRIPT.
  const client = new Redis(server.port, "127.0.0.1");
  const store = redisStore(client);
  const record = recordAt(now, { manager, userId: "alice" });
  await store.create(record, call);
  await store.update(successorOf(record), record.version, call);
  await store.end(tombstoneAt(now, record), undefined, call);
  await store.directory.raiseGeneration({ manager, userId: "alice" }, call);
  await store.close();
  client.disconnect();
});
afterAll(() => server?.stop());

const RESENDING: readonly (readonly [string, (port: number) => OpenClient])[] = [
  [
    "ioredis",
    (port) => {
      const client = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null });
      client.on("error", () => undefined);
      return { client, end: () => client.disconnect() };
    },
  ],
  [
    "iovalkey",
    (port) => {
      const client = new Valkey(port, "127.0.0.1", { maxRetriesPerRequest: null });
      client.on("error", () => undefined);
      return { client, end: () => client.disconnect() };
    },
  ],
];

// The server gets the write, the network loses the answer, and the client sends the write again.
describe.each(RESENDING)("a write that %s sends twice", (_, connect) => {
  let proxy: TestProxy;
  let application: OpenClient;
  let store: RedisSessionStore;
  let direct: Redis;
  beforeEach(async () => {
    proxy = await startProxy({ port: server.port, seed: 1 });
    application = connect(proxy.port);
    direct = new Redis(server.port, "127.0.0.1");
    store = redisStore(application.client);
    await store.load(freshId(manager), call);
  });
  afterEach(async () => {
    await store.close();
    application.end();
    direct.disconnect();
    await proxy.close();
  });

  /** Loses the answer to what `work` sends, once `arrived` says that it is there. */
  async function losingTheAnswer<T>(
    work: () => Promise<T>,
    arrived: () => Promise<boolean>,
  ): Promise<T> {
    proxy.deafen();
    const answer = work();
    await eventually(arrived);
    // Behind these the answer has surely come as far as the proxy.
    for (let trip = 0; trip < 5; trip += 1) await direct.ping();
    proxy.pass();
    return answer;
  }

  const stored = async ({ id }: SessionRecord): Promise<string> =>
    (await direct.get(`sojourn:${id}`)) ?? "";

  it("creates once, and is told so", async () => {
    const record = recordAt(now, { manager });
    const answer = await losingTheAnswer(
      () => store.create(record, call),
      async () => (await stored(record)) !== "",
    );
    expect(answer).toBe("created");
    expect(await store.load(record.id, call)).toEqual(record);
  });

  it("updates once, and is told so, though others have written since", async () => {
    const first = recordAt(now, { manager });
    await store.create(first, call);
    const [second, other] = [successorOf(first), redisStore(direct)];
    const third = successorOf(second, { data: '{"theirs":1}' });
    const answer = await losingTheAnswer(
      () => store.update(second, first.version, call),
      async () => (await other.update(third, second.version, call)).kind === "updated",
    );
    expect(answer).toEqual({ kind: "updated" });
    expect(await store.load(first.id, call)).toEqual(third);
  });

  it("ends once, and is told so, and so is everybody else", async () => {
    const record = recordAt(now, { manager });
    const tombstone = tombstoneAt(now, record);
    await store.create(record, call);
    const told: string[] = [];
    const other = redisStore(direct);
    await other.announcements.subscribe(
      { onEnded: (ids) => told.push(...ids), onGap: () => undefined },
      call,
    );
    const answer = await losingTheAnswer(
      () => store.end(tombstone, record.version, call),
      async () => (await stored(record)).startsWith("E"),
    );
    expect(answer).toEqual({ kind: "ended" });
    expect(await store.load(record.id, call)).toEqual(tombstone);
    const last = recordAt(now, { manager });
    await store.create(last, call);
    await store.end(tombstoneAt(now, last), undefined, call);
    await eventually(async () => told.includes(last.id));
    expect(told).toEqual([record.id, last.id]);
    await other.close();
  });

  it("raises a generation once, and signs out nobody who came between", async () => {
    const user = { manager, userId: freshId(manager) };
    const other = redisStore(direct);
    let between = 0;
    await losingTheAnswer(
      () => store.directory.raiseGeneration(user, call),
      async () => {
        between = await other.directory.generation(user, call);
        return between > 0;
      },
    );
    expect(await other.directory.generation(user, call)).toBe(between);
    await store.directory.raiseGeneration(user, call);
    expect(await other.directory.generation(user, call)).toBe(between + 1);
  });
});

describe("a write whose answer is lost for good, by redis", () => {
  it("rejects with what is unknown, and has been written", async () => {
    const proxy = await startProxy({ port: server.port, seed: 1 });
    const client = createClient({ url: `redis://127.0.0.1:${proxy.port}` });
    client.on("error", () => undefined);
    await client.connect();
    const store = redisStore(client);
    const direct = new Redis(server.port, "127.0.0.1");
    const record = recordAt(now, { manager });
    proxy.deafen();
    const failure = store.create(record, call).catch((error: unknown) => error);
    await eventually(async () => (await direct.exists(`sojourn:${record.id}`)) === 1);
    proxy.pass();
    expect(await failure).not.toHaveProperty("outcome", "failed");
    await eventually(async () => client.isReady);
    expect(await store.load(record.id, call)).toEqual(record);
    client.destroy();
    direct.disconnect();
    await proxy.close();
  });
});
