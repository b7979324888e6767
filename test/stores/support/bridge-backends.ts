import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import connectPgSimple from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import session, { MemoryStore } from "express-session";
import { Keyv } from "keyv";
import { Pool } from "pg";
import { createClient } from "redis";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import redisDriver from "unstorage/drivers/redis";
import type { SessionStore } from "../../../src/core/store.ts";
import { connectStore, keyvStore, unstorageStore } from "../../../src/stores/bridges/index.ts";
import type { StoreUnderTest } from "../../../src/testing/store.ts";
import type { PostgresServer } from "../../support/servers/postgres.ts";
import type { TestServer } from "../../support/servers/test-server.ts";

export const silent = { notice: (): void => undefined };

export async function openMemoryStore(): Promise<StoreUnderTest> {
  const backend = new MemoryStore();
  const open = async (): Promise<SessionStore> => connectStore(backend, silent);
  return { store: await open(), sibling: open, close: async () => undefined };
}

/** connect-redis, with a client of its own for each handle if wanted, as another process has. */
export async function openConnectRedis(
  server: TestServer,
  sharing: "one client" | "two clients",
): Promise<StoreUnderTest> {
  const clients: { destroy(): void }[] = [];
  const make = async (): Promise<RedisStore> => {
    const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
    client.on("error", () => undefined);
    clients.push(client);
    await client.connect();
    return new RedisStore({ client });
  };
  const first = await make();
  const open = async (): Promise<SessionStore> =>
    connectStore(sharing === "one client" ? first : await make(), silent);
  return {
    store: connectStore(first, silent),
    sibling: open,
    stall: async () => {
      server.pause();
      return async () => server.resume();
    },
    close: async () => {
      for (const client of clients) client.destroy();
    },
  };
}

export async function openConnectPgSimple({ url }: PostgresServer): Promise<StoreUnderTest> {
  const pool = new Pool({ connectionString: url });
  pool.on("error", () => undefined);
  const PgStore = connectPgSimple(session);
  const backend = new PgStore({
    ...{ pool, createTableIfMissing: true, pruneSessionInterval: false },
    errorLog: () => undefined,
  });
  return { store: connectStore(backend, silent), close: () => pool.end() };
}

export async function openUnstorageMemory(): Promise<StoreUnderTest> {
  const storage = createStorage();
  const open = async (): Promise<SessionStore> =>
    unstorageStore(storage, { ...silent, sweepInterval: "1m" });
  return { store: await open(), sibling: open, close: () => storage.dispose() };
}

export async function openUnstorageFiles(): Promise<StoreUnderTest> {
  const base = await mkdtemp(join(tmpdir(), "sojourn-bridge-"));
  const storage = createStorage({ driver: fsDriver({ base }) });
  return {
    store: unstorageStore(storage, { ...silent, sweepInterval: "1m" }),
    close: () => rm(base, { recursive: true }),
  };
}

export async function openUnstorageRedis(server: TestServer): Promise<StoreUnderTest> {
  const storage = createStorage({
    driver: redisDriver({ host: "127.0.0.1", port: server.port, base: "unstorage" }),
  });
  return {
    store: unstorageStore(storage, silent),
    stall: async () => {
      server.pause();
      return async () => server.resume();
    },
    close: () => storage.dispose(),
  };
}

export async function openKeyvMap(): Promise<StoreUnderTest> {
  return { store: keyvStore(new Keyv(), silent), close: async () => undefined };
}

/** Keyv hands out the very objects that it holds. */
export async function openKeyvUnserialized(): Promise<StoreUnderTest> {
  const keyv = new Keyv({ serialization: false });
  return { store: keyvStore(keyv, silent), close: async () => undefined };
}
