import { inspect } from "node:util";
import fc from "fast-check";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionStore } from "../../src/core/store.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { type Statements, statementsFor } from "../../src/stores/postgres/statements.ts";
import { tableNames } from "../../src/stores/postgres/tables.ts";
import { liveValues } from "../../src/stores/sql/columns.ts";
import {
  freshCommit,
  recordAt,
  successorOf,
  tombstoneAt,
} from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { play, RUNS } from "./support/model.ts";
import { freshTable, SERVED } from "./support/postgres-databases.ts";

/** In the past, as a sweep asks the server's clock too. */
const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
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

describe("the PostgreSQL store", () => {
  it("answers like a plain Map, whatever the run of operations", async () => {
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const answers = await play(postgresStore(pool, { table: freshTable() }), run);
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 50 },
    );
  });

  it("sends one statement an operation, whether it hits or misses", async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const counted = postgresStore(client, { table });
    const record = recordAt(NOW, { manager, userId: "alice" });
    await counted.load(record.id, call);
    let sent = 0;
    const query = client.query.bind(client);
    Object.assign(client, {
      query: (config: never) => {
        sent += 1;
        return query(config);
      },
    });
    const { id, version } = record;
    const tombstone = tombstoneAt(NOW, record);
    const user = { manager, userId: "alice" };
    const operations = [
      () => counted.create(record, call),
      () => counted.create(record, call),
      () => counted.load(id, call),
      () => counted.update(successorOf(record), freshCommit(), call),
      () => counted.update({ ...record, data: "{}" }, version, call),
      () => counted.touch(id, { lastSeenAt: NOW, expiresAt: NOW + 1 }, call),
      () => counted.end(tombstone, freshCommit(), call),
      () => counted.end(tombstone, undefined, call),
      () => counted.update(record, version, call),
      () => counted.directory.generation(user, call),
      () => counted.directory.raiseGeneration(user, call),
      () => counted.directory.list(user, call),
      () => counted.directory.endAll(user, { ...tombstone, reason: "revoked", except: id }, call),
      () => counted.directory.scan({ manager, after: undefined, limit: 9 }, call),
      () => counted.directory.count(manager, call),
      () => counted.expiry.deleteExpired(call),
    ];
    for (const operation of operations) {
      sent = 0;
      await operation();
      expect(sent, String(operation)).toBe(1);
    }
    await client.end();
  });

  it("shows the newest record to a writer that waited for another to commit", async () => {
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    const rival = await pool.connect();
    await rival.query("BEGIN");
    const winner = successorOf(record, { data: '{"rival":true}' });
    const { update } = statementsFor(tableNames(table, "public"), undefined);
    await rival.query(update.text, [...liveValues(winner), record.id, record.version, NOW]);
    const losing = [
      store.update(successorOf(record), record.version, call),
      store.end(tombstoneAt(NOW, record), record.version, call),
    ];
    await waiting(2);
    await rival.query("COMMIT");
    rival.release();
    const conflict = { kind: "conflict", current: winner };
    expect(await Promise.all(losing)).toEqual([conflict, conflict]);
  });

  it("writes after all where the one that it waited for rolls back", async () => {
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    const rival = await pool.connect();
    await rival.query("BEGIN");
    await rival.query(`DELETE FROM ${table} WHERE id = $1`, [record.id]);
    const next = successorOf(record);
    const updating = store.update(next, record.version, call);
    await waiting(1);
    await rival.query("ROLLBACK");
    rival.release();
    expect(await updating).toEqual({ kind: "updated" });
    expect(await store.load(record.id, call)).toEqual(next);
  });

  it.each(["repeatable read", "serializable"])(
    "has one winner of many where transactions are %s",
    async (isolation) => {
      const options = `-c default_transaction_isolation=${isolation.replace(" ", "\\ ")}`;
      const strict = new Pool({ connectionString: server.url, options });
      const theirs = postgresStore(strict, { table });
      const before = recordAt(NOW, { manager });
      await theirs.create(before, call);
      const rivals = Array.from({ length: 6 }, () => successorOf(before));
      const outcomes = await Promise.all(
        rivals.map((rival) => theirs.update(rival, before.version, call)),
      );
      const current = rivals[outcomes.findIndex(({ kind }) => kind === "updated")];
      const lost = outcomes.filter(({ kind }) => kind !== "updated");
      expect(lost).toEqual(Array(5).fill({ kind: "conflict", current }));
      await strict.end();
    },
  );

  it.each(["repeatable read", "serializable"])(
    "refuses nobody for a conflict until the deadline where transactions are %s",
    async (isolation) => {
      const options = `-c default_transaction_isolation=${isolation.replace(" ", "\\ ")}`;
      const strict = new Pool({ connectionString: server.url, options, max: 20 });
      const theirs = postgresStore(strict, { table });
      const counter = recordAt(NOW, { manager, data: "0" });
      await theirs.create(counter, call);
      const increment = async (): Promise<void> => {
        for (let newest = counter; ; ) {
          const next = successorOf(newest, { data: String(Number(newest.data) + 1) });
          const outcome = await theirs.update(next, newest.version, call);
          if (outcome.kind === "updated") return;
          if (outcome.kind === "gone") throw new Error("it is gone");
          newest = outcome.current;
        }
      };
      const signInAndOut = async (each: number): Promise<void> => {
        const user = { manager, userId: `user ${each % 2}` };
        const record = recordAt(NOW, user);
        await theirs.create(record, call);
        await theirs.directory.raiseGeneration(user, call);
        await theirs.end(tombstoneAt(NOW, record), undefined, call);
        const end = { ...tombstoneAt(NOW, record), reason: "revoked" as const, except: undefined };
        await theirs.directory.endAll(user, end, call);
      };
      const many = async (work: (each: number) => Promise<void>): Promise<void> => {
        const workers = Array.from({ length: 20 }, async (_, each) => {
          for (let round = 0; round < 10; round += 1) await work(each);
        });
        await Promise.all(workers);
      };
      await many(increment);
      await many(signInAndOut);
      expect(await theirs.load(counter.id, call)).toMatchObject({ data: "200" });
      await strict.end();
    },
  );

  it("goes on after conflicts until the deadline, and has written nothing then", async () => {
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    // A sequence is not rolled back, so it counts the conflicts.
    await pool.query(`
      CREATE SEQUENCE ${table}_conflicts;
      CREATE FUNCTION ${table}_lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('${table}_conflicts') = 12 THEN RETURN NEW; END IF;
        RAISE 'lost' USING ERRCODE = '40001';
      END $$;
      CREATE TRIGGER lose BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_lose()`);
    const next = successorOf(record);
    expect(await store.update(next, record.version, call)).toEqual({ kind: "updated" });
    const signal = AbortSignal.timeout(300);
    const updating = store.update(successorOf(next), next.version, { now: NOW, signal });
    await expect(updating).rejects.toMatchObject({ name: "StoreError", operation: "update" });
    expect(signal.aborted).toBe(true);
    expect(await store.load(record.id, call)).toEqual(next);
  });

  it("survives that its prepared statements are forgotten", async () => {
    const one = new Pool({ connectionString: server.url, max: 1 });
    const own = postgresStore(one, { table });
    const record = recordAt(NOW, { manager });
    await own.create(record, call);
    expect(await own.load(record.id, call)).toEqual(record);
    await one.query("DEALLOCATE ALL");
    expect(await own.load(record.id, call)).toEqual(record);
    await one.end();
  });

  it.each(SERVED)("tells no data in an error of the server's, through %s", async (_, connect) => {
    const { client, close } = await connect(server.url);
    const own = postgresStore(client, { table });
    const secret = { data: '{"a":"canary-1"}', userId: "canary-2", device: "canary-3" };
    const record = recordAt(NOW, { manager, ...secret });
    await own.load(record.id, call);
    await pool.query(`ALTER TABLE ${table} ADD CHECK (manager <> 'shop')`);
    const refused = await own.create(record, call).catch((error: unknown) => error);
    const broken = { ...record, data: '{"a":canary-1}' };
    const malformed = await own.create(broken, call).catch((error: unknown) => error);
    for (const failure of [refused, malformed]) {
      expect(failure).toMatchObject({ name: "StoreError", outcome: "failed" });
      expect(inspect(failure, { depth: 8, showHidden: true })).not.toContain("canary");
    }
    expect(refused).toMatchObject({ cause: { code: "23514" } });
    await close();
  });
});

describe("the plans of the statements", () => {
  const explain = async (operation: keyof Statements, values: unknown[]): Promise<string> => {
    const { text } = statementsFor(tableNames(table), undefined)[operation];
    const { rows } = await pool.query(`EXPLAIN ANALYZE ${text}`, values);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  };
  beforeEach(async () => {
    await store.load(recordAt(NOW, { manager }).id, call);
    await pool.query(
      `INSERT INTO ${table} (id, manager, version, user_id, expires_at, last_seen_at)
       SELECT 'id' || n, 'shop', 'v', 'user' || n / 3, $1::bigint + n, 0
       FROM generate_series(1, 20000) AS n`,
      [NOW],
    );
    await pool.query(`ANALYZE ${table}`);
  });

  it("look for the newest record only where an update missed", async () => {
    const record = recordAt(NOW, { manager, id: "id7" as never });
    const values = [...liveValues(record), record.id];
    const missed = await explain("update", [...values, "another", NOW]);
    expect(missed).not.toContain("never executed");
    const hit = await explain("update", [...values, "v", NOW]);
    expect(hit).toMatch(/LockRows.*rows=0[\s\S]*One-Time Filter[\s\S]*never executed/);
  });

  it("find a user, a page, what has expired and what has not by an index", async () => {
    expect(await explain("list", [manager, "user9", NOW])).toContain(`${table}_by_user`);
    expect(await explain("scan", ["id5", manager, NOW, 50])).toContain(`${table}_pkey`);
    const expired = await explain("deleteExpired", [0, NOW + HOUR_MS + 5, 500]);
    expect(expired).toContain(`${table}_by_expiry`);
    expect(expired).not.toContain(`Seq Scan on ${table} `);
    expect(await explain("count", [manager, NOW + 2 * HOUR_MS])).toContain(`${table}_by_expiry`);
  });
});

/** Resolves once so many connections wait for a lock. */
async function waiting(many: number): Promise<void> {
  const asked = "SELECT count(*)::int AS many FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
  await expect.poll(async () => (await pool.query(asked)).rows[0].many).toBe(many);
}
