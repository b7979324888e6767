import { createClient } from "redis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { memcachedStore } from "../../src/stores/memcached/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { describeStore, type OpenStore } from "../../src/testing/store.ts";
import { memcached } from "../support/servers/memcached.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import { startServer, type TestServer } from "../support/servers/test-server.ts";
import { openPath } from "./support/databases.ts";
import { openInFront, openLayered } from "./support/layered.ts";
import { connectPromise } from "./support/memcached-clients.ts";
import { connectPool, openOn } from "./support/postgres-databases.ts";

const options = { runner: { describe, it } };

let postgres: PostgresServer;
let cache: TestServer;
let redis: TestServer;
beforeAll(async () => {
  postgres = await startPostgres();
  cache = await startServer(memcached());
  redis = await startRedis();
});
afterAll(async () => {
  await postgres.server.stop();
  await cache.stop();
  await redis.stop();
});

const openMemory: OpenStore = async () => {
  const store = memoryStore();
  return { store, close: () => store.close() };
};
const openPostgres = openOn(() => postgres.url, connectPool);

describeStore("memory before memory", openInFront(openMemory), options);
describeStore("memory before SQLite", openInFront(openPath), options);
describeStore("memory before PostgreSQL", openInFront(openPostgres), options);

describeStore(
  "one Memcached for all before PostgreSQL",
  openLayered(openPostgres, async () => {
    const { client, close } = connectPromise(cache);
    return { near: memcachedStore(client), close: async () => close() };
  }),
  options,
);

describeStore(
  "one Redis for all before PostgreSQL",
  openLayered(openPostgres, async () => {
    const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
    client.on("error", () => undefined);
    await client.connect();
    return { near: redisStore(client), close: async () => client.destroy() };
  }),
  options,
);
