import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MemcacheClient } from "memcache-client";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import { createClient } from "redis";
import type { SessionStore } from "../../src/index.ts";
import { fileStore } from "../../src/stores/file/index.ts";
import { memcachedStore } from "../../src/stores/memcached/index.ts";
import { mysqlStore } from "../../src/stores/mysql/index.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { ALL_NAMES } from "../../src/stores/sql/columns.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import type { Random } from "../support/random.ts";
import { mariadbAddress, startMariadb } from "../support/servers/mariadb.ts";
import { memcached } from "../support/servers/memcached.ts";
import { startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import { startServer } from "../support/servers/test-server.ts";
import { mutant } from "./mutator.ts";

/** A real store, and a way past it to what it keeps of one session. */
export interface DamagedPlace {
  readonly store: SessionStore;
  /** Damages what is kept in some way; where the backend refuses such a value, nothing is. */
  damage(id: string, random: Random): Promise<unknown>;
  close(): Promise<unknown>;
}

export const DAMAGED_PLACES: Readonly<Record<string, () => Promise<DamagedPlace>>> = {
  "a file": onFile,
  SQLite: onSqlite,
  PostgreSQL: onPostgres,
  MariaDB: onMysql,
  Redis: onRedis,
  Memcached: onMemcached,
};

function texts(whole: string, random: Random): Buffer {
  return mutant({ seeds: [Buffer.from(whole)], pieces: PIECES }, random);
}

const PIECES = ["null", "1e999", "{}", '"', ',"userId":"eve"', "\n", "A", "zzz"].map((piece) =>
  Buffer.from(piece),
);

async function onFile(): Promise<DamagedPlace> {
  const folder = await mkdtemp(join(tmpdir(), "sojourn-damaged-"));
  const store = fileStore(join(folder, "sessions"));
  let whole: readonly [path: string, text: string] | undefined;
  return {
    store,
    async damage(_, random) {
      whole ??= await recordIn(folder);
      await writeFile(whole[0], texts(whole[1], random));
    },
    async close() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function recordIn(folder: string): Promise<[string, string]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = entries.filter((each) => each.isFile() && each.parentPath.includes("records"));
  const paths = found.map(({ parentPath, name }) => join(parentPath, name));
  const all = await Promise.all(paths.map(async (path) => [path, await readFile(path, "utf8")]));
  const [path = "", text = ""] = all.find(([, each]) => each?.includes("ada")) ?? [];
  return [path, text];
}

async function onRedis(): Promise<DamagedPlace> {
  const server = await startRedis();
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  client.on("error", () => undefined);
  await client.connect();
  const store = redisStore(client);
  let whole: string | null | undefined;
  return {
    store,
    async damage(id, random) {
      whole ??= await client.get(`sojourn:${id}`);
      await client.set(`sojourn:${id}`, texts(whole ?? "", random));
    },
    async close() {
      await store.close();
      client.destroy();
      await server.stop();
    },
  };
}

async function onMemcached(): Promise<DamagedPlace> {
  const server = await startServer(memcached());
  const client = new MemcacheClient({ server: `127.0.0.1:${server.port}`, noDelay: true });
  const store = memcachedStore(client);
  let whole: string | undefined;
  return {
    store,
    async damage(id, random) {
      const key = `sojourn:${id}`;
      whole ??= String((await client.get<string>(key)).value);
      await client.set(key, texts(whole, random).toString("utf8"));
    },
    async close() {
      await store.close?.();
      client.shutdown();
      await server.stop();
    },
  };
}

type Cell = string | number | bigint | boolean | null;
type Row = Record<string, Cell>;

/** A row with one to three cells made wrong, each in one of the ways that its column may allow. */
function damagedRow(row: Row, random: Random): Row {
  const made = { ...row };
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const name = random.pick(ALL_NAMES.filter((each) => each !== "id"));
    const cell = row[name] ?? null;
    const text = texts(String(cell), random).toString("utf8").replaceAll("\0", "");
    const number = random.pick([0, -1, 1, 2 ** 31, 2 ** 53, -(2 ** 53), 1e15]);
    made[name] = random.pick<Cell>([null, text, number, typeof cell === "string" ? text : number]);
  }
  return made;
}

/** Damages rows of a table, as far as the database lets itself be told to. */
function rowDamage(
  rowOf: (id: string) => Promise<Row>,
  write: (names: readonly string[], values: Cell[], id: string) => unknown,
): DamagedPlace["damage"] {
  let whole: Row | undefined;
  const put = (row: Row, id: string): unknown => {
    const names = ALL_NAMES.filter((name) => name !== "id");
    return write(
      names,
      names.map((name) => row[name] ?? null),
      id,
    );
  };
  return async (id, random) => {
    whole ??= await rowOf(id);
    await put(whole, id);
    try {
      await put(damagedRow(whole, random), id);
    } catch {
      // Of another type than the column: that database would never hold it.
    }
  };
}

async function onSqlite(): Promise<DamagedPlace> {
  const folder = await mkdtemp(join(tmpdir(), "sojourn-damaged-"));
  const path = join(folder, "sessions.db");
  const database = new DatabaseSync(path);
  const store = sqliteStore(path, { table: "damaged" });
  const damage = rowDamage(
    async (id) => database.prepare("SELECT * FROM damaged WHERE id = ?").get(id) as Row,
    (names, values, id) => {
      const places = names.map((name) => `${name} = ?`).join(", ");
      database
        .prepare(`UPDATE damaged SET ${places} WHERE id = ?`)
        .run(...values.map((value) => (typeof value === "boolean" ? Number(value) : value)), id);
    },
  );
  return {
    ...{ store, damage },
    async close() {
      await store.close();
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function onPostgres(): Promise<DamagedPlace> {
  const { url, server } = await startPostgres();
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 5_000 });
  pool.on("error", () => undefined);
  const store = postgresStore(pool, { table: "damaged" });
  const damage = rowDamage(
    async (id) => (await pool.query("SELECT * FROM damaged WHERE id = $1", [id])).rows[0] as Row,
    (names, values, id) => {
      const places = names.map((name, place) => `${name} = $${place + 1}`).join(", ");
      const end = `WHERE id = $${names.length + 1}`;
      return pool.query(`UPDATE damaged SET ${places} ${end}`, [...values, id]);
    },
  );
  return {
    ...{ store, damage },
    async close() {
      await store.close();
      await pool.end();
      await server.stop();
    },
  };
}

async function onMysql(): Promise<DamagedPlace> {
  const server = await startMariadb();
  const pool = createPool(mariadbAddress(server));
  const store = mysqlStore(pool, { table: "damaged" });
  const damage = rowDamage(
    async (id) => {
      const [rows] = await pool.query("SELECT * FROM damaged WHERE id = ?", [id]);
      const cells = Object.entries((rows as Record<string, unknown>[])[0] ?? {});
      const plain = cells.map(([name, cell]) => [name, Buffer.isBuffer(cell) ? `${cell}` : cell]);
      return Object.fromEntries(plain) as Row;
    },
    (names, values, id) => {
      const places = names.map((name) => `${name} = ?`).join(", ");
      return pool.query(`UPDATE damaged SET ${places} WHERE id = ?`, [...values, id]);
    },
  );
  return {
    ...{ store, damage },
    async close() {
      await store.close();
      await pool.end();
      await server.stop();
    },
  };
}
