import fc from "fast-check";
import { Command, Redis } from "ioredis";
import { createClient, RESP_TYPES } from "redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSessions } from "../../src/index.ts";
import {
  type RedisClient,
  type RedisSessionStore,
  redisStore,
} from "../../src/stores/redis/index.ts";
import { freshId, recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { ask, startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import { play, RUNS } from "./support/model.ts";
import { swept } from "./support/redis-clients.ts";

const manager = "shop";
const now = Date.now();
const call = { now, signal: new AbortController().signal };
const quiet = (): void => undefined;

let server: TestServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());
beforeEach(() => ask(server.port, "flushall"));

type Open = (port: number) => Promise<{ readonly client: RedisClient; end(): void }>;

const numbersAsTexts: Open = async (port) => {
  const client = new Redis(port, "127.0.0.1", { stringNumbers: true });
  client.on("error", quiet);
  return { client, end: () => client.disconnect() };
};

const textsAsBytes: Open = async (port) => {
  const typeMapping = {
    [RESP_TYPES.BLOB_STRING]: Buffer,
    [RESP_TYPES.SIMPLE_STRING]: Buffer,
    [RESP_TYPES.VERBATIM_STRING]: Buffer,
    [RESP_TYPES.NUMBER]: String,
  };
  const client = createClient({
    url: `redis://127.0.0.1:${port}`,
    commandOptions: { typeMapping },
  });
  client.on("error", quiet);
  await client.connect();
  return { client, end: () => client.destroy() };
};

const mappedLater: Open = async (port) => {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", quiet);
  await client.connect();
  const mapped = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  return { client: mapped, end: () => client.destroy() };
};

describe.each([
  ["ioredis with stringNumbers", numbersAsTexts],
  ["redis with a type mapping", textsAsBytes],
  ["redis withTypeMapping", mappedLater],
] as const)("a client that turns replies into other types: %s", (_, open) => {
  it("answers like a plain Map, whatever the run of operations", async () => {
    const { client, end } = await open(server.port);
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const fresh = redisStore(client, { prefix: `${freshId(manager)}:` });
        const answers = await play(swept(fresh), run);
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 15 },
    );
    end();
  });

  it("raises generations, touches, announces, and signs in and out", async () => {
    const { client, end } = await open(server.port);
    const store = redisStore(client);
    const user = { manager, userId: "alice" };
    await store.directory.raiseGeneration(user, call);
    expect(await store.directory.generation(user, call)).toBeGreaterThan(0);
    const record = recordAt(now, user);
    await store.create(record, call);
    const seen = { lastSeenAt: now + 1, expiresAt: record.expiresAt + 1 };
    expect(await store.touch(record.id, seen, call)).toBe(true);
    const told = new Promise<unknown>((resolve, reject) => {
      store.announcements
        .subscribe({ onEnded: resolve, onGap: quiet }, call)
        .then(() => store.end(tombstoneAt(now, record), undefined, call), reject);
    });
    expect(await told).toEqual([record.id]);
    const sessions = createSessions({ store });
    const response = await sessions.handle(
      new Request("https://shop.example/"),
      async (request) => {
        const session = await sessions.open(request);
        await session.signIn("bob");
        return new Response("in");
      },
    );
    expect(response.status).toBe(200);
    expect(await sessions.count()).toBe(1);
    expect(await sessions.revokeAll({ userId: "bob" })).toBe(1);
    await store.close();
    end();
  });
});

describe("a reply of an unforeseen type", () => {
  it.each([
    ["load", "failed", (store: RedisSessionStore) => store.load(freshId(manager), call)],
    ["generation", "failed", (store: RedisSessionStore) => store.directory.generation(alice, call)],
    ["create", "unknown", (store: RedisSessionStore) => store.create(recordAt(now, alice), call)],
    ["touch", "unknown", (store: RedisSessionStore) => store.touch(absent.id, absent, call)],
    ["end", "unknown", (store: RedisSessionStore) => store.end(ended, undefined, call)],
    ["list", "failed", (store: RedisSessionStore) => store.directory.list(alice, call)],
    ["count", "failed", (store: RedisSessionStore) => store.directory.count(manager, call)],
  ] as const)("of %s is a StoreError, never taken for nothing", async (operation, outcome, act) => {
    for (const name of TRANSFORMED) Command.setReplyTransformer(name, (reply) => ({ reply }));
    const client = new Redis(server.port, "127.0.0.1");
    try {
      const failure = act(redisStore(client));
      await expect(failure).rejects.toMatchObject({ name: "StoreError", operation, outcome });
    } finally {
      for (const name of TRANSFORMED) Command.setReplyTransformer(name, (reply) => reply);
      client.disconnect();
    }
  });

  it("stands under an id that another program has written: its text is no session", async () => {
    const client = new Redis(server.port, "127.0.0.1");
    const store = redisStore(client);
    const record = recordAt(now, { manager });
    const key = `sojourn:${record.id}`;
    for (const text of ["", "x", '{"cart":[]}', "L", "Loading ..."]) {
      await ask(server.port, "set", key, text);
      const answers = await Promise.allSettled([
        store.load(record.id, call),
        store.create(record, call),
        store.update(successorOf(record), record.version, call),
        store.end(tombstoneAt(now, record), undefined, call),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
    }
    client.disconnect();
  });

  const TRANSFORMED = ["get", "hget", "evalsha", "eval", "zrange", "getrange", "scan"];
  const alice = { manager, userId: "alice" };
  const absent = recordAt(now, { manager });
  const ended = tombstoneAt(now, absent);
});
