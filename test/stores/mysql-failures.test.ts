import { getEventListeners } from "node:events";
import { createConnection, createPool, type Pool } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.ts";
import type { SilentStore, StoreCall } from "../../src/core/store.ts";
import { mysqlStore } from "../../src/stores/mysql/index.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { mariadbAddress, startMariadb } from "../support/servers/mariadb.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { freePort, type TestServer } from "../support/servers/test-server.ts";
import {
  ask,
  dropTables,
  freshTable,
  lockRow,
  until,
  withCallbacks,
  withPromises,
} from "./support/mysql.ts";

const NOW = Date.now();
const DEADLINE_MS = 300;
/** Of a call that finds a good connection, or waits in vain however long it waits: a machine may be busy. */
const PATIENT_MS = 5_000;
/** Of a write that is sent in this time, and waits in vain: less than the server waits for a lock. */
const SENT_MS = 600;
const LIMIT = 4;
/** Behind the deadline: 3 s of patience, 2 s for an idle connection that is silent too, and a busy machine. */
const HEALED_MS = 10_000;
const manager = "shop";
const user = { manager, userId: "alice" };
const call = { now: NOW, signal: new AbortController().signal };

/** A call with a deadline. */
const late = (ms = DEADLINE_MS): StoreCall => ({ now: NOW, signal: AbortSignal.timeout(ms) });

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

let server: TestServer;
let pool: Pool;
let watcher: Pool;
let table = "";
let store: SilentStore;
beforeAll(async () => {
  server = await startMariadb(["--innodb-lock-wait-timeout=1"]);
  pool = createPool({ ...mariadbAddress(server), connectionLimit: LIMIT });
  watcher = createPool(mariadbAddress(server));
});
afterAll(async () => {
  await pool?.end();
  await watcher?.end();
  await server?.stop();
});
beforeEach(() => {
  table = freshTable();
  store = mysqlStore(pool, { table });
});
afterEach(() => dropTables(watcher, table));

async function status(name: string): Promise<number> {
  const [row] = await ask(watcher, `SHOW GLOBAL STATUS LIKE '${name}'`);
  return Number(row?.["Value"]);
}

async function waitingStatements(): Promise<number> {
  const sql = `SELECT COUNT(*) AS n FROM information_schema.processlist
    WHERE info LIKE 'UPDATE%${table}%' AND id <> CONNECTION_ID()`;
  const [row] = await ask(watcher, sql);
  return Number(row?.["n"]);
}

/** Whether some transaction stands at a lock of another. (innodb_trx shows who looks often an old picture.) */
async function isAnyoneLocked(): Promise<boolean> {
  return (await status("Innodb_row_lock_current_waits")) > 0;
}

/** For how many seconds a statement of the store has been waiting. */
async function longestWait(): Promise<number> {
  const sql = `SELECT MAX(time) AS n FROM information_schema.processlist
    WHERE info LIKE 'UPDATE%${table}%' AND id <> CONNECTION_ID()`;
  const [row] = await ask(watcher, sql);
  return Number(row?.["n"]);
}

describe("a server that is not there", () => {
  it("is told apart from a lost answer: nothing was written", async () => {
    const nowhere = createPool({ host: "127.0.0.1", port: await freePort() });
    const failure = mysqlStore(nowhere).create(recordAt(NOW, { manager }), call);
    await expect(failure).rejects.toMatchObject({
      name: "StoreError",
      operation: "create",
      outcome: "failed",
      cause: { code: "ECONNREFUSED" },
    });
    await nowhere.end();
  });

  it("is forgotten when it is back: the same pool goes on, with what was acknowledged", async () => {
    const records = Array.from({ length: 20 }, () => recordAt(NOW, user));
    await Promise.all(records.map((record) => store.create(record, call)));
    await server.kill();
    const failures = await Promise.all(
      Array.from({ length: 20 }, () => failureOf(store.create(recordAt(NOW, user), late()))),
    );
    expect(failures.every((failure) => failure instanceof Error)).toBe(true);
    await server.start();
    await until(
      async () => (await failureOf(store.load(records[0]?.id as never, call))) === undefined,
    );
    for (const record of records) expect(await store.load(record.id, call)).toEqual(record);
    const [row] = await ask(watcher, "SELECT COUNT(*) AS n FROM information_schema.processlist");
    expect(Number(row?.["n"])).toBeLessThan(2 * LIMIT + 10);
  });

  it("that goes in the middle of a write leaves its outcome unknown", async () => {
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    const release = await lockRow(server, { table, id: record.id });
    const updating = failureOf(store.update(successorOf(record), record.version, call));
    await until(async () => (await waitingStatements()) === 1);
    await server.kill();
    const failure = await updating;
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(StoreError);
    await release().catch(() => undefined);
    await server.start();
    await until(async () => (await failureOf(store.load(record.id, call))) === undefined);
    expect(await store.load(record.id, call)).toEqual(record);
  });
});

describe("a server that does not answer", () => {
  it("is waited for until the deadline, and not sent what was not sent before", async () => {
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    server.pause();
    const writes = Array.from({ length: 3 * LIMIT }, () => recordAt(NOW, { manager }));
    const failures = await Promise.all(writes.map((each) => failureOf(store.create(each, late()))));
    server.resume();
    for (const failure of failures) expect(failure).toBeInstanceOf(StoreError);
    expect(await store.load(record.id, call)).toEqual(record);
    for (const [place, { id }] of writes.entries()) {
      const { outcome } = failures[place] as StoreError;
      if (outcome === "failed") expect(await store.load(id, call)).toBeUndefined();
    }
    const unknown = failures.filter((failure) => (failure as StoreError).outcome === "unknown");
    expect(unknown.length).toBeLessThanOrEqual(LIMIT);
  });

  it("leaves no doubt where it was only asked to read", async () => {
    const record = recordAt(NOW, user);
    await store.create(record, call);
    server.pause();
    const reads = [store.load(record.id, late()), store.directory.list(user, late())];
    const failures = await Promise.all(reads.map(failureOf));
    server.resume();
    for (const failure of failures) {
      expect(failure).toMatchObject({ name: "StoreError", outcome: "failed" });
    }
  });
});

describe("connections that go silent, while new ones are answered", () => {
  let proxy: TestProxy;
  let remote: Pool;
  let theirs: SilentStore;
  beforeEach(async () => {
    proxy = await startProxy({ port: server.port, seed: 1 });
    remote = createPool({ ...mariadbAddress(server), port: proxy.port, connectionLimit: LIMIT });
    theirs = mysqlStore(remote, { table });
  });
  afterEach(async () => {
    await proxy.close();
    // It says goodbye over each, and hears of the reset.
    await remote.end().catch(() => undefined);
  });

  const warmUp = (): Promise<unknown> =>
    Promise.all(Array.from({ length: LIMIT }, () => theirs.directory.count(manager, call)));
  const load = (ms?: number): Promise<unknown> =>
    failureOf(theirs.load(recordAt(NOW, { manager }).id, late(ms)));
  const loads = (count: number, ms?: number): Promise<readonly unknown[]> =>
    Promise.all(Array.from({ length: count }, () => load(ms)));

  it("are replaced a few seconds after the deadline, where all of the pool are silent", async () => {
    await warmUp();
    proxy.strand();
    const since = performance.now();
    const failures = await loads(2 * LIMIT);
    expect(failures.every((failure) => failure instanceof StoreError)).toBe(true);
    await until(async () => (await load()) === undefined);
    expect(performance.now() - since).toBeLessThan(HEALED_MS);
    // Not one by one: the next callers find none that is silent.
    await until(async () => (await loads(LIMIT)).every((failure) => failure === undefined));
    expect(performance.now() - since).toBeLessThan(HEALED_MS);
  });

  it("are replaced all at once, where one call has met one of them", async () => {
    await warmUp();
    proxy.strand();
    const since = performance.now();
    const { accepted } = proxy;
    expect(await load()).toBeInstanceOf(StoreError);
    await until(async () => proxy.accepted > accepted);
    expect(await loads(LIMIT, PATIENT_MS)).toEqual(Array(LIMIT).fill(undefined));
    expect(performance.now() - since).toBeLessThan(HEALED_MS);
  });

  it("heal a pool of one", async () => {
    const single = createPool({ ...mariadbAddress(server), port: proxy.port, connectionLimit: 1 });
    theirs = mysqlStore(single, { table });
    await theirs.directory.count(manager, call);
    proxy.strand();
    const since = performance.now();
    await until(async () => (await load()) === undefined);
    expect(performance.now() - since).toBeLessThan(HEALED_MS);
    proxy.cut("reset");
    await single.end().catch(() => undefined);
  });

  it("are told from those whose server waits for a lock: these are kept", async () => {
    const records = Array.from({ length: LIMIT }, () => recordAt(NOW, { manager }));
    for (const record of records) await store.create(record, call);
    await watcher.query("SET GLOBAL innodb_lock_wait_timeout = 50");
    await warmUp();
    const releases = await Promise.all(records.map(({ id }) => lockRow(server, { table, id })));
    const before = await status("Connections");
    const writes = records.map((each) =>
      theirs.update(successorOf(each), each.version, late(SENT_MS)),
    );
    for (const failure of await Promise.all(writes.map(failureOf))) {
      expect(failure).toMatchObject({ outcome: "unknown" });
    }
    await until(async () => (await longestWait()) > 5);
    // One has made room for the one that asked, and that serves whoever comes.
    expect((await status("Connections")) - before).toBe(1);
    expect(await waitingStatements()).toBe(LIMIT);
    expect(await load(PATIENT_MS)).toBeUndefined();
    for (const release of releases) await release();
    await until(async () => (await waitingStatements()) === 0);
    expect(await loads(LIMIT, PATIENT_MS)).toEqual(Array(LIMIT).fill(undefined));
    expect((await status("Connections")) - before).toBe(1);
    await watcher.query("SET GLOBAL innodb_lock_wait_timeout = 1");
  });
});

describe("a server that has become read-only", () => {
  const create = (theirs: SilentStore): Promise<unknown> =>
    failureOf(theirs.create(recordAt(NOW, { manager }), call));

  it("is left for the one that new connections lead to, without a refusal", async () => {
    const moving = createPool({ ...mariadbAddress(server), connectionLimit: LIMIT });
    const theirs = mysqlStore(moving, { table });
    await Promise.all(Array.from({ length: LIMIT }, () => create(theirs)));
    const lent = await Promise.all(Array.from({ length: LIMIT }, () => moving.getConnection()));
    for (const connection of lent) {
      await connection.query("SET SESSION TRANSACTION READ ONLY");
      connection.release();
    }
    const one = [await create(theirs)];
    const many = await Promise.all(Array.from({ length: 40 }, () => create(theirs)));
    expect([...one, ...many]).toEqual(Array(41).fill(undefined));
    await moving.end();
  });

  it("refuses writes for as long as it is, costs few connections, and is forgotten then", async () => {
    await store.load(recordAt(NOW, { manager }).id, call);
    await watcher.query("CREATE OR REPLACE USER writer@'127.0.0.1'");
    await watcher.query("GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO writer@'127.0.0.1'");
    const refused = createPool({
      ...mariadbAddress(server),
      user: "writer",
      connectionLimit: LIMIT,
    });
    const theirs = mysqlStore(refused, { table });
    await Promise.all(Array.from({ length: LIMIT }, () => create(theirs)));
    await watcher.query("SET GLOBAL read_only = 1");
    const before = await status("Connections");
    const since = performance.now();
    for (let round = 0; round < 40; round += 1) {
      expect(await create(theirs)).toMatchObject({ name: "StoreError", outcome: "failed" });
      expect(await failureOf(theirs.load(recordAt(NOW, { manager }).id, call))).toBeUndefined();
    }
    // All that are open, and then one a second: a busy machine is slow at the forty.
    const seconds = (performance.now() - since) / 1_000;
    expect((await status("Connections")) - before).toBeLessThanOrEqual(2 * LIMIT + seconds);
    await watcher.query("SET GLOBAL read_only = 0");
    expect(await create(theirs)).toBeUndefined();
    await refused.end();
  });
});

describe("a pool without a listener", () => {
  it.each([
    ["mysql2/promise", withPromises],
    ["mysql2", withCallbacks],
  ])("of %s outlives whatever becomes of its connections", async (_, connect) => {
    const proxy = await startProxy({ port: server.port, seed: 2 });
    const { pool: own, direct } = connect(server, { port: proxy.port, connectionLimit: LIMIT });
    const theirs = mysqlStore(own, { table });
    const load = (): Promise<unknown> =>
      failureOf(theirs.load(recordAt(NOW, { manager }).id, late()));
    const restart = async (): Promise<void> => {
      await server.kill();
      await server.start();
    };
    for (const cut of [() => proxy.cut("reset"), () => proxy.cut("finish"), restart]) {
      // Once at work, once idle.
      const loads = Promise.all(Array.from({ length: 2 * LIMIT }, load));
      await cut();
      await loads;
      await until(async () => (await load()) === undefined);
      await cut();
      await until(async () => (await load()) === undefined);
    }
    await direct.end();
    await proxy.close();
  });
});

describe("a pool whose connections are all lent", () => {
  it("is waited for until the deadline, and keeps the connection that comes later", async () => {
    const small = createPool({ ...mariadbAddress(server), connectionLimit: 1 });
    const theirs = mysqlStore(small, { table });
    const record = recordAt(NOW, { manager });
    await theirs.load(record.id, call);
    const lent = await small.getConnection();
    const failure = await failureOf(theirs.create(record, late()));
    expect(failure).toMatchObject({ name: "StoreError", outcome: "failed" });
    lent.release();
    expect(await theirs.load(record.id, call)).toBeUndefined();
    expect(await theirs.create(record, call)).toBe("created");
    await small.end();
  });

  it("says so at once where it is closed", async () => {
    const closed = createPool(mariadbAddress(server));
    await closed.end();
    const failure = mysqlStore(closed, { table }).load(recordAt(NOW, { manager }).id, call);
    await expect(failure).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
  });
});

describe("a signal", () => {
  it("has no listeners left after the call, whatever came of it", async () => {
    const { signal } = new AbortController();
    const record = recordAt(NOW, user);
    await store.create(record, { now: NOW, signal });
    await store.create(record, { now: NOW, signal });
    await store.directory.list(user, { now: NOW, signal });
    await store.expiry.deleteExpired({ now: NOW, signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("that is aborted while a row is locked ends the wait, and the row is written or not", async () => {
    const record = recordAt(NOW, { manager });
    const next = successorOf(record);
    await store.create(record, call);
    const release = await lockRow(server, { table, id: record.id });
    const failure = await failureOf(store.update(next, record.version, late(SENT_MS)));
    expect(failure).toMatchObject({ name: "StoreError", outcome: "unknown" });
    await release();
    await until(async () => (await waitingStatements()) === 0);
    expect([record, next]).toContainEqual(await store.load(record.id, call));
  });
});

describe("locks of others", () => {
  it("are waited for again where the server gave up waiting", async () => {
    const record = recordAt(NOW, { manager });
    const next = successorOf(record);
    await store.create(record, call);
    const release = await lockRow(server, { table, id: record.id });
    const before = await status("Com_stmt_execute");
    const updating = store.update(next, record.version, call);
    await until(async () => (await status("Com_stmt_execute")) >= before + 2);
    await release();
    expect(await updating).toEqual({ kind: "updated" });
    expect(await store.load(record.id, call)).toEqual(next);
  });

  it("in a circle cost the store's statement, which is sent again", async () => {
    const [first, second] = [recordAt(NOW, user), recordAt(NOW, user)].toSorted((one, other) =>
      one.id < other.id ? -1 : 1,
    );
    if (first === undefined || second === undefined) throw new Error("there are two");
    for (const record of [first, second]) await store.create(record, call);
    // No lock is given up meanwhile, however slow the machine.
    await watcher.query("SET GLOBAL innodb_lock_wait_timeout = 50");
    const patient = createPool(mariadbAddress(server));
    const theirs = mysqlStore(patient, { table });
    await theirs.directory.count(manager, call);
    const deadlocks = await status("Innodb_deadlocks");
    const rival = await createConnection(mariadbAddress(server));
    await rival.beginTransaction();
    // The server gives up the transaction that has written less.
    const others = Array.from({ length: 50 }, (_, each) => `('rival-${each}', '', '', 0)`);
    await rival.query(
      `INSERT INTO ${table} (id, manager, version, expires_at) VALUES ${others.join(", ")}`,
    );
    await rival.query(`UPDATE ${table} SET earlier = 'x' WHERE id = ?`, [second.id]);
    const { version } = recordAt(NOW, user);
    const times = { endedAt: NOW, expiresAt: NOW + 60_000 };
    const end = { version, reason: "revoked", except: undefined, ...times } as const;
    const ending = theirs.directory.endAll(user, end, call);
    // It has the first row by then.
    await until(isAnyoneLocked);
    await rival.query(`UPDATE ${table} SET earlier = 'x' WHERE id = ?`, [first.id]);
    await rival.rollback();
    expect((await ending).toSorted()).toEqual([first.id, second.id]);
    expect(await status("Innodb_deadlocks")).toBe(deadlocks + 1);
    await Promise.all([rival.end(), patient.end()]);
    await watcher.query("SET GLOBAL innodb_lock_wait_timeout = 1");
  });
});

describe("deleting what has expired", () => {
  it("keeps nobody from writing, even the rows beside it", async () => {
    const old = recordAt(NOW - 86_400_000, { manager });
    const many = Array.from({ length: 1_500 }, (_, each) => ({ ...old, id: `${old.id}${each}` }));
    const early = { ...call, now: NOW - 86_400_000 };
    await Promise.all(many.map((record) => store.create(record as typeof old, early)));
    const sweeper = mysqlStore(watcher, { table });
    const [deleted, ...kinds] = await Promise.all([
      sweeper.expiry.deleteExpired(call),
      ...Array.from({ length: 200 }, async () => {
        const record = recordAt(NOW, user);
        await store.create(record, call);
        const next = successorOf(record, { expiresAt: NOW + 1 });
        await store.update(next, record.version, call);
        await store.touch(record.id, { lastSeenAt: NOW + 1, expiresAt: NOW + 9 }, call);
        return (await store.end(tombstoneAt(NOW, next), next.version, call)).kind;
      }),
    ]);
    expect(deleted).toBe(1_500);
    expect(new Set(kinds)).toEqual(new Set(["ended"]));
  });
});

it("tells nothing of the pool's password in an error", async () => {
  const wrong = createPool({ ...mariadbAddress(server), user: "nobody", password: "canary" });
  const failure = await failureOf(mysqlStore(wrong).load(recordAt(NOW, { manager }).id, call));
  expect(failure).toMatchObject({ name: "StoreError", outcome: "failed" });
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain("canary");
  await wrong.end();
});
