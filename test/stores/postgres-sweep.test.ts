import { Client, Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord } from "../../src/core/record.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { recordAt, successorOf } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { freshTable } from "./support/postgres-databases.ts";

const HOUR_MS = 3_600_000;
/** At a full hour, and in the past, as a sweep asks the server's clock too. */
const NOW = 472_222 * HOUR_MS;
const MINUTE_MS = 60_000;
const manager = "shop";
const call = { now: NOW, signal: new AbortController().signal };

let server: PostgresServer;
let pool: Pool;
let table = "";
let store: Required<SessionStore>;
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
  store = postgresStore(pool, { table });
});

describe("deleting what has expired", () => {
  it.each([1, 2, 24, 24 * 365])("spares what lives, by a clock %i hours ahead", async (hours) => {
    const now = Date.now();
    const present = { ...call, now };
    const records = Array.from({ length: 20 }, () => recordAt(now, { manager }));
    for (const record of records) await store.create(record, present);
    const ahead = { ...call, now: now + hours * HOUR_MS };
    expect(await store.expiry.deleteExpired(ahead)).toBe(0);
    expect(await store.directory.count(manager, present)).toBe(20);
  });

  it.each([-1, 0, 1, HOUR_MS / 2, HOUR_MS - 1])(
    "is done an hour after the expiry, %i ms from a full one",
    async (offset) => {
      const record = recordAt(NOW, { manager, expiresAt: NOW + 9 * HOUR_MS + offset });
      await store.create(record, call);
      const due = record.expiresAt + HOUR_MS;
      expect(await store.expiry.deleteExpired({ ...call, now: due - 1 })).toBe(0);
      expect(await store.expiry.deleteExpired({ ...call, now: due })).toBe(1);
    },
  );

  it("finds a session by its newest expiry, whoever moved that", async () => {
    const [touched, updated] = [recordAt(NOW, { manager }), recordAt(NOW, { manager })];
    for (const record of [touched, updated]) await store.create(record, call);
    const expiresAt = touched.expiresAt + 5 * HOUR_MS;
    await store.touch(touched.id, { lastSeenAt: NOW, expiresAt }, call);
    await store.update(successorOf(updated, { expiresAt }), updated.version, call);
    expect(await store.expiry.deleteExpired({ ...call, now: expiresAt + HOUR_MS - 1 })).toBe(0);
    expect(await store.expiry.deleteExpired({ ...call, now: expiresAt + HOUR_MS })).toBe(2);
  });

  it("waits for no writer, and deletes nothing that a writer has revived meanwhile", async () => {
    const soon = { expiresAt: NOW + 1 };
    const records = Array.from({ length: 1_200 }, () => recordAt(NOW, { manager, ...soon }));
    await Promise.all(records.map((record) => store.create(record, call)));
    const [busy] = records;
    const writer = await pool.connect();
    await writer.query("BEGIN");
    const revive = `UPDATE ${table} SET expires_at = $2 WHERE id = $1`;
    await writer.query(revive, [busy?.id, NOW + 9 * HOUR_MS]);
    const later = { ...call, now: NOW + 1 + HOUR_MS };
    expect(await store.expiry.deleteExpired(later)).toBe(1_199);
    await writer.query("COMMIT");
    writer.release();
    expect(await store.expiry.deleteExpired(later)).toBe(0);
    expect(await store.load(busy?.id as never, later)).toMatchObject({ kind: "live" });
  });

  it("stops at abort", async () => {
    const abort = AbortSignal.abort();
    await expect(store.expiry.deleteExpired({ ...call, signal: abort })).rejects.toMatchObject({
      outcome: "failed",
    });
  });

  it("tells at its deadline how much was done, and goes on the next time", async () => {
    await store.load(recordAt(NOW, { manager }).id, call);
    await pool.query(
      `INSERT INTO ${table} (id, manager, version, expires_at)
       SELECT 'id' || n, 'shop', 'v', $1::bigint + n FROM generate_series(1, 12000) AS n`,
      [NOW],
    );
    const holder = new Client({ connectionString: server.url });
    await holder.connect();
    const later = NOW + 9 * HOUR_MS;
    // Waits for the holder in the second step, at the first row that it deletes.
    await pool.query(`
      CREATE FUNCTION ${table}_wait() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN OLD; END $$;
      CREATE TRIGGER wait BEFORE DELETE ON ${table} FOR EACH ROW
        WHEN (OLD.expires_at = ${NOW + 5_700}) EXECUTE FUNCTION ${table}_wait()`);
    await holder.query("SELECT pg_advisory_lock(7)");
    const abort = new AbortController();
    const sweeping = store.expiry.deleteExpired({ now: later, signal: abort.signal });
    const waiting =
      "SELECT count(*)::int AS many FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    await expect.poll(async () => (await pool.query(waiting)).rows[0].many).toBe(1);
    abort.abort();
    expect(await sweeping).toBe(5_000);
    await holder.end();
    const rest = async (): Promise<number> =>
      (await pool.query(`SELECT count(*)::int AS many FROM ${table}`)).rows[0].many;
    await expect.poll(rest).toBe(2_000);
    expect(await store.expiry.deleteExpired({ ...call, now: later })).toBe(2_000);
  });
});

describe("a touch", () => {
  /** Moves the expiry of all to so many minutes from now, through connections of its own. */
  const touchAll = async (
    records: readonly SessionRecord[],
    minutes: readonly number[],
  ): Promise<void> => {
    const own = new Pool({ connectionString: server.url });
    const toucher = postgresStore(own, { table });
    for (const minute of minutes) {
      const seen = { lastSeenAt: NOW + minute, expiresAt: NOW + minute * MINUTE_MS };
      await Promise.all(records.map(({ id }) => toucher.touch(id, seen, call)));
    }
    // A connection tells what it has done when it is idle for long, or when it ends.
    await own.end();
  };
  /** How many rows were updated, and how many of them without writing to an index. */
  const updates = async (): Promise<{ readonly all: number; readonly hot: number }> => {
    const asked = `SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS hot
      FROM pg_stat_user_tables WHERE relname = $1`;
    return (await pool.query(asked, [table])).rows[0];
  };

  it("writes to no index, but for one in an hour", async () => {
    const records = Array.from({ length: 300 }, (_, each) => {
      const expiresAt = NOW + 35 * MINUTE_MS;
      return recordAt(NOW, { manager, userId: `user ${each}`, expiresAt, data: '{"a":1}' });
    });
    await Promise.all(records.map((record) => store.create(record, call)));
    await touchAll(records, [38, 41, 44, 47, 50, 53, 56, 59]);
    await expect.poll(async () => (await updates()).all).toBe(2_400);
    const { hot } = await updates();
    // But where somebody still reads what a page is to make room of.
    expect(hot).toBeGreaterThan(0.8 * 2_400);
    await touchAll(records, [62]);
    await expect.poll(updates).toEqual({ all: 2_700, hot });
  });
});
