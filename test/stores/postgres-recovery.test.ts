import { Client, Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.ts";
import type { SessionStore, StoreCall } from "../../src/core/store.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { recordAt, successorOf } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { freshTable, lockTable } from "./support/postgres-databases.ts";

const NOW = 1_800_000_000_000;
const LIMIT = 4;
const DEADLINE_MS = 300;
/** Of a call that finds a good connection, or waits in vain however long it waits: a machine may be busy. */
const PATIENT_MS = 5_000;
/** Behind the deadline: 1 s of patience, 2 s for an idle one that is silent too, a busy machine. */
const HEALED_MS = 10_000;
/** A handshake may take 10 s where the pool sets no limit. */
const SHAKEN_MS = 10_000 + HEALED_MS;
const manager = "shop";
const call = (): StoreCall => ({ now: NOW, signal: AbortSignal.timeout(10_000) });
const late = (ms = DEADLINE_MS): StoreCall => ({ now: NOW, signal: AbortSignal.timeout(ms) });
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

let server: PostgresServer;
let table = "";
let proxy: TestProxy;
let store: SessionStore;
let watcher: Client;
const pools: Pool[] = [];
beforeAll(async () => {
  server = await startPostgres();
  watcher = new Client({ connectionString: server.url });
  watcher.on("error", () => undefined);
  await watcher.connect();
});
afterAll(async () => {
  await watcher.end();
  await server.server.stop();
});
beforeEach(async () => {
  table = freshTable();
  proxy = await startProxy({ port: server.server.port, seed: 1 });
});
afterEach(async () => {
  await proxy.close();
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

function poolOf(options: object = {}): Pool {
  const connectionString = server.url.replace(/:\d+\//, `:${proxy.port}/`);
  const pool = new Pool({ connectionString, max: LIMIT, ...options });
  pool.on("error", () => undefined);
  pools.push(pool);
  return pool;
}

const load = (ms?: number): Promise<unknown> =>
  failureOf(store.load(recordAt(NOW, { manager }).id, late(ms)));
const loads = (count: number, ms?: number): Promise<readonly unknown[]> =>
  Promise.all(Array.from({ length: count }, () => load(ms)));
const create = (): Promise<unknown> => failureOf(store.create(recordAt(NOW, { manager }), call()));

/** Opens all of the pool's connections. */
async function warmUp(pool: Pool, count = LIMIT): Promise<void> {
  await store.load(recordAt(NOW, { manager }).id, call());
  const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
  for (const client of clients) client.release();
}

/** How long it takes until a call is answered, made one after the other. */
async function healed(since = performance.now()): Promise<number> {
  await expect.poll(() => load(), { timeout: 30_000, interval: 20 }).toBeUndefined();
  return performance.now() - since;
}

describe("connections that go silent, while new ones are answered", () => {
  it("are replaced soon after the deadline, where all of the pool are silent", async () => {
    const pool = poolOf();
    store = postgresStore(pool, { table });
    await warmUp(pool);
    proxy.strand();
    const since = performance.now();
    const failures = await loads(2 * LIMIT);
    expect(failures.every((failure) => failure instanceof StoreError)).toBe(true);
    expect(await healed(since)).toBeLessThan(HEALED_MS);
    // Not one by one: the next callers find none that is silent.
    await expect.poll(() => loads(LIMIT)).toEqual(Array(LIMIT).fill(undefined));
    expect(performance.now() - since).toBeLessThan(HEALED_MS);
  });

  it("are replaced all at once, where one call has met one of them", async () => {
    const pool = poolOf();
    store = postgresStore(pool, { table });
    await warmUp(pool);
    proxy.strand();
    expect(await load()).toBeInstanceOf(StoreError);
    const since = performance.now();
    await expect.poll(() => pool.totalCount, { timeout: HEALED_MS }).toBeLessThan(LIMIT);
    expect(await loads(LIMIT, PATIENT_MS)).toEqual(Array(LIMIT).fill(undefined));
    expect(performance.now() - since).toBeLessThan(HEALED_MS);
  });

  it("heal a pool of one", async () => {
    const pool = poolOf({ max: 1 });
    store = postgresStore(pool, { table });
    await warmUp(pool, 1);
    proxy.strand();
    expect(await healed()).toBeLessThan(HEALED_MS);
  });

  it("are told from those whose server waits for a lock: these are kept", async () => {
    const pool = poolOf({ max: LIMIT + 1 });
    store = postgresStore(pool, { table });
    await warmUp(pool, LIMIT + 1);
    const record = recordAt(NOW, { manager });
    await store.create(record, call());
    const release = await lockTable(server.url, table);
    const writes = Array.from({ length: LIMIT }, () =>
      store.update(successorOf(record), record.version, late()),
    );
    for (const failure of await Promise.all(writes.map(failureOf))) {
      expect(failure).toMatchObject({ outcome: "unknown" });
    }
    const ask = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock'
      AND clock_timestamp() - query_start > interval '4 s'`;
    const waiting = async (): Promise<number> => (await watcher.query(ask)).rows[0].count;
    await expect.poll(waiting).toBe(LIMIT);
    expect(pool.totalCount).toBe(LIMIT + 1);
    await release();
    await expect.poll(() => pool.idleCount).toBe(LIMIT + 1);
  });
});

describe("an address that accepts and never answers", () => {
  it.each([
    ["from the first call on", false],
    ["after it has been served", true],
  ])("is forgotten when it is served, though the pool waits for ever: %s", async (_, isServed) => {
    const pool = poolOf();
    store = postgresStore(pool, { table });
    if (isServed) {
      await warmUp(pool);
      proxy.cut("reset");
      await expect.poll(() => pool.totalCount).toBe(0);
    }
    proxy.hold();
    for (let round = 0; round < 4; round += 1) await loads(4 * LIMIT);
    // Callers that have gone do not wait on in the pool.
    expect(pool.waitingCount).toBeLessThanOrEqual(4 * LIMIT);
    proxy.strand();
    proxy.pass();
    expect(await healed()).toBeLessThan(SHAKEN_MS);
    expect(pool.waitingCount).toBe(0);
    expect(await loads(LIMIT, PATIENT_MS)).toEqual(Array(LIMIT).fill(undefined));
  });

  it("is forgotten though only one call has met it, the very first", async () => {
    store = postgresStore(poolOf(), { table });
    proxy.hold();
    expect(await load()).toMatchObject({ outcome: "failed" });
    proxy.strand();
    proxy.pass();
    expect(await healed()).toBeLessThan(SHAKEN_MS);
  });

  it("is forgotten after the pool's own limit, where it has one", async () => {
    store = postgresStore(poolOf({ connectionTimeoutMillis: 1_000 }), { table });
    proxy.hold();
    await loads(4 * LIMIT);
    proxy.strand();
    proxy.pass();
    // Not after those 10 s.
    expect(await healed()).toBeLessThan(8_000);
  });
});

describe("a server that has become read-only", () => {
  it("is left for the one that new connections lead to, without a refusal", async () => {
    const pool = poolOf();
    store = postgresStore(pool, { table });
    await warmUp(pool);
    const clients = await Promise.all(Array.from({ length: LIMIT }, () => pool.connect()));
    for (const client of clients) {
      await client.query("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
      client.release();
    }
    const one = [await create()];
    const many = await Promise.all(Array.from({ length: 40 }, create));
    expect([...one, ...many]).toEqual(Array(41).fill(undefined));
  });

  it("refuses writes for as long as it is, costs few connections, and is forgotten then", async () => {
    const pool = poolOf();
    let made = 0;
    pool.on("connect", () => {
      made += 1;
    });
    store = postgresStore(pool, { table });
    await warmUp(pool);
    await setReadOnly("on");
    const before = made;
    const since = performance.now();
    for (let round = 0; round < 40; round += 1) {
      expect(await create()).toMatchObject({ name: "StoreError", outcome: "failed" });
      expect(await load(PATIENT_MS)).toBeUndefined();
    }
    // All that are open, and then one a second: a busy machine is slow at the forty.
    const seconds = (performance.now() - since) / 1_000;
    expect(made - before).toBeLessThanOrEqual(LIMIT + seconds);
    await setReadOnly("off");
    expect(await create()).toBeUndefined();
  });
});

it("reads again, where the server has ended the connection meanwhile", async () => {
  const pool = poolOf();
  store = postgresStore(pool, { table });
  await warmUp(pool);
  const release = await lockTable(server.url, table);
  const loading = store.load(recordAt(NOW, { manager }).id, call());
  const ask = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
  await expect.poll(async () => (await watcher.query(ask)).rowCount).toBe(1);
  await release();
  expect(await loading).toBeUndefined();
});

/** For the connections that are open, too. */
async function setReadOnly(setting: "on" | "off"): Promise<void> {
  await watcher.query("SET default_transaction_read_only = off");
  await watcher.query(`ALTER SYSTEM SET default_transaction_read_only = ${setting}`);
  await watcher.query("SELECT pg_reload_conf()");
  const probe = new Client({ connectionString: server.url });
  await probe.connect();
  const ask = async (): Promise<string> =>
    (await probe.query("SHOW default_transaction_read_only")).rows[0].default_transaction_read_only;
  await expect.poll(ask).toBe(setting);
  await probe.end();
}
