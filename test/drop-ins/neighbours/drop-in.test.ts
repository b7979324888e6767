import { RedisStore } from "connect-redis";
import { createClient } from "redis";
import { afterAll, beforeAll } from "vitest";
import session from "../../../src/drop-ins/express-session/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { redisStore } from "../../../src/stores/redis/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import { describeNeighbours } from "./neighbours.ts";

const SETTINGS = { secret: "keyboard cat", resave: false, saveUninitialized: false };

let redis: TestServer;
let count = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describeNeighbours("the drop-in over its MemoryStore", () => {
  const store = new session.MemoryStore();
  return { session: () => session({ ...SETTINGS, store }), close: async () => undefined };
});

describeNeighbours("the drop-in over connect-redis", async () => {
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await client.connect();
  count += 1;
  const store = new RedisStore({ client, prefix: `sess:${count}:` });
  return { session: () => session({ ...SETTINGS, store }), close: async () => client.destroy() };
});

describeNeighbours("the drop-in over our Redis store", async () => {
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await client.connect();
  count += 1;
  const store = redisStore(client, { prefix: `ours:${count}:` });
  const middleware = session({ ...SETTINGS, store });
  return {
    session: () => middleware,
    async close() {
      await middleware.sessions.close();
      client.destroy();
    },
  };
});

describeNeighbours("the drop-in over our SQLite store", () => {
  const middleware = session({ ...SETTINGS, store: sqliteStore(":memory:") });
  return { session: () => middleware, close: () => middleware.sessions.close() };
});

describeNeighbours("the drop-in over our memory store", () => {
  const middleware = session({ ...SETTINGS, store: memoryStore() });
  return { session: () => middleware, close: () => middleware.sessions.close() };
});
