import { Client, Pool, type QueryConfig } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionStore } from "../../src/core/store.ts";
import { statement } from "../../src/stores/postgres/database.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { statementsFor } from "../../src/stores/postgres/statements.ts";
import { tableNames } from "../../src/stores/postgres/tables.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { freshTable, SERVED } from "./support/postgres-databases.ts";

const NOW = 1_700_000_000_000;
const manager = "shop";
const user = { manager, userId: "alice" };
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

/** Uses every operation that finds something. */
async function used(store: Required<SessionStore>): Promise<void> {
  const [record, other] = [recordAt(NOW, user), recordAt(NOW, user)];
  const next = successorOf(record);
  expect(await store.create(record, call)).toBe("created");
  await store.create(other, call);
  expect(await store.update(next, record.version, call)).toEqual({ kind: "updated" });
  expect(await store.load(record.id, call)).toEqual(next);
  expect(await store.touch(record.id, { ...next, lastSeenAt: NOW + 1 }, call)).toBe(true);
  expect(await store.end(tombstoneAt(NOW, next), undefined, call)).toEqual({ kind: "ended" });
  const { directory } = store;
  expect(await directory.list(user, call)).toHaveLength(1);
  expect(await directory.scan({ manager, after: undefined, limit: 9 }, call)).toEqual([other]);
  expect(await directory.count(manager, call)).toBe(1);
  const raised = await directory.raiseGeneration(user, call);
  expect(await directory.generation(user, call)).toBe(raised);
  const end = { ...tombstoneAt(NOW, other), reason: "revoked" as const, except: undefined };
  expect(await directory.endAll(user, end, call)).toEqual([other.id]);
  const later = { ...call, now: NOW + 24 * 3_600_000 };
  expect(await store.expiry.deleteExpired(later)).toBe(2);
}

describe("connections on which the application has left another search_path", () => {
  it.each([
    ["has no such table", false],
    ["has one too", true],
  ])("lead no session into a schema that %s", async (_, hasOne) => {
    const tenant = `tenant_${table}`;
    await pool.query(`CREATE SCHEMA ${tenant}`);
    if (hasOne) await postgresStore(pool, { table: `${tenant}.${table}` }).load("s" as never, call);
    const shared = new Pool({ connectionString: server.url, max: 2 });
    const store = postgresStore(shared, { table });
    const kept = recordAt(NOW, { manager: "staff", expiresAt: NOW + 99 * 3_600_000 });
    await store.create(kept, call);
    const clients = [await shared.connect(), await shared.connect()];
    for (const client of clients) await client.query(`SET search_path TO ${tenant}`);
    for (const client of clients) client.release();
    expect(await store.load(kept.id, call)).toEqual(kept);
    await used(store);
    const heard: string[] = [];
    const listener = { onEnded: (ids: readonly string[]) => heard.push(...ids), onGap: () => {} };
    const other = postgresStore(pool, { table });
    await other.announcements.subscribe(listener, call);
    await store.end(tombstoneAt(NOW, kept), undefined, call);
    await expect.poll(() => heard).toEqual([kept.id]);
    await other.close();
    await shared.end();
  });

  it("lead to the tables that each store's own connections name", async () => {
    const schemas = [`one"s_${table}`, `Two's ${table}`].map(
      (name) => `"${name.replaceAll('"', '""')}"`,
    );
    for (const schema of schemas) {
      await pool.query(`CREATE SCHEMA ${schema}`);
      const own = new Pool({ connectionString: server.url });
      own.on("connect", (client) => client.query(`SET search_path TO ${schema}`));
      await used(postgresStore(own, { table }));
      const again = postgresStore(own, { table, schema: "check" });
      expect(await again.directory.generation(user, call)).toBe(NOW);
      await own.end();
      expect((await pool.query(`SELECT FROM ${schema}.${table}_generations`)).rowCount).toBe(1);
    }
  });
});

describe("connections on which somebody else has prepared statements", () => {
  it("are asked about the tables without a name", async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const names: (string | undefined)[] = [];
    const query = client.query.bind(client) as (config: QueryConfig) => Promise<never>;
    Object.assign(client, {
      query: (config: QueryConfig) => {
        names.push(config.name);
        return query(config);
      },
    });
    await postgresStore(client, { table }).load("s" as never, call);
    expect(names.filter((name) => name !== undefined)).toHaveLength(1);
    await client.end();
  });

  it.each(SERVED)("do not hinder a call, nor the first one: %s", async (_, connect) => {
    await postgresStore(pool, { table }).load("s" as never, call);
    const names = tableNames(table, "public");
    const { client, close } = await connect(server.url);
    const taken = Object.values(statementsFor(names, undefined)).map(({ name }) => name);
    const other = statement(`SELECT to_regclass('${names.meta}') IS NOT NULL`).name;
    const prepare = [...taken, other].map((name) => `PREPARE ${name} AS SELECT 1;`).join("");
    const run = "unsafe" in client ? client.unsafe : (client as Pool).query;
    await (run as (text: string) => Promise<unknown>).call(client, prepare);
    await used(postgresStore(client, { table }));
    await close();
  });
});
