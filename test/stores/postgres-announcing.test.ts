import { Client, Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EndListener, SessionStore } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { freshCommit, recordAt, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { freshTable, lockTable } from "./support/postgres-databases.ts";

const NOW = 1_700_000_000_000;
const user = { manager: "shop", userId: "alice" };
const call = { now: NOW, signal: new AbortController().signal };
const within = (ms: number): typeof call => ({ now: NOW, signal: AbortSignal.timeout(ms) });

let server: PostgresServer;
let pool: Pool;
let table = "";
let store: Required<SessionStore>;
const opened: Pool[] = [];
const listeners: Required<SessionStore>[] = [];
beforeAll(async () => {
  // Whoever waits for the standby, as for a disk that does not answer, waits for ever.
  server = await startPostgres({
    synchronous_standby_names: "nobody",
    synchronous_commit: "local",
  });
  pool = poolOf();
});
afterAll(async () => {
  for (const each of opened) await each.end();
  await server.server.stop();
});
beforeEach(() => {
  table = freshTable();
  store = postgresStore(pool, { table });
});

afterEach(async () => {
  for (const listening of listeners.splice(0)) await listening.close();
});

function poolOf(options = ""): Pool {
  const own = new Pool({ connectionString: server.url, options });
  own.on("error", () => undefined);
  opened.push(own);
  return own;
}

interface Heard extends EndListener {
  readonly ids: SessionId[];
  gaps: number;
}

/** Listens through a store of its own, as another process does. */
async function hearing(): Promise<Heard> {
  const heard: Heard = {
    ids: [],
    gaps: 0,
    onEnded: (ids) => heard.ids.push(...ids),
    onGap: () => {
      heard.gaps += 1;
    },
  };
  const listening = postgresStore(pool, { table });
  listeners.push(listening);
  await listening.announcements.subscribe(heard, call);
  return heard;
}

async function created(many = 1): Promise<readonly SessionId[]> {
  const records = Array.from({ length: many }, () => recordAt(NOW, user));
  await Promise.all(records.map((record) => store.create(record, call)));
  return records.map(({ id }) => id);
}

const stoneOf = (id: SessionId) => tombstoneAt(NOW, recordAt(NOW, { ...user, id }));

/** Notifies in a transaction that waits for ever, until the returned function is called. */
async function holdNotifications(): Promise<() => Promise<void>> {
  const holder = new Client({ connectionString: server.url });
  holder.on("error", () => undefined);
  await holder.connect();
  await holder.query("SET synchronous_commit = 'on'");
  const text = `CREATE TABLE ${table}_others (); NOTIFY others`;
  const notifying = holder.query(text).catch(() => undefined);
  const release = await waitingForStandby();
  return async () => {
    await release();
    await notifying;
  };
}

/** Resolves once a transaction waits for the standby, to what ends its connection. */
async function waitingForStandby(): Promise<() => Promise<unknown>> {
  const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
  await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1);
  return () => pool.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS waiting`);
}

const BROKEN = "-c search_path=broken,public,pg_catalog";

/** Lets NOTIFY fail on connections with the options {@link BROKEN}, until it is called. */
async function breakNotifications(): Promise<() => Promise<unknown>> {
  await pool.query(`CREATE SCHEMA broken; CREATE SEQUENCE broken.tries;
    CREATE FUNCTION broken.pg_notify(text, text) RETURNS void LANGUAGE plpgsql
      AS 'BEGIN PERFORM nextval(''broken.tries''); RAISE ''out of order''; END'`);
  return () => pool.query("DROP SCHEMA broken CASCADE");
}

describe("an end in PostgreSQL", () => {
  it("does not wait for those who notify, and is announced after it", async () => {
    const heard = await hearing();
    const [id, ...others] = await created(3);
    const release = await holdNotifications();
    expect(await store.end(stoneOf(id as SessionId), undefined, within(20_000))).toEqual({
      kind: "ended",
    });
    const end = { except: undefined, version: freshCommit(), reason: "revoked" as const };
    const times = { endedAt: NOW, expiresAt: NOW + 60_000 };
    const ended = await store.directory.endAll(user, { ...end, ...times }, within(20_000));
    expect(ended.toSorted()).toEqual(others.toSorted());
    expect(heard.ids).toEqual([]);
    await release();
    await expect.poll(() => heard.ids.toSorted()).toEqual([id, ...others].sort());
  });

  it("whose answer is lost is announced if it was done, and only then", async () => {
    const heard = await hearing();
    const [done, undone] = (await created(2)) as [SessionId, SessionId];
    const careful = postgresStore(poolOf("-c synchronous_commit=on"), { table });
    await careful.load(done, call);
    const ending = careful.end(stoneOf(done), undefined, call).catch((error: unknown) => error);
    const cut = await waitingForStandby();
    await cut();
    expect(await ending).toMatchObject({ outcome: "unknown" });
    await expect.poll(() => heard.ids).toEqual([done]);
    const rival = await pool.connect();
    await rival.query("BEGIN");
    await rival.query(`SELECT FROM ${table} WHERE id = $1 FOR UPDATE`, [undone]);
    const waiting = store.end(stoneOf(undone), undefined, within(500));
    await expect(waiting).rejects.toMatchObject({ outcome: "unknown" });
    const [last] = (await created()) as [SessionId];
    await store.end(stoneOf(last), undefined, call);
    await expect.poll(() => heard.ids).toEqual([done, last]);
    await rival.query("ROLLBACK");
    rival.release();
  });

  it("of very many is announced whole, and leaves a gap where that cannot be done", async () => {
    const heard = await hearing();
    const end = { except: undefined, version: freshCommit(), reason: "revoked" as const };
    const times = { endedAt: NOW, expiresAt: NOW + 60_000 };
    const endMany = async (userId: string, through: SessionStore): Promise<void> => {
      await pool.query(
        `INSERT INTO ${table} (id, manager, version, user_id, expires_at, last_seen_at)
         SELECT 's_' || $1 || n, 'shop', 'v', $1, $2, 0 FROM generate_series(1, 10500) AS n`,
        [userId, NOW + 60_000],
      );
      const whose = { ...user, userId };
      expect(await through.directory?.endAll(whose, { ...end, ...times }, call)).toHaveLength(
        10_500,
      );
    };
    await store.load("s_none" as SessionId, call);
    await endMany("bob", store);
    await expect.poll(() => new Set(heard.ids).size).toBe(10_500);
    const mend = await breakNotifications();
    await endMany("eve", postgresStore(poolOf(BROKEN), { table }));
    const tried = "SELECT is_called FROM broken.tries";
    await expect.poll(async () => (await pool.query(tried)).rows[0].is_called).toBe(true);
    await mend();
    await expect.poll(() => heard.gaps).toBe(1);
    expect(heard.ids).toHaveLength(10_500);
  });

  it("of many whose answer is lost leaves a gap", async () => {
    const heard = await hearing();
    await created(3);
    const release = await lockTable(server.url, table);
    const end = { except: undefined, version: freshCommit(), reason: "revoked" as const };
    const times = { endedAt: NOW, expiresAt: NOW + 60_000 };
    const ending = store.directory.endAll(user, { ...end, ...times }, within(500));
    await expect(ending).rejects.toMatchObject({ outcome: "unknown" });
    await release();
    await expect.poll(() => heard.gaps).toBe(1);
  });

  it("is announced before the store is closed", async () => {
    const heard = await hearing();
    const own = poolOf();
    const closing = postgresStore(own, { table });
    const ids = await created(300);
    await Promise.all(ids.map((id) => closing.end(stoneOf(id), undefined, call)));
    await closing.close();
    await own.end();
    opened.splice(opened.indexOf(own), 1);
    await expect.poll(() => heard.ids.toSorted()).toEqual(ids.toSorted());
  });

  it("is announced by a passed Client together with it", async () => {
    const heard = await hearing();
    const [id] = (await created(1)) as [SessionId];
    const client = new Client({ connectionString: server.url });
    await client.connect();
    expect(await postgresStore(client, { table }).end(stoneOf(id), undefined, call)).toEqual({
      kind: "ended",
    });
    await client.end();
    await expect.poll(() => heard.ids).toEqual([id]);
  });
});

describe("announcing in PostgreSQL", () => {
  it("that fails hinders no end, is told of once, and is made up for", async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): void => {
      if (message.includes("cannot announce")) warnings.push(message);
    };
    process.on("warning", onWarning);
    const heard = await hearing();
    const mend = await breakNotifications();
    const own = postgresStore(poolOf(BROKEN), { table });
    const ids = await created(30);
    const later = ids.slice(20);
    for (const id of ids.slice(0, 20)) {
      expect(await own.end(stoneOf(id), undefined, call)).toEqual({ kind: "ended" });
    }
    await expect.poll(() => warnings).toHaveLength(1);
    for (const id of later) await own.end(stoneOf(id), undefined, call);
    await mend();
    await expect.poll(() => heard.ids.toSorted()).toEqual(ids.toSorted());
    expect(heard.gaps).toBe(0);
    expect(warnings).toHaveLength(1);
    process.off("warning", onWarning);
  });
});
