/**
 * What do a million sessions cost in PostgreSQL, beside connect-pg-simple's table for the same
 * data? How long does it take to list one user's, and does sweeping hold up requests?
 * Usage: npm run bench -- sessions-in-postgres
 *
 * A private server with its default settings, fsync included. Each library writes one session
 * itself; its row is then copied under random ids, in random order, as they would come. The rows of
 * connect-pg-simple name the user in their JSON, as they have no other place.
 */
import { randomInt } from "node:crypto";
import { cpus } from "node:os";
import connectPgSimple from "connect-pg-simple";
import session from "express-session";
import { Pool } from "pg";
import { postgresStore } from "../src/stores/postgres/index.ts";
import { freshId, recordAt, successorOf } from "../src/testing/store/fixtures.ts";
import { startPostgres } from "../test/support/servers/postgres.ts";

const SESSIONS = Number(process.env["SESSIONS"] ?? 1_000_000);
const SESSIONS_PER_USER = 4;
const EXPIRED = SESSIONS / 10;
const LISTS = 1_000;
const WORKERS = 8;
const QUIET_MS = 5_000;
const HOUR_MS = 3_600_000;

const manager = "session";
const now = Date.now();
const call = { now, signal: new AbortController().signal };
const shop = {
  cart: ["sku-10293847", "sku-56473829", "sku-91827364"],
  theme: "dark",
  locale: "de-CH",
  returnTo: "/account/orders/2026/11?page=2&sort=newest",
  csrf: "k3J9sQ0xVbT2mR8nZ4cY6aLpWdEf1gHi",
  visits: 17,
};

const server = await startPostgres({ fsync: "on" });
const pool = new Pool({
  connectionString: server.url,
  max: WORKERS + 2,
  connectionTimeoutMillis: 5_000,
});
pool.on("error", (error) => console.error(error));
const store = postgresStore(pool);
try {
  await fillOurs();
  await fillTheirs();
  await pool.query("VACUUM ANALYZE");
  console.log(`${SESSIONS} sessions, ${JSON.stringify(shop).length} bytes of data each`);
  console.log(`Node ${process.version}, PostgreSQL ${await version()}, ${cpus().length} cores\n`);
  await reportSize("sojourn", "sojourn_sessions");
  await reportSize("connect-pg-simple", "session");
  await reportLists();
  await reportSweep();
} finally {
  await pool.end();
  await server.server.stop();
}

async function fillOurs(): Promise<void> {
  const template = recordAt(now, {
    manager,
    data: JSON.stringify(shop),
    userId: "user-000000",
    authenticatedAt: now,
    expiresAt: now + HOUR_MS,
  });
  await store.create(template, call);
  const { rows } = await pool.query(
    `SELECT array_agg(attname::text) AS names FROM pg_attribute
     WHERE attrelid = 'sojourn_sessions'::regclass AND attnum > 0 AND attgenerated = ''`,
  );
  const columns: string = rows[0].names.join(", ");
  // Of a hundred sessions ten have expired so long ago that they are due.
  await pool.query(
    `INSERT INTO sojourn_sessions (${columns})
     SELECT ${columns.replace(/\w+/g, "filled.$&")} FROM sojourn_sessions AS row, generate_series(1, ${SESSIONS}) AS n,
       LATERAL jsonb_populate_record(row, jsonb_build_object(
       'id', 's_' || translate(encode(sha256(n::text::bytea), 'base64'), '+/=', '-_'),
       'user_id', 'user-' || lpad((n / ${SESSIONS_PER_USER})::text, 6, '0'),
       'expires_at', CASE WHEN n % ${SESSIONS / EXPIRED} = 0 THEN ${now - 3 * HOUR_MS} + n % 3600000
         ELSE row.expires_at + n % 3600000 END)) AS filled`,
  );
}

async function fillTheirs(): Promise<void> {
  const PgStore = connectPgSimple(session);
  const theirs = new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false });
  const cookie = new session.Cookie();
  Object.assign(cookie, { originalMaxAge: HOUR_MS, secure: true, sameSite: "lax" });
  const data = { cookie, userId: "user-000000", ...shop } as unknown as session.SessionData;
  await new Promise<void>((resolve, reject) => {
    theirs.set("template", data, (error?: unknown) => (error ? reject(error) : resolve()));
  });
  await pool.query(
    `INSERT INTO session
     SELECT translate(encode(substr(sha256(n::text::bytea), 1, 24), 'base64'), '+/', '-_'),
       replace(row.sess::text, 'user-000000',
         'user-' || lpad((n / ${SESSIONS_PER_USER})::text, 6, '0'))::json,
       row.expire + n % 3600000 * interval '1 ms'
     FROM (SELECT * FROM session LIMIT 1) AS row, generate_series(1, ${SESSIONS}) AS n`,
  );
}

async function version(): Promise<string> {
  return (await pool.query("SHOW server_version")).rows[0].server_version;
}

async function reportSize(name: string, table: string): Promise<void> {
  const { rows } = await pool.query(
    "SELECT pg_total_relation_size($1) AS total, pg_indexes_size($1) AS indexes",
    [table],
  );
  const [total, indexes] = [Number(rows[0].total), Number(rows[0].indexes)];
  const each = (bytes: number): string => (bytes / SESSIONS).toFixed(0);
  console.log(`${name}: ${each(total)} bytes a session, ${each(indexes)} of them in indexes`);
}

async function reportLists(): Promise<void> {
  const times: number[] = [];
  for (let turn = 0; turn < LISTS; turn += 1) {
    const user = randomInt(1, SESSIONS / SESSIONS_PER_USER)
      .toString()
      .padStart(6, "0");
    const start = performance.now();
    await store.directory.list({ manager, userId: `user-${user}` }, call);
    times.push(performance.now() - start);
  }
  report("list of one user's sessions", times);
}

async function reportSweep(): Promise<void> {
  let isOver = false;
  const quiet = requests(() => isOver);
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  isOver = true;
  report("requests alone", await quiet);
  isOver = false;
  const meanwhile = requests(() => isOver);
  const start = performance.now();
  const deleted = await store.expiry.deleteExpired(call);
  const seconds = (performance.now() - start) / 1_000;
  isOver = true;
  report(`requests while ${deleted} were deleted, in ${seconds.toFixed(1)} s`, await meanwhile);
}

/** Sessions that are created, and loaded and updated over and over, until told to stop. */
async function requests(isOver: () => boolean): Promise<number[]> {
  const times: number[] = [];
  const work = Array.from({ length: WORKERS }, async () => {
    let record = recordAt(now, { manager, id: freshId(manager), data: JSON.stringify(shop) });
    await store.create(record, call);
    while (!isOver()) {
      const start = performance.now();
      await store.load(record.id, call);
      const next = successorOf(record);
      await store.update(next, record.version, call);
      times.push(performance.now() - start);
      record = next;
    }
  });
  await Promise.all(work);
  return times;
}

function report(what: string, times: number[]): void {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(2);
  console.log(
    `${what}: median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(0.9999)} ms ` +
      `(${sorted.length} times)`,
  );
}
