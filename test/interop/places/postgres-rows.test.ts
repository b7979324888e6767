import { PGlite } from "@electric-sql/pglite";
import { Client, Pool } from "pg";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqlRows } from "../../../src/interop/places/sql-rows.ts";
import { startPgbouncer } from "../../support/servers/pgbouncer.ts";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres.ts";
import { startProxy, type TestProxy } from "../../support/servers/proxy.ts";
import { call, describePlace, expectBounded } from "./suite.ts";
import { DJANGO, djangoKey, FLASK, TEXT } from "./tables.ts";

// As the frameworks' own migrations make them.
const TABLES = `
CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY,
  "session_data" text NOT NULL, "expire_date" timestamp with time zone NOT NULL);
CREATE TABLE sessions (id SERIAL NOT NULL, session_id VARCHAR(255), data BYTEA,
  expiry TIMESTAMP WITHOUT TIME ZONE, PRIMARY KEY (id), UNIQUE (session_id));`;
const NOW = Date.UTC(2026, 0, 31, 9, 8, 7, 60);

let server: PostgresServer;
let proxy: TestProxy;
let pool: Pool;
let client: Client;
let sql: Sql;
let pglite: PGlite;

beforeAll(async () => {
  server = await startPostgres({ timezone: "America/New_York" });
  proxy = await startProxy({ port: server.server.port, seed: 1 });
  pool = new Pool({ connectionString: server.url, max: 4, connectionTimeoutMillis: 5_000 });
  pool.on("error", () => undefined);
  client = new Client({ connectionString: server.url });
  client.on("error", () => undefined);
  await client.connect();
  sql = postgres(server.url, { max: 4, onnotice: () => undefined });
  pglite = new PGlite();
  await client.query(TABLES);
  await pglite.exec(TABLES);
});
afterAll(async () => {
  await Promise.all([pool?.end(), client?.end(), sql?.end({ timeout: 1 }), pglite?.close()]);
  await proxy?.close();
  await server?.server.stop();
});

const django = { bytes: TEXT, newKey: djangoKey, toleranceMs: 1 };
const flask = { toleranceMs: 1 };
describePlace("Django's table, by a Pool of pg", () => sqlRows(pool, DJANGO), django);
describePlace("Django's table, by a Client of pg", () => sqlRows(client, DJANGO), django);
describePlace("Django's table, by postgres.js", () => sqlRows(sql, DJANGO), django);
describePlace("Flask's table, by a Pool of pg", () => sqlRows(pool, FLASK), flask);
describePlace("Flask's table, by postgres.js", () => sqlRows(sql, FLASK), flask);
describePlace("Flask's table, by PGlite", () => sqlRows(pglite, FLASK), flask);

describe("sessions of another framework in PostgreSQL", () => {
  it("leaves a row as Python would, in whichever zone the server is", async () => {
    const row = { bytes: Buffer.from("text"), endsAt: NOW + 1_000 };
    await sqlRows(pool, DJANGO).insert("plain", row, call(NOW));
    await sqlRows(pool, FLASK).insert("plain", row, call(NOW));
    const { rows } = await client.query(
      `SELECT session_data, encode(data, 'escape') AS data, expiry::text,
        (expire_date AT TIME ZONE 'UTC')::text AS expires
      FROM django_session, sessions WHERE session_key = 'plain' AND session_id = 'session:plain'`,
    );
    const instant = "2026-01-31 09:08:08.06";
    expect(rows).toEqual([
      { session_data: "text", data: "text", expiry: instant, expires: instant },
    ]);
  });

  it.each([
    ["Django", DJANGO],
    ["Flask", FLASK],
  ])("takes what has expired for absent, as %s does", async (_, table) => {
    const rows = sqlRows(pool, table);
    const bytes = Buffer.from("old");
    await rows.insert("expired", { bytes, endsAt: NOW }, call(NOW - 1));
    expect(await rows.read("expired", call(NOW))).toBeUndefined();
    expect(await rows.replace("expired", bytes, { bytes, endsAt: NOW + 5 }, call(NOW))).toBe(false);
    expect(await rows.extend?.("expired", bytes, NOW + 5, call(NOW))).toBe(false);
    expect(await rows.remove("expired", undefined, call(NOW))).toBe(false);
    const after = { bytes: Buffer.from("new"), endsAt: NOW + 5 };
    expect(await rows.insert("expired", after, call(NOW))).toBe(true);
    expect((await rows.read("expired", call(NOW)))?.endsAt).toBe(NOW + 5);
  });

  it("does not write into a transaction that somebody left open", async () => {
    const small = new Pool({ connectionString: server.url, max: 1 });
    small.on("error", () => undefined);
    const lent = await small.connect();
    await lent.query("BEGIN");
    lent.release();
    const row = { bytes: Buffer.from("x"), endsAt: NOW + 5 };
    expect(await sqlRows(small, DJANGO).insert("alone", row, call(NOW))).toBe(true);
    expect(await sqlRows(client, DJANGO).read("alone", call(NOW))).toBeDefined();
    await small.end();
  });

  it("leaves no transaction behind a statement that failed", async () => {
    const bad = { bytes: Buffer.from([0xff, 0xfe]), endsAt: NOW + 5 };
    await expect(sqlRows(pool, DJANGO).insert("bad", bad, call(NOW))).rejects.toThrow(/22021/);
    const { rows } = await client.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'",
    );
    expect(rows).toEqual([{ n: 0 }]);
    expect(await sqlRows(pool, DJANGO).read("bad", call(NOW))).toBeUndefined();
  });

  it("works behind a pooler that lends connections for a transaction", async () => {
    const pooler = await startPgbouncer(server.server.port);
    const behind = new Pool({ connectionString: pooler.url, max: 4 });
    behind.on("error", () => undefined);
    const row = { bytes: TEXT, endsAt: NOW + 5 };
    const keys = Array.from({ length: 20 }, djangoKey);
    const rows = sqlRows(behind, DJANGO);
    const done = await Promise.all(keys.map((key) => rows.insert(key, row, call(NOW))));
    expect(done.every(Boolean)).toBe(true);
    await behind.end();
    await pooler.server.stop();
  });

  it("asks with one statement for each operation", async () => {
    let count = 0;
    const counting = new Client({ connectionString: server.url });
    await counting.connect();
    const query = counting.query.bind(counting);
    counting.query = ((...asked: Parameters<typeof query>) => {
      count += 1;
      return query(...asked);
    }) as typeof counting.query;
    const rows = sqlRows(counting, DJANGO);
    const row = { bytes: TEXT, endsAt: NOW + 5 };
    await rows.insert("counted", row, call(NOW));
    await rows.read("counted", call(NOW));
    await rows.replace("counted", TEXT, row, call(NOW));
    await rows.extend?.("counted", TEXT, NOW + 9, call(NOW));
    await rows.remove("counted", TEXT, call(NOW));
    expect(count).toBe(5);
    await counting.end();
  });

  it("waits no longer than the signal for a server that stands still", async () => {
    const connectionString = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`;
    const stalled = new Pool({ connectionString, max: 2 });
    stalled.on("error", () => undefined);
    await expectBounded(sqlRows(stalled, DJANGO), djangoKey(), {
      hold: () => proxy.hold(),
      pass: () => proxy.pass(),
    });
    await stalled.end();
  });

  it("says that the framework is to make the table first", async () => {
    const rows = sqlRows(pool, { ...DJANGO, table: "nowhere" });
    await expect(rows.prepare?.(call(NOW))).rejects.toThrow(/have the framework make it first/);
  });
});
