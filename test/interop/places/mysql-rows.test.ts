import { createPool as createCallbackPool } from "mysql2";
import { createPool, type Pool } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqlRows } from "../../../src/interop/places/sql-rows.ts";
import { mariadbAddress, startMariadb } from "../../support/servers/mariadb.ts";
import { startProxy, type TestProxy } from "../../support/servers/proxy.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import { call, describePlace, expectBounded } from "./suite.ts";
import { DJANGO, djangoKey, FLASK, TEXT } from "./tables.ts";

// As the frameworks' own migrations make them.
const TABLES = [
  `CREATE TABLE \`django_session\` (\`session_key\` varchar(40) NOT NULL PRIMARY KEY,
    \`session_data\` longtext NOT NULL, \`expire_date\` datetime(6) NOT NULL)
    CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
  `CREATE TABLE sessions (id INTEGER NOT NULL AUTO_INCREMENT, session_id VARCHAR(255), data BLOB,
    expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id)) CHARACTER SET latin1`,
];
const NOW = Date.UTC(2026, 0, 31, 9, 8, 7, 60);

let server: TestServer;
let proxy: TestProxy;
let pool: Pool;
let odd: Pool;
let callbacks: ReturnType<typeof createCallbackPool>;

beforeAll(async () => {
  server = await startMariadb(["--innodb-flush-log-at-trx-commit=2"]);
  proxy = await startProxy({ port: server.port, seed: 1 });
  pool = createPool(mariadbAddress(server));
  callbacks = createCallbackPool(mariadbAddress(server));
  odd = createPool({
    ...mariadbAddress(server),
    flags: ["-FOUND_ROWS"],
    timezone: "-08:00",
    charset: "latin1",
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  for (const table of TABLES) await pool.query(table);
});
afterAll(async () => {
  await pool?.end();
  await odd?.end();
  await new Promise((resolve) => callbacks?.end(resolve));
  await proxy?.close();
  await server?.stop();
});

const django = { bytes: TEXT, newKey: djangoKey, toleranceMs: 1 };
describePlace("Django's table in MariaDB", () => sqlRows(pool, DJANGO), django);
describePlace("Django's table in MariaDB, by an odd pool", () => sqlRows(odd, DJANGO), django);
describePlace("Flask's table in MariaDB", () => sqlRows(callbacks, FLASK));

describe("sessions of another framework in MariaDB", () => {
  it("leaves a row as Python would", async () => {
    const row = { bytes: Buffer.from("text"), endsAt: NOW + 1_000 };
    await sqlRows(odd, DJANGO).insert("plain", row, call(NOW));
    const [rows] = await pool.query(
      `SELECT session_data, CAST(expire_date AS CHAR) AS expires FROM django_session
      WHERE session_key = 'plain'`,
    );
    expect(rows).toEqual([{ session_data: "text", expires: "2026-01-31 09:08:08.060000" }]);
  });

  it("tells keys apart that the collation does not", async () => {
    const rows = sqlRows(pool, DJANGO);
    const row = { bytes: Buffer.from("x"), endsAt: NOW + 5 };
    await rows.insert("letters", row, call(NOW));
    expect(await rows.read("LETTERS", call(NOW))).toBeUndefined();
    expect(await rows.read("letters ", call(NOW))).toBeUndefined();
    expect(await rows.remove("Letters", undefined, call(NOW))).toBe(false);
    expect(await rows.insert("LETTERS", row, call(NOW))).toBe(false);
    expect(await rows.read("letters", call(NOW))).toBeDefined();
  });

  it("looks a key up by its index", async () => {
    let asked = "";
    const watched = createPool(mariadbAddress(server));
    const getConnection = watched.getConnection.bind(watched);
    watched.getConnection = async () => {
      const connection = await getConnection();
      const query = connection.query.bind(connection);
      connection.query = ((statement: { sql: string }) => {
        asked = statement.sql;
        return query(statement);
      }) as typeof connection.query;
      return connection;
    };
    await sqlRows(watched, DJANGO).read("letters", call(NOW));
    const [plan] = await pool.query(`EXPLAIN ${asked}`);
    expect(JSON.stringify(plan)).toContain('"key":"PRIMARY"');
    await watched.end();
  });

  it("takes what has expired for absent, and puts another in its place", async () => {
    const rows = sqlRows(pool, DJANGO);
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

  it("does not read or write in a transaction that somebody left open", async () => {
    const small = createPool({ ...mariadbAddress(server), connectionLimit: 1 });
    for (const step of ["insert", "read"] as const) {
      const lent = await small.getConnection();
      await lent.query("START TRANSACTION WITH CONSISTENT SNAPSHOT");
      lent.release();
      const row = { bytes: Buffer.from("x"), endsAt: NOW + 5 };
      const rows = sqlRows(small, DJANGO);
      if (step === "read") expect(await rows.read("letters", call(NOW))).toBeDefined();
      else await rows.insert("alone", row, call(NOW)).catch(() => undefined);
      // The server looks anew only when nobody has asked for a tenth of a second.
      await expect.poll(openTransactions, { interval: 250 }).toEqual([]);
    }
    await small.end();
  });

  it("waits no longer than the signal for a server that stands still", async () => {
    const stalled = createPool({
      ...mariadbAddress({ port: proxy.port, folder: "" }),
      connectionLimit: 2,
    });
    await expectBounded(sqlRows(stalled, DJANGO), djangoKey(), {
      hold: () => proxy.hold(),
      pass: () => proxy.pass(),
    });
    await stalled.end();
  });
});

async function openTransactions(): Promise<unknown> {
  const [open] = await pool.query("SELECT * FROM information_schema.innodb_trx");
  return open;
}
