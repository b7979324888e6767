import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import connectPgSimple from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import session from "express-session";
import pg from "pg";
import { createClient } from "redis";
import fileStoreOf from "session-file-store";
import { startPostgres } from "../../../support/servers/postgres.ts";
import { startRedis } from "../../../support/servers/redis.ts";

/** A store made for express-session, as an application has it. */
export interface Theirs {
  readonly store: session.Store;
  close(): Promise<void>;
}

const FileStore = fileStoreOf(session);
const PgStore = connectPgSimple(session);

export async function openConnectRedis(): Promise<Theirs> {
  const redis = await startRedis();
  const client = createClient({ url: `redis://127.0.0.1:${redis.port}` });
  await client.connect();
  return {
    store: new RedisStore({ client }),
    async close() {
      client.destroy();
      await redis.stop();
    },
  };
}

export async function openConnectPgSimple(): Promise<Theirs> {
  const { server, url } = await startPostgres();
  const pool = new pg.Pool({ connectionString: url });
  const store = new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false });
  return {
    store,
    async close() {
      await store.close();
      await pool.end();
      await server.stop();
    },
  };
}

export async function openSessionFileStore(): Promise<Theirs> {
  const path = await mkdtemp(join(tmpdir(), "sojourn-session-files-"));
  return {
    store: new FileStore({ path, retries: 0, logFn: () => undefined, reapInterval: -1 }),
    close: () => rm(path, { recursive: true, force: true }),
  };
}
