import { Redis } from "ioredis";
import { Redis as Valkey } from "iovalkey";
import { createClient, createClientPool } from "redis";
import type { SilentStore } from "../../../src/core/store.ts";
import type { RedisClient } from "../../../src/stores/redis/index.ts";
import {
  type RedisSessionStore,
  type RedisStoreOptions,
  redisStore,
} from "../../../src/stores/redis/index.ts";
import type { OpenStore } from "../../../src/testing/store.ts";
import type { TestServer } from "../../support/servers/test-server.ts";

/** An application's client, connected, and how the application ends it. */
export interface OpenClient {
  readonly client: RedisClient;
  end(): void;
}

export type Connect = (port: number) => Promise<OpenClient>;

const quiet = (): void => undefined;

const connectNodeRedis: Connect = async (port) => {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", quiet);
  await client.connect();
  return { client, end: () => client.destroy() };
};

const connectIoRedis: Connect = async (port) => {
  const client = new Redis(port, "127.0.0.1");
  client.on("error", quiet);
  return { client, end: () => client.disconnect() };
};

const connectIoValkey: Connect = async (port) => {
  const client = new Valkey(port, "127.0.0.1");
  client.on("error", quiet);
  return { client, end: () => client.disconnect() };
};

/** A pool of connections, of the `redis` package. */
export const connectPool: Connect = async (port) => {
  const url = `redis://127.0.0.1:${port}`;
  const client = createClientPool({ url }, { minimum: 2, maximum: 3 });
  client.on("error", quiet);
  await client.connect();
  return { client, end: () => client.destroy() };
};

export const SINGLE: readonly (readonly [string, Connect])[] = [
  ["redis", connectNodeRedis],
  ["ioredis", connectIoRedis],
  ["iovalkey", connectIoValkey],
];

/** The suite's view of a store on a server that is there already. */
export function openOn(
  server: () => TestServer,
  connect: Connect,
  options: RedisStoreOptions = {},
): OpenStore {
  return async () => {
    const clients: OpenClient[] = [];
    const opened = async (): Promise<ReturnType<typeof redisStore>> => {
      const one = await connect(server().port);
      clients.push(one);
      return redisStore(one.client, options);
    };
    const store = await opened();
    return {
      store,
      sibling: opened,
      stall: async () => {
        server().pause();
        return async () => server().resume();
      },
      async close() {
        await store.close();
        for (const { end } of clients) end();
      },
    };
  };
}

/** The model sweeps; Redis does it by itself. */
export function swept(store: RedisSessionStore): SilentStore {
  const expiry = { intervalMs: 1, deleteExpired: async () => 0 };
  return {
    ...{ profile: store.profile, directory: store.directory, expiry },
    load: (id, options) => store.load(id, options),
    create: (record, options) => store.create(record, options),
    update: (record, expected, options) => store.update(record, expected, options),
    end: (tombstone, expected, options) => store.end(tombstone, expected, options),
    touch: (id, seen, options) => store.touch(id, seen, options),
    close: () => store.close(),
  };
}
