import { RedisStore } from "connect-redis";
import session from "express-session";
import { createClient } from "redis";
import { afterAll, beforeAll } from "vitest";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import { describeNeighbours } from "./neighbours.ts";

// The measure: what does not hold here says nothing of the drop-in.
const SETTINGS = { secret: "keyboard cat", resave: false, saveUninitialized: false };

let redis: TestServer;
let count = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describeNeighbours("express-session over its MemoryStore", () => {
  const store = new session.MemoryStore();
  return { session: () => session({ ...SETTINGS, store }), close: async () => undefined };
});

describeNeighbours("express-session over connect-redis", async () => {
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await client.connect();
  count += 1;
  const store = new RedisStore({ client, prefix: `sess:${count}:` });
  return { session: () => session({ ...SETTINGS, store }), close: async () => client.destroy() };
});
