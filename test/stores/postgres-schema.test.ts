import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Client, Pool, type PoolClient } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import { OptionsError } from "../../src/core/errors.ts";
import { newToken, sessionId } from "../../src/core/token.ts";
import {
  type PostgresClient,
  postgresSchema,
  postgresStore,
} from "../../src/stores/postgres/index.ts";
import { factsOf, recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { freshTable } from "./support/postgres-databases.ts";

const WORKER = fileURLToPath(new URL("./support/postgres-worker.ts", import.meta.url));
/** In the past, as a sweep asks the server's clock too. */
const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const manager = "shop";
const call = { now: NOW, signal: new AbortController().signal };

let server: PostgresServer;
let pool: Pool;
let table = "";
beforeAll(async () => {
  server = await startPostgres();
  pool = new Pool({ connectionString: server.url });
});
afterAll(async () => {
  await pool.end();
  await server.server.stop();
});
beforeEach(() => {
  table = freshTable();
});

const load = (
  client: PostgresClient = pool,
  options: Parameters<typeof postgresStore>[1] = {},
): Promise<unknown> =>
  postgresStore(client, { table, ...options }).load(recordAt(NOW, { manager }).id, call);

describe("the tables of the PostgreSQL store", () => {
  it("are created by several processes at the same moment", async () => {
    const workers = Array.from({ length: 3 }, () => fork(WORKER, [server.url, table]));
    const messages = await Promise.all(workers.map((worker) => once(worker, "message")));
    expect(messages.map(([outcome]) => outcome)).toEqual(Array(3).fill("created"));
    expect(
      await postgresStore(pool, { table }).directory.count(manager, {
        ...call,
        now: Date.now(),
      }),
    ).toBe(3);
  });

  it("are created by many connections at the same moment, again and again", async () => {
    for (let round = 0; round < 10; round += 1) {
      table = freshTable();
      await Promise.all(Array.from({ length: 10 }, () => load()));
    }
  });

  it("are created by many where transactions are serializable", async () => {
    const options = "-c default_transaction_isolation=serializable";
    const strict = new Pool({ connectionString: server.url, options });
    for (let round = 0; round < 5; round += 1) {
      table = freshTable();
      await Promise.all(Array.from({ length: 6 }, () => load(strict)));
    }
    await strict.end();
  });

  it("are created once for many first calls of one store", async () => {
    const store = postgresStore(pool, { table });
    const records = Array.from({ length: 30 }, () => recordAt(NOW, { manager }));
    const outcomes = await Promise.all(records.map((record) => store.create(record, call)));
    expect(new Set(outcomes)).toEqual(new Set(["created"]));
  });

  it("are refused with a sentence when they are newer, and left alone", async () => {
    await load();
    await pool.query(`UPDATE ${table}_meta SET value = 99`);
    await expect(load()).rejects.toThrow(/schema version 99.*run the newer release/);
    await pool.query(`UPDATE ${table}_meta SET value = 1`);
    expect(await load()).toBeUndefined();
  });

  it("are refused where the table is the application's own", async () => {
    await pool.query(`CREATE TABLE ${table} (something text)`);
    await expect(load()).rejects.toMatchObject({
      name: "StoreError",
      outcome: "failed",
      cause: { code: "42P07", message: expect.stringContaining("already exists") },
    });
    const { rows } = await pool.query("SELECT to_regclass($1) AS meta", [`${table}_meta`]);
    expect(rows).toEqual([{ meta: null }]);
  });

  it("are wanted with a sentence where they are only checked", async () => {
    await expect(load(pool, { schema: "check" })).rejects.toThrow(/run what postgresSchema/);
    await pool.query(postgresSchema({ table }));
    expect(await load(pool, { schema: "check" })).toBeUndefined();
  });

  it("need no right to create anything where a migration has made them", async () => {
    const role = `role_${table}`;
    await pool.query(postgresSchema({ table }));
    await pool.query(`
      CREATE ROLE ${role} LOGIN;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${table}, ${table}_generations TO ${role};
      GRANT SELECT ON ${table}_meta TO ${role}`);
    const modest = new Pool({ connectionString: server.url.replace("postgres@", `${role}@`) });
    for (const schema of ["create", "check"] as const) {
      const store = postgresStore(modest, { table, schema });
      const record = recordAt(NOW, { manager, userId: "alice" });
      const user = { manager, userId: "alice" };
      expect(await store.create(record, call)).toBe("created");
      await store.directory.raiseGeneration(user, call);
      expect(await store.directory.list(user, call)).toEqual([factsOf(record)]);
      const end = { except: undefined, version: record.version, reason: "revoked" as const };
      const times = { endedAt: NOW, expiresAt: NOW + 1 };
      expect(await store.directory.endAll(user, { ...end, ...times }, call)).toEqual([record.id]);
      expect(await store.expiry.deleteExpired({ ...call, now: NOW + 1 + HOUR_MS })).toBe(1);
    }
    const fresh = postgresStore(modest, { table: freshTable() });
    await expect(fresh.load(recordAt(NOW, { manager }).id, call)).rejects.toMatchObject({
      outcome: "failed",
      cause: { code: "42501" },
    });
    await modest.end();
  });

  it("lie in the schema that is named, capitals and keywords as they are", async () => {
    await pool.query('CREATE SCHEMA "Order"');
    const named = postgresStore(pool, { table: "Order.Select" });
    const record = recordAt(NOW, { manager });
    await named.create(record, call);
    expect(await postgresStore(pool, { table }).load(record.id, call)).toBeUndefined();
    const { rows } = await pool.query('SELECT id FROM "Order"."Select"');
    expect(rows).toEqual([{ id: record.id }]);
  });
});

describe("a row of the PostgreSQL store", () => {
  it("holds no token and nothing that opens a session", async () => {
    const token = newToken(pooledRandom());
    const store = postgresStore(pool, { table });
    const record = recordAt(NOW, { manager, id: sessionId(token, manager) });
    await store.create(record, call);
    const { rows } = await pool.query(`SELECT * FROM ${table}`);
    expect(JSON.stringify(rows)).toContain(record.id);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  it("holds nothing of what a session was, once it has ended", async () => {
    const store = postgresStore(pool, { table });
    const texts = { data: '{"private":1}', flash: "[1]", userId: "alice", device: "Firefox" };
    const record = recordAt(NOW, { manager, ...texts, authenticatedAt: NOW, earlier: "12345678" });
    const tombstone = tombstoneAt(NOW, record);
    await store.create(record, call);
    await store.end(tombstone, undefined, call);
    const { rows } = await pool.query(`SELECT * FROM ${table}`);
    const kept = Object.entries(rows[0]).filter(([, value]) => value !== null);
    expect(Object.fromEntries(kept)).toEqual({
      id: record.id,
      manager,
      version: tombstone.version,
      reason: "destroyed",
      ended_at: String(NOW),
      expires_at: String(tombstone.expiresAt),
      sweep_at: String(Math.ceil(tombstone.expiresAt / HOUR_MS) * HOUR_MS),
    });
  });

  it("can be asked for what is in its data, as json and as jsonb", async () => {
    const store = postgresStore(pool, { table });
    await store.create(recordAt(NOW, { manager, data: '{"theme":"dark","tags":[1,2]}' }), call);
    await store.create(recordAt(NOW, { manager, data: '{"theme":"light"}' }), call);
    const asked = `SELECT data->>'theme' AS theme FROM ${table} WHERE data::jsonb @> '{"tags":[2]}'`;
    expect((await pool.query(asked)).rows).toEqual([{ theme: "dark" }]);
  });

  it("can be indexed as jsonb, and keeps even then what jsonb refuses", async () => {
    const store = postgresStore(pool, { table });
    await store.load(recordAt(NOW, { manager }).id, call);
    const asJsonb = "CASE WHEN data::text !~ '\\\\u(0000|d[89a-f])' THEN data::jsonb END";
    await pool.query(`CREATE INDEX ON ${table} USING gin ((${asJsonb}))`);
    const odd = recordAt(NOW, {
      manager,
      data: '{"theme":"dark","nul":"\\u0000","half":"\\ud800"}',
    });
    const plain = recordAt(NOW, { manager, data: '{"theme":"dark"}' });
    for (const record of [odd, plain]) await store.create(record, call);
    expect(await store.load(odd.id, call)).toEqual(odd);
    const asked = `SELECT id FROM ${table} WHERE ${asJsonb} @> '{"theme":"dark"}'`;
    expect((await pool.query(asked)).rows).toEqual([{ id: plain.id }]);
  });

  it("carries the data's text unchanged, where jsonb would not", async () => {
    const store = postgresStore(pool, { table });
    const texts = [
      '{"b":1,"a":2,"b":3}',
      '{ "n" : 1e400, "m": 1.50, "big": 12345678901234567890 }',
      '{"nul":"\\u0000","half":"\\ud800"}',
      '"a text"',
      "null",
    ];
    for (const data of texts) {
      const record = recordAt(NOW, { manager, data });
      await store.create(record, call);
      expect(await store.load(record.id, call)).toEqual(record);
      const conflict = await store.update(successorOf(record), record.id as never, call);
      expect(conflict).toEqual({ kind: "conflict", current: record });
    }
  });
});

describe("what a PostgreSQL store takes", () => {
  it("is any of the drivers' own objects, without a cast", () => {
    expectTypeOf<Pool>().toExtend<PostgresClient>();
    expectTypeOf<Client>().toExtend<PostgresClient>();
    expectTypeOf<PoolClient>().toExtend<PostgresClient>();
    expectTypeOf<postgres.Sql>().toExtend<PostgresClient>();
    expectTypeOf<postgres.Sql<{ bigint: bigint }>>().toExtend<PostgresClient>();
  });

  it("is a client on loan from a pool", async () => {
    const client = await pool.connect();
    const store = postgresStore(client, { table });
    const record = recordAt(NOW, { manager });
    expect(await store.create(record, call)).toBe("created");
    client.release();
    expect(store.profile.caveats.join()).toContain("never reconnects");
  });

  it("is a postgres.js that renames columns, and one with bigints", async () => {
    const sql = postgres(server.url, {
      transform: postgres.camel,
      types: { bigint: postgres.BigInt },
    });
    const store = postgresStore(sql, { table });
    const record = recordAt(NOW, { manager, userId: "alice" });
    await store.create(record, call);
    expect(await store.load(record.id, call)).toEqual(record);
    expect(await store.directory.count(manager, call)).toBe(1);
    await sql.end();
  });

  it("is left alone while the store is constructed, and at close", async () => {
    const own = new Pool({ connectionString: "postgres://nobody@127.0.0.1:1/none" });
    await postgresStore(own).close();
    expect(own.totalCount).toBe(0);
    await own.end();
  });

  it.each([
    ["nothing", () => postgresStore(undefined as never)],
    // @ts-expect-error it is no client
    ["a text", () => postgresStore("postgres://localhost")],
    // @ts-expect-error it lacks what a client has
    ["an object of another kind", () => postgresStore({ query: () => [] })],
    ["a table with a quote", () => postgresStore(pool, { table: 'x"; DROP TABLE y; --' })],
    ["a table in a schema in a database", () => postgresStore(pool, { table: "a.b.c" })],
    ["a table that leaves no room", () => postgresStore(pool, { table: "x".repeat(51) })],
    ["an interval that is none", () => postgresStore(pool, { sweepInterval: -1 })],
    // @ts-expect-error there is no third
    ["another schema", () => postgresStore(pool, { schema: "drop" })],
    // @ts-expect-error it would weaken what ends a session
    ["ends that wait for nothing", () => postgresStore(pool, { synchronousEnds: "off" })],
    // @ts-expect-error no such option
    ["an unknown option", () => postgresStore(pool, { tableName: "sessions" })],
    // @ts-expect-error no such option
    ["an unknown option of the SQL", () => postgresSchema({ name: "sessions" })],
  ])("is not %s", (_, open) => {
    expect(open).toThrow(OptionsError);
  });
});
