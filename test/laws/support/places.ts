import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import { createClient } from "redis";
import { memoryStore, type SessionStore } from "../../../src/index.ts";
import { movingStore } from "../../../src/migrate/index.ts";
import { encrypted } from "../../../src/stores/encrypted/index.ts";
import { fileStore } from "../../../src/stores/file/index.ts";
import { layered } from "../../../src/stores/layered/index.ts";
import { mysqlStore } from "../../../src/stores/mysql/index.ts";
import { postgresStore } from "../../../src/stores/postgres/index.ts";
import { redisStore } from "../../../src/stores/redis/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { mariadbAddress } from "../../support/servers/mariadb.ts";
import type { PostgresServer } from "../../support/servers/postgres.ts";
import type { TestServer } from "../../support/servers/test-server.ts";

/** A store, and all that its backend holds, as text. */
export interface Place {
  readonly store: SessionStore;
  held(): Promise<string>;
  close(): Promise<void>;
}

export interface Servers {
  readonly redis: TestServer;
  readonly postgres: PostgresServer;
  readonly mariadb: TestServer;
}

export const KEY = "lYqT3m9XkV0aPzR7uWc2HsBfJdN4gEo8yKi5tQvM1xA";

/** Every store that can find sessions by user, over the bytes that it leaves. */
export const PLACES: Readonly<Record<string, (servers: Servers) => Promise<Place>>> = {
  sqlite: () => onDatabases((path) => sqliteStore(path("sessions"))),
  file: onFiles,
  redis: ({ redis }) => onRedis(redis),
  postgres: ({ postgres }) => onPostgres(postgres),
  mysql: ({ mariadb }) => onMysql(mariadb),
  encrypted: () => onDatabases((path) => encrypted(sqliteStore(path("sessions")), [KEY])),
  layered: () =>
    onDatabases((path) =>
      layered(sqliteStore(path("near")), sqliteStore(path("origin")), { maxStaleness: "5s" }),
    ),
  "layered before memory": () =>
    onDatabases((path) =>
      layered(memoryStore(), sqliteStore(path("origin")), { maxStaleness: "5s" }),
    ),
  moving: () =>
    onDatabases((path) => movingStore(sqliteStore(path("from")), sqliteStore(path("to")))),
};

/** SQLite databases in a folder of their own. */
export async function onDatabases(
  open: (path: (name: string) => string) => SessionStore,
): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "sojourn-place-"));
  const paths = new Set<string>();
  const store = open((name) => {
    const path = join(folder, `${name}.db`);
    paths.add(path);
    return path;
  });
  return {
    store,
    held: async () => [...paths].map(rowsOf).join("\n"),
    async close() {
      await store.close?.();
      await rm(folder, { recursive: true });
    },
  };
}

/** Also what the file itself has left, once it has been cleared up. */
export function fileOf(path: string): DatabaseSync {
  return new DatabaseSync(path);
}

function rowsOf(path: string): string {
  const database = new DatabaseSync(path);
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all());
  database.close();
  return JSON.stringify(rows);
}

async function onFiles(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "sojourn-place-"));
  const store = fileStore(join(folder, "sessions"));
  return {
    store,
    async held() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const texts = entries.map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return entry.isFile() ? `${path}\n${await readFile(path, "utf8")}` : path;
      });
      return (await Promise.all(texts)).join("\n");
    },
    async close() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function onRedis({ port }: TestServer): Promise<Place> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => undefined);
  await client.connect();
  await client.flushAll();
  const store = redisStore(client);
  const textAt = async (key: string): Promise<unknown> => {
    const type = await client.type(key);
    if (type === "zset") return client.zRange(key, 0, -1);
    return type === "hash" ? client.hGetAll(key) : client.get(key);
  };
  return {
    store,
    async held() {
      const keys = await client.keys("*");
      return JSON.stringify(await Promise.all(keys.map(async (key) => [key, await textAt(key)])));
    },
    async close() {
      await store.close();
      client.destroy();
    },
  };
}

let tables = 0;

function tablesOf(name: string): readonly string[] {
  return [name, `${name}_generations`, `${name}_meta`];
}

function freshTable(): string {
  tables += 1;
  return `place_${process.pid}_${tables}`;
}

async function onPostgres({ url }: PostgresServer): Promise<Place> {
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 5_000 });
  const table = freshTable();
  const store = postgresStore(pool, { table });
  return {
    store,
    async held() {
      const texts = tablesOf(table).map(async (name) => {
        const { rows } = await pool.query(`SELECT row_to_json(t)::text AS row FROM ${name} AS t`);
        return JSON.stringify(rows);
      });
      return (await Promise.all(texts)).join("\n");
    },
    async close() {
      await store.close();
      await pool.end();
    },
  };
}

async function onMysql(server: TestServer): Promise<Place> {
  const pool = createPool(mariadbAddress(server));
  const table = freshTable();
  const store = mysqlStore(pool, { table });
  const textOf = (cell: unknown): unknown => (Buffer.isBuffer(cell) ? cell.toString() : cell);
  return {
    store,
    async held() {
      const texts = tablesOf(table).map(async (name) => {
        const [rows] = await pool.query(`SELECT * FROM ${name}`);
        return JSON.stringify((rows as object[]).map((row) => Object.values(row).map(textOf)));
      });
      return (await Promise.all(texts)).join("\n");
    },
    async close() {
      await store.close();
      await pool.end();
    },
  };
}
