import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionId } from "../../src/core/token.ts";
import { postgresSchema, postgresStore } from "../../src/stores/postgres/index.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { freshTable, lockTable } from "./support/postgres-databases.ts";
import { FirstRelease } from "./support/postgres-first-release.ts";

/** In the past, as a sweep asks the server's clock too. */
const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const user = { manager: "shop", userId: "alice" };
const call = { now: NOW, signal: new AbortController().signal };

let server: PostgresServer;
let pool: Pool;
let table = "";
let earlier: FirstRelease;
beforeAll(async () => {
  server = await startPostgres();
  pool = new Pool({ connectionString: server.url });
});
afterAll(async () => {
  await pool.end();
  await server.server.stop();
});
beforeEach(async () => {
  table = freshTable();
  earlier = await FirstRelease.install(pool, table);
});

/** Every definition that the catalogue has of the tables: columns in their order aside. */
async function shapeOf(of: string): Promise<string[]> {
  const { rows } = await pool.query(
    `SELECT concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
       attcollation::regcollation, pg_get_expr(adbin, adrelid)) AS line
     FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = ANY($1::regclass[]) AND attnum > 0 AND NOT attisdropped
     UNION SELECT indexdef FROM pg_indexes WHERE tablename LIKE $2
     UNION SELECT reloptions::text FROM pg_class WHERE oid = $3::regclass`,
    [[of, `${of}_generations`, `${of}_meta`], `${of}%`, of],
  );
  return rows.map(({ line }) => String(line).replaceAll(of, "sessions")).sort();
}

describe("tables of the first version", () => {
  it("are brought up to date with what is in them, and become those that are created", async () => {
    const [live, ended] = [recordAt(NOW, user), recordAt(NOW, user)];
    for (const record of [live, ended]) await earlier.create(record);
    const tombstone = tombstoneAt(NOW, ended);
    await earlier.end(tombstone);
    for (let raise = 0; raise < 3; raise += 1) await earlier.raiseGeneration(user);
    const store = postgresStore(pool, { table });
    expect(await store.load(live.id, call)).toEqual(live);
    expect(await store.load(ended.id, call)).toEqual(tombstone);
    expect(await store.directory.list(user, call)).toHaveLength(1);
    const noted = successorOf(live, { notes: '{"g":7}' });
    expect(await store.update(noted, live.version, call)).toEqual({ kind: "updated" });
    expect(await store.load(live.id, call)).toEqual(noted);
    expect(await store.directory.generation(user, call)).toBe(3);
    expect(await store.directory.raiseGeneration(user, call, NOW + 1)).toBe(NOW);
    const later = { ...call, now: live.expiresAt + HOUR_MS };
    expect(await store.expiry.deleteExpired(later)).toBe(2);
    const fresh = freshTable();
    await pool.query(postgresSchema({ table: fresh }));
    expect(await shapeOf(table)).toEqual(await shapeOf(fresh));
  });

  it("are so by many processes at once, of which each goes on", async () => {
    for (let round = 0; round < 5; round += 1) {
      table = freshTable();
      earlier = await FirstRelease.install(pool, table);
      const pools = Array.from({ length: 6 }, () => new Pool({ connectionString: server.url }));
      const records = pools.map(() => recordAt(NOW, { ...user, notes: '{"g":7}' }));
      const outcomes = await Promise.all(
        pools.map((own, place) =>
          postgresStore(own, { table }).create(records[place] ?? recordAt(NOW, user), call),
        ),
      );
      expect(outcomes).toEqual(Array(6).fill("created"));
      for (const own of pools) await own.end();
    }
  });

  it("are so where transactions are serializable, and where a statement may take no time", async () => {
    const options = "-c default_transaction_isolation=serializable -c statement_timeout=2000";
    const strict = new Pool({ connectionString: server.url, options });
    await pool.query(SLOW_UPGRADE.replaceAll("sessions", table));
    const stores = Array.from({ length: 4 }, () => postgresStore(strict, { table }));
    const { id } = recordAt(NOW, user);
    const answers = await Promise.all(stores.map((store) => store.load(id, call)));
    expect(answers).toEqual(Array(4).fill(undefined));
    await strict.end();
    await pool.query(`DROP EVENT TRIGGER ${table}_slow`);
  });

  it("keep others waiting for a moment only, where somebody reads them for long", async () => {
    const release = await lockTable(server.url, table);
    const store = postgresStore(pool, { table });
    const record = recordAt(NOW, user);
    await expect(store.create(record, call)).rejects.toMatchObject({
      outcome: "failed",
      cause: { code: "55P03" },
    });
    await release();
    expect(await store.create(record, call)).toBe("created");
  });

  it("are only told of where they are checked, with the statements that they need", async () => {
    const store = postgresStore(pool, { table, schema: "check" });
    const record = recordAt(NOW, { ...user, notes: '{"g":7}' });
    const failure = await store.create(record, call).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: "StoreError", outcome: "failed" });
    const [, statements = ""] =
      /schema version 1; bring it up to date: (.*); \(/.exec(String(failure)) ?? [];
    for (const statement of statements.split("; ")) await pool.query(statement);
    expect(await store.create(record, call)).toBe("created");
    expect(await store.load(record.id, call)).toEqual(record);
  });

  it("are told of where the role may not change them", async () => {
    const role = `role_${table}`;
    await pool.query(`CREATE ROLE ${role} LOGIN;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${table}, ${table}_generations, ${table}_meta TO ${role}`);
    const modest = new Pool({ connectionString: server.url.replace("postgres@", `${role}@`) });
    const store = postgresStore(modest, { table });
    await expect(store.load("s_none" as SessionId, call)).rejects.toThrow(
      /schema version 1; bring it up to date: ALTER TABLE/,
    );
    await postgresStore(pool, { table }).load("s_none" as SessionId, call);
    expect(await store.load("s_none" as SessionId, call)).toBeUndefined();
    await modest.end();
  });

  it("serve processes of the first release that run beside", async () => {
    const mine = recordAt(NOW, { ...user, notes: '{"g":7}' });
    const store = postgresStore(pool, { table });
    await store.create(mine, call);
    // What it does not name is empty, and what it does not know stays.
    const theirs = recordAt(NOW, user);
    await earlier.create(theirs);
    expect(await store.load(theirs.id, call)).toEqual(theirs);
    const next = successorOf(mine);
    await earlier.update(next, mine.version);
    expect(await store.load(mine.id, call)).toEqual({ ...next, notes: mine.notes });
    await earlier.end(tombstoneAt(NOW, next));
    expect(await store.load(mine.id, call)).toMatchObject({ kind: "ended", reason: "destroyed" });
    await store.directory.raiseGeneration(user, call);
    await earlier.raiseGeneration(user);
    expect(await store.directory.generation(user, call)).toBe(NOW + 1);
    const later = { ...call, now: theirs.expiresAt + HOUR_MS };
    expect(await store.expiry.deleteExpired(later)).toBe(2);
  });

  it("can be given back to that release, and brought up to date again", async () => {
    const record = recordAt(NOW, { ...user, notes: '{"g":7}' });
    await postgresStore(pool, { table }).create(record, call);
    await pool.query(`UPDATE ${table}_meta SET value = 1`);
    const store = postgresStore(pool, { table });
    expect(await store.load(record.id, call)).toEqual(record);
    expect(await store.load("s_none" as SessionId, call)).toBeUndefined();
    const { rows } = await pool.query(`SELECT value FROM ${table}_meta`);
    expect(rows).toEqual([{ value: "2" }]);
  });
});

/** A change of the table takes longer than the connection's statements may. */
const SLOW_UPGRADE = `
  CREATE FUNCTION sessions_wait() RETURNS event_trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_sleep(3); END';
  CREATE EVENT TRIGGER sessions_slow ON ddl_command_start WHEN TAG IN ('CREATE INDEX')
    EXECUTE FUNCTION sessions_wait()`;
