import fc from "fast-check";
import { createConnection, createPool, type Pool } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import type { SilentStore } from "../../src/core/store.ts";
import { type MysqlPool, mysqlSchema, mysqlStore } from "../../src/stores/mysql/index.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { mariadbAddress, startMariadb } from "../support/servers/mariadb.ts";
import { freePort, type TestServer } from "../support/servers/test-server.ts";
import { play, RUNS } from "./support/model.ts";
import { ask, dropTables, freshTable, withCallbacks, withPromises } from "./support/mysql.ts";

const NOW = 1_800_000_000_000;
const manager = "shop";
const user = { manager, userId: "alice" };
const call = { now: NOW, signal: new AbortController().signal };

let server: TestServer;
let pool: Pool;
let table = "";
let store: SilentStore;
beforeAll(async () => {
  // A kill loses nothing by it, only a loss of power would; and the tables are made faster.
  server = await startMariadb(["--innodb-flush-log-at-trx-commit=2"]);
  pool = createPool(mariadbAddress(server));
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});
beforeEach(() => {
  table = freshTable();
  store = mysqlStore(pool, { table });
});
afterEach(() => dropTables(pool, table));

describe("the MySQL store", () => {
  it("answers like a plain Map, whatever the run of operations", async () => {
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const own = freshTable();
        const answers = await play(mysqlStore(pool, { table: own }), run);
        await dropTables(pool, own);
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it("sends nothing while it is constructed, nor at close if it was not used", async () => {
    const idle = createPool({ host: "127.0.0.1", port: await freePort() });
    let connections = 0;
    idle.on("acquire", () => {
      connections += 1;
    });
    await mysqlStore(idle).close();
    await idle.end();
    expect(connections).toBe(0);
  });

  it("leaves the pool open when it is closed", async () => {
    await store.create(recordAt(NOW, { manager }), call);
    await store.close();
    await expect(store.load(recordAt(NOW, { manager }).id, call)).rejects.toThrow(/closed/);
    expect(await ask(pool, `SELECT COUNT(*) AS n FROM ${table}`)).toEqual([{ n: 1 }]);
  });

  it("keeps nothing of what a session was, once it has ended", async () => {
    const texts = { data: '{"private":1}', flash: "[1]", userId: "alice", device: "Firefox" };
    const record = recordAt(NOW, { manager, ...texts, authenticatedAt: NOW, earlier: "12345678" });
    const tombstone = tombstoneAt(NOW, record);
    await store.create(record, call);
    await store.end(tombstone, undefined, call);
    const [row = {}] = await ask(pool, `SELECT * FROM ${table}`);
    const kept = Object.entries(row).filter(([, value]) => value !== null);
    expect(
      kept.map(([column, value]) => [column, typeof value === "number" ? value : String(value)]),
    ).toEqual([
      ["id", record.id],
      ["manager", manager],
      ["version", tombstone.version],
      ["expires_at", tombstone.expiresAt],
      ["reason", "destroyed"],
      ["ended_at", NOW],
    ]);
  });

  it("asks the server once for each operation that finds what it expects", async () => {
    const executed = async (): Promise<number> => {
      const [row] = await ask(pool, "SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'");
      return Number(row?.["Value"]);
    };
    const operations = async (): Promise<void> => {
      const record = recordAt(NOW, { manager });
      const next = successorOf(record);
      await store.create(record, call);
      await store.load(record.id, call);
      await store.update(next, record.version, call);
      await store.touch(record.id, { lastSeenAt: NOW + 1, expiresAt: NOW + 999_999_999 }, call);
      await store.end(tombstoneAt(NOW, record), next.version, call);
    };
    await operations();
    const before = await executed();
    await operations();
    expect((await executed()) - before).toBe(5);
  });

  it("keeps several tables in one database apart, keywords among their names", async () => {
    const one = mysqlStore(pool, { table: "order" });
    const record = recordAt(NOW, { manager });
    await one.create(record, call);
    expect(await store.load(record.id, call)).toBeUndefined();
    expect(await one.load(record.id, call)).toEqual(record);
    await dropTables(pool, "order");
  });

  it("ends more sessions of a user than one statement takes", async () => {
    const records = Array.from({ length: 230 }, () => recordAt(NOW, user));
    await Promise.all(records.map((record) => store.create(record, call)));
    const [spared, ...others] = records.map(({ id }) => id);
    const { version } = recordAt(NOW, user);
    const times = { endedAt: NOW, expiresAt: NOW + 1_000 };
    const end = { version, reason: "revoked", except: spared, ...times } as const;
    const ids = await store.directory.endAll(user, end, call);
    expect(ids.toSorted()).toEqual(others.toSorted());
    const live = await store.directory.list(user, call);
    expect(live.map(({ id }) => id)).toEqual([spared]);
  });

  it("tells each ended session to one only of many that end at once", async () => {
    const records = Array.from({ length: 40 }, () => recordAt(NOW, user));
    await Promise.all(records.map((record) => store.create(record, call)));
    const endAll = async (): Promise<readonly string[]> => {
      const { version } = recordAt(NOW, user);
      const times = { endedAt: NOW, expiresAt: NOW + 1_000 };
      const end = { version, reason: "revoked", except: undefined, ...times } as const;
      return store.directory.endAll(user, end, call);
    };
    const endOne = async (record: (typeof records)[number]): Promise<readonly string[]> => {
      const { kind } = await store.end(tombstoneAt(NOW, record), undefined, call);
      return kind === "ended" ? [record.id] : [];
    };
    const ends = [endAll(), ...records.slice(0, 8).map(endOne), endAll()];
    const told = (await Promise.all(ends)).flat();
    expect(told.toSorted()).toEqual(records.map(({ id }) => id).toSorted());
  });

  it("refuses to write inside a transaction that nobody would commit, and leaves no lock", async () => {
    const careless = createPool({ ...mariadbAddress(server), connectionLimit: 1 });
    const connection = await careless.getConnection();
    await connection.query("SET autocommit = 0");
    connection.release();
    const theirs = mysqlStore(careless, { table });
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    const failure = theirs.update(successorOf(record), record.version, call);
    await expect(failure).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
    await expect(failure).rejects.toThrow(/transaction open.*leave autocommit on/);
    const next = successorOf(record);
    expect(await store.update(next, record.version, call)).toEqual({ kind: "updated" });
    expect(await store.load(record.id, call)).toEqual(next);
    await careless.end();
  });
});

describe("the schema", () => {
  it("is created once by many first calls, and by many stores at once", async () => {
    const stores = Array.from({ length: 4 }, () => mysqlStore(pool, { table }));
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, each) =>
        (stores[each % 4] ?? store).create(recordAt(NOW, { manager }), call),
      ),
    );
    expect(new Set(outcomes)).toEqual(new Set(["created"]));
    expect(await store.directory.count(manager, call)).toBe(20);
  });

  it("is refused with a sentence when it is newer, and left alone", async () => {
    await store.directory.count(manager, call);
    await pool.query(`UPDATE ${table}_meta SET value = 99`);
    const second = mysqlStore(pool, { table });
    const failure = second.directory.count(manager, call);
    await expect(failure).rejects.toThrow(/schema version 99.*run the newer release/);
    await expect(failure).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
    await pool.query(`UPDATE ${table}_meta SET value = 1`);
    expect(await second.directory.count(manager, call)).toBe(0);
  });

  it("is refused where the table is the application's own", async () => {
    await pool.query(`CREATE TABLE ${table} (something TEXT)`);
    const failure = store.directory.count(manager, call);
    await expect(failure).rejects.toThrow(/already that is none of this store/);
    await expect(failure).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
    expect(await ask(pool, `SHOW TABLES LIKE '${table}%'`)).toHaveLength(1);
  });

  it("is the same where the application's own migrations make it", async () => {
    const byHand = freshTable();
    const migrations = await createConnection({
      ...mariadbAddress(server),
      multipleStatements: true,
    });
    await migrations.query(mysqlSchema({ table: byHand }));
    await migrations.query(mysqlSchema({ table: byHand }));
    await store.directory.count(manager, call);
    for (const suffix of ["", "_generations", "_meta"]) {
      const [made] = await ask(pool, `SHOW CREATE TABLE ${table}${suffix}`);
      const [given] = await ask(pool, `SHOW CREATE TABLE ${byHand}${suffix}`);
      const definition = String(given?.["Create Table"]).replaceAll(byHand, table);
      expect(definition).toBe(made?.["Create Table"]);
    }
    await dropTables(migrations, byHand);
    await migrations.end();
  });

  it("needs no right to create anything where it is there already", async () => {
    await store.directory.count(manager, call);
    await pool.query("CREATE OR REPLACE USER guest@'127.0.0.1'");
    await pool.query("GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO guest@'127.0.0.1'");
    const guests = createPool({ ...mariadbAddress(server), user: "guest" });
    const guest = mysqlStore(guests, { table, schema: "check" });
    const record = recordAt(NOW, user);
    await guest.create(record, call);
    await guest.directory.raiseGeneration(user, call);
    expect(await guest.load(record.id, call)).toEqual(record);
    const elsewhere = mysqlStore(guests, { table: freshTable() });
    await expect(elsewhere.load(record.id, call)).rejects.toMatchObject({ outcome: "failed" });
    await guests.end();
  });

  it("is asked for in words where it is expected and missing", async () => {
    const expecting = mysqlStore(pool, { table, schema: "check" });
    await expect(expecting.directory.count(manager, call)).rejects.toThrow(/mysqlSchema\(\)/);
    expect(await ask(pool, `SHOW TABLES LIKE '${table}%'`)).toEqual([]);
  });
});

describe("the options of mysqlStore", () => {
  it.each([
    ["a table with a quote", { table: "a`b" }, "mysqlStore.table"],
    ["a table too long", { table: "x".repeat(53) }, "mysqlStore.table"],
    ["an unknown schema mode", { schema: "drop" }, "mysqlStore.schema"],
    ["an interval that is none", { sweepInterval: "often" }, "mysqlStore.sweepInterval"],
    ["an unknown key", { tableName: "sessions" }, "mysqlStore.tableName"],
  ])("refuse %s", (_, options, option) => {
    const attempt = (): unknown => mysqlStore(pool, options as never);
    expect(attempt).toThrow(OptionsError);
    expect(attempt).toThrow(option);
  });

  it("refuse the same of mysqlSchema", () => {
    expect(() => mysqlSchema({ table: "a b" })).toThrow(/mysqlSchema\.table/);
    expect(() => mysqlSchema({ prefix: "x" } as never)).toThrow(OptionsError);
  });

  it("refuse what is no pool of mysql2", async () => {
    const connection = await createConnection(mariadbAddress(server));
    // @ts-expect-error a single connection is no pool
    expect(() => mysqlStore(connection)).toThrow(/takes a pool/);
    await connection.end();
    // The pool of the older `mysql` takes a callback, and has no promise().
    const older = { getConnection: (callback: () => void) => callback() };
    for (const wrong of [older, {}, "mysql://localhost", undefined]) {
      expect(() => mysqlStore(wrong as unknown as MysqlPool)).toThrow(OptionsError);
    }
  });

  it("take a pool of either kind as its package declares it", async () => {
    for (const connect of [withPromises, withCallbacks]) {
      const { pool: either, direct } = connect(server);
      expect(await mysqlStore(either, { table }).directory.count(manager, call)).toBe(0);
      await direct.end();
    }
  });
});
