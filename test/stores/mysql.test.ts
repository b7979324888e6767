import fc from "fast-check";
import { createConnection, createPool, type Pool, type RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import type { SilentStore } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import {
  type MysqlConnection,
  type MysqlPool,
  type MysqlPromisePool,
  type MysqlStatement,
  mysqlSchema,
  mysqlStore,
} from "../../src/stores/mysql/index.ts";
import {
  factsOf,
  freshId,
  recordAt,
  successorOf,
  tombstoneAt,
} from "../../src/testing/store/fixtures.ts";
import { mariadbAddress, startMariadb } from "../support/servers/mariadb.ts";
import { freePort, type TestServer } from "../support/servers/test-server.ts";
import { play, RUNS } from "./support/model.ts";
import {
  ask,
  dropTables,
  freshTable,
  until,
  withCallbacks,
  withPromises,
} from "./support/mysql.ts";

/** In the past, as a sweep asks the server's clock too. */
const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
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
});
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
  });

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

  it("ends those too that are made while it ends the others", async () => {
    const [first, ...late] = Array.from({ length: 9 }, () => recordAt(NOW, user)).toSorted(
      (one, other) => (one.id < other.id ? 1 : -1),
    );
    if (first === undefined) throw new Error("there are nine");
    await store.create(first, call);
    // Each time that some are about to be ended another signs in, under an id that sorts before.
    const meanwhile: MysqlPromisePool = {
      async getConnection() {
        const lent: MysqlConnection = await pool.getConnection();
        return Object.assign(Object.create(lent), {
          async query(statement: MysqlStatement) {
            const next = statement.sql.includes("UPDATE") ? late.shift() : undefined;
            if (next !== undefined) await store.create(next, call);
            return lent.query(statement);
          },
        });
      },
    };
    const all = [first, ...late].map(({ id }) => id).toSorted();
    const { version, endedAt, expiresAt } = tombstoneAt(NOW, first);
    const end = { version, endedAt, expiresAt, reason: "revoked", except: undefined } as const;
    const ids = await mysqlStore(meanwhile, { table }).directory.endAll(user, end, call);
    expect(ids.toSorted()).toEqual(all);
    expect(await store.directory.list(user, call)).toEqual([]);
  });

  it("lists what is known of a user's sessions without reading what is in them", async () => {
    const texts = { device: "Firefox", notes: '{"g":1}', flash: "[1]" };
    const record = recordAt(NOW, { ...user, ...texts, data: JSON.stringify("x".repeat(200_000)) });
    await store.create(record, call);
    const sent = async (): Promise<number> => {
      const [row] = await ask(pool, "SHOW GLOBAL STATUS LIKE 'Bytes_sent'");
      return Number(row?.["Value"]);
    };
    const before = await sent();
    expect(await store.directory.list(user, call)).toStrictEqual([factsOf(record)]);
    expect((await sent()) - before).toBeLessThan(20_000);
  });

  it("ends as many at once as one call can, and the rest with the next", async () => {
    await store.directory.count(manager, call);
    await pool.query(`INSERT INTO ${table}
      (id, manager, version, expires_at, earlier, data, flash, user_id, created_at, last_seen_at,
        idle_timeout_ms, absolute_timeout_ms, persistent)
      SELECT CONCAT('s_', seq), 'shop', 'v', ${NOW + HOUR_MS}, '', '{}', '', 'alice', ${NOW}, ${NOW},
        1, 1, 0 FROM seq_1_to_21000`);
    const { version, endedAt, expiresAt } = tombstoneAt(NOW, recordAt(NOW, user));
    const end = { version, endedAt, expiresAt, reason: "revoked", except: undefined } as const;
    const first = await store.directory.endAll(user, end, call);
    const second = await store.directory.endAll(user, end, call);
    expect(first.length).toBeLessThan(21_000);
    expect(new Set([...first, ...second]).size).toBe(21_000);
    expect(await store.directory.endAll(user, end, call)).toEqual([]);
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

  it("keeps few statements prepared on a connection, and none for want of room", async () => {
    const count = async (): Promise<number> => {
      const [row] = await ask(pool, "SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'");
      return Number(row?.["Value"]);
    };
    const own = createPool({ ...mariadbAddress(server), connectionLimit: 1 });
    const theirs = mysqlStore(own, { table });
    const before = await count();
    const doEverything = async (through: SilentStore): Promise<void> => {
      const record = recordAt(NOW, { ...user, notes: "{}", data: '{"é":"?"}', device: "'\\?\"" });
      const next = successorOf(record);
      await through.create(record, call);
      expect(await through.load(record.id, call)).toEqual(record);
      expect(await through.create(record, call)).toBe("taken");
      await through.update(next, record.version, call);
      await through.touch(record.id, { lastSeenAt: NOW + 1, expiresAt: NOW + HOUR_MS }, call);
      await through.directory.raiseGeneration(user, call);
      expect(await through.directory.generation(user, call)).toBeGreaterThanOrEqual(NOW);
      expect(await through.directory.list(user, call)).toHaveLength(1);
      expect(await through.directory.count(manager, call)).toBe(1);
      const page = { manager, after: undefined, limit: 3 };
      expect(await through.directory.scan(page, call)).toHaveLength(1);
      await through.end(tombstoneAt(NOW, record), undefined, call);
      await through.end(tombstoneAt(NOW, record), record.version, call);
      await through.expiry.deleteExpired(call);
    };
    await doEverything(theirs);
    expect((await count()) - before).toBeLessThanOrEqual(7);
    await pool.query("SET GLOBAL max_prepared_stmt_count = 0");
    const without = createPool({ ...mariadbAddress(server), connectionLimit: 1 });
    await doEverything(mysqlStore(without, { table })).finally(() =>
      pool.query("SET GLOBAL max_prepared_stmt_count = DEFAULT"),
    );
    await without.end();
    await own.end();
  });

  it("shows nothing of a session in the error of a statement that is not prepared", async () => {
    await store.directory.count(manager, call);
    await pool.query(`ALTER TABLE ${table} DROP COLUMN device`);
    await pool.query("SET GLOBAL max_prepared_stmt_count = 0");
    const own = createPool({ ...mariadbAddress(server), connectionLimit: 1 });
    const record = recordAt(NOW, { manager, data: '{"secret":"canary"}' });
    const failure = await mysqlStore(own, { table })
      .create(record, call)
      .catch((error: unknown) => error);
    await pool.query("SET GLOBAL max_prepared_stmt_count = DEFAULT");
    const { cause } = failure as { readonly cause: unknown };
    const texts = [failure, cause].map((each) =>
      JSON.stringify(each, Object.getOwnPropertyNames(each)),
    );
    expect(texts[1]).toContain("INSERT INTO");
    for (const text of texts) expect(text).not.toContain(Buffer.from("canary").toString("hex"));
    await own.end();
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

describe("a transaction that was left open in the pool", () => {
  let careless: Pool;
  let theirs: SilentStore;
  /** Leaves one on each of its two connections, which sees what there is now. */
  async function leave(begin: string): Promise<void> {
    const lent = [await careless.getConnection(), await careless.getConnection()];
    for (const connection of lent) {
      await connection.query(begin);
      await connection.query(`SELECT * FROM ${table}`);
      connection.release();
    }
  }
  beforeEach(async () => {
    careless = createPool({ ...mariadbAddress(server), connectionLimit: 2 });
    theirs = mysqlStore(careless, { table });
    await theirs.directory.count(manager, call);
  });
  afterEach(() => careless.end());

  it.each(["BEGIN", "START TRANSACTION READ ONLY", "SET autocommit = 0"])(
    "by %s hides nothing from a read",
    async (begin) => {
      const [ended, other] = [recordAt(NOW, user), recordAt(NOW, user)];
      const tombstone = tombstoneAt(NOW, ended);
      await store.create(ended, call);
      await leave(begin);
      await store.end(tombstone, undefined, call);
      await store.directory.raiseGeneration(user, call);
      expect(await theirs.load(ended.id, call)).toEqual(tombstone);
      await leave(begin);
      await store.create(other, call);
      expect(await theirs.load(other.id, call)).toEqual(other);
      await leave(begin);
      const next = successorOf(other);
      await store.update(next, other.version, call);
      expect(await theirs.directory.list(user, call)).toEqual([factsOf(next)]);
      await leave(begin);
      await store.directory.raiseGeneration(user, call);
      const generation = await store.directory.generation(user, call);
      expect(await theirs.directory.generation(user, call)).toBe(generation);
      await leave(begin);
      await store.create(recordAt(NOW, user), call);
      expect(await theirs.directory.count(manager, call)).toBe(2);
    },
  );

  it("hides no newcomer from a scan, nor from who signs out everywhere", async () => {
    await leave("BEGIN");
    const record = recordAt(NOW, user);
    await store.create(record, call);
    const page = { manager, after: undefined, limit: 3 };
    expect(await theirs.directory.scan(page, call)).toEqual([record]);
    const second = recordAt(NOW, { ...user, userId: "bob" });
    await leave("BEGIN");
    await store.create(second, call);
    const { version, endedAt, expiresAt } = tombstoneAt(NOW, second);
    const end = { version, endedAt, expiresAt, reason: "revoked", except: undefined } as const;
    expect(await theirs.directory.endAll({ manager, userId: "bob" }, end, call)).toEqual([
      second.id,
    ]);
  });

  it("is told to the developer, once", async () => {
    const warned: string[] = [];
    const listener = ({ message }: Error): void => void warned.push(message);
    process.on("warning", listener);
    const { id } = recordAt(NOW, user);
    await leave("BEGIN");
    await theirs.load(id, call);
    await leave("BEGIN");
    await theirs.load(id, call);
    await new Promise(setImmediate);
    process.off("warning", listener);
    expect(warned).toEqual([expect.stringMatching(/COMMIT or ROLLBACK before/)]);
  });

  it("is ended by a pool that resets what is released", async () => {
    await careless.end();
    const settings = { connectionLimit: 2, resetOnRelease: true };
    careless = createPool({ ...mariadbAddress(server), ...settings });
    await leave("BEGIN");
    const lent = await careless.getConnection();
    const [[row]] = await lent.query<RowDataPacket[]>("SELECT @@in_transaction AS told");
    expect(row).toEqual({ told: 0 });
    lent.release();
  });

  it("fails a read where every connection comes in one, in words", async () => {
    const always = createPool(mariadbAddress(server));
    always.on("connection", (connection) => {
      connection.query("SET autocommit = 0");
    });
    const failure = mysqlStore(always, { table }).load(recordAt(NOW, user).id, call);
    await expect(failure).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
    await expect(failure).rejects.toThrow(/transaction open.*leave autocommit on/);
    await always.end();
  });
});

describe("the tables", () => {
  const inTenant = async (one: Pool): Promise<void> => {
    const connection = await one.getConnection();
    await connection.query("USE tenant");
    connection.release();
  };
  let tenants: Pool;
  beforeEach(async () => {
    tenants = createPool({ ...mariadbAddress(server), connectionLimit: 1 });
    await pool.query("CREATE DATABASE tenant");
  });
  afterEach(async () => {
    await tenants.end();
    await pool.query("DROP DATABASE tenant");
  });

  it("stay in the pool's database, whichever a connection was led to", async () => {
    const record = recordAt(NOW, user);
    const theirs = mysqlStore(tenants, { table });
    await inTenant(tenants);
    await theirs.create(record, call);
    expect(await theirs.load(record.id, call)).toEqual(record);
    expect(await store.load(record.id, call)).toEqual(record);
    await pool.query(`CREATE TABLE tenant.${table} LIKE shop.${table}`);
    await inTenant(tenants);
    const next = successorOf(record);
    expect(await theirs.update(next, record.version, call)).toEqual({ kind: "updated" });
    expect(await theirs.directory.list(user, call)).toEqual([factsOf(next)]);
    await theirs.directory.raiseGeneration(user, call);
    expect(await store.directory.generation(user, call)).toBeGreaterThan(0);
    await theirs.end(tombstoneAt(NOW, record), undefined, call);
    expect(await theirs.expiry.deleteExpired({ ...call, now: NOW + 2 * HOUR_MS })).toBe(1);
    expect(await ask(pool, `SELECT * FROM tenant.${table}`)).toEqual([]);
  });

  it("are found where only the connections know the database", async () => {
    const nowhere = createPool({ ...mariadbAddress(server), database: "" });
    nowhere.on("connection", (connection) => {
      connection.query("USE tenant");
    });
    await mysqlStore(nowhere, { table }).create(recordAt(NOW, user), call);
    expect(await ask(pool, `SELECT id FROM tenant.${table}`)).toHaveLength(1);
    await nowhere.end();
  });

  it("may be in a database that is named", async () => {
    const nowhere = createPool({ ...mariadbAddress(server), database: "" });
    const named = mysqlStore(nowhere, { table: `tenant.${table}` });
    const record = recordAt(NOW, user);
    await named.create(record, call);
    expect(await named.load(record.id, call)).toEqual(record);
    expect(await store.load(record.id, call)).toBeUndefined();
    const byHand = await createConnection({ ...mariadbAddress(server), multipleStatements: true });
    await byHand.query(mysqlSchema({ table: "tenant.others" }));
    expect(await ask(pool, "SHOW TABLES FROM tenant LIKE 'others%'")).toHaveLength(3);
    await byHand.end();
    const failure = mysqlStore(nowhere, { table }).load(record.id, call);
    await expect(failure).rejects.toThrow(/in no database; name one.*"shop\./);
    await nowhere.end();
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

  it.each(["create", "check"] as const)(
    "of the first version is brought up to date, or asked for: %s",
    async (schema) => {
      const record = recordAt(NOW, { ...user, notes: '{"g":7}' });
      for (const statement of FIRST_VERSION) {
        await pool.query(statement.replaceAll("sessions", table));
      }
      const stores = Array.from({ length: 3 }, () => mysqlStore(pool, { table, schema }));
      if (schema === "check") {
        const checking = mysqlStore(pool, { table, schema });
        const failure = await checking.load(record.id, call).catch((error: Error) => error);
        const [, statements = ""] = /bring it up to date: (.*); \(/.exec(String(failure)) ?? [];
        expect(statements).toContain("ADD COLUMN notes");
        for (const statement of statements.split("; ")) await pool.query(statement);
      }
      const outcomes = await Promise.all(
        stores.map((each) => each.create({ ...record, id: freshId(manager) }, call)),
      );
      expect(outcomes).toEqual(["created", "created", "created"]);
      expect(await store.directory.list(user, call)).toMatchObject(
        Array(3).fill({ notes: record.notes }),
      );
      const old = await store.load("s_old" as SessionId, call);
      expect(old).toMatchObject({ data: '{"a":1}', notes: undefined });
      const before = await store.directory.generation(user, call);
      expect(before).toBe(3);
      await store.directory.raiseGeneration(user, call, NOW + 1);
      expect(await store.directory.generation(user, call)).toBe(NOW);
      // A process of the first release goes on beside us.
      await pool.query(
        `INSERT INTO ${table}_generations VALUES (?, ?, 1)
           ON DUPLICATE KEY UPDATE generation = generation + 1`,
        [user.manager, user.userId],
      );
      expect(await store.directory.generation(user, call)).toBe(NOW + 1);
    },
  );

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

describe("deleting what has expired", () => {
  it.each([1, 2, 24, 24 * 365])("spares what lives, by a clock %i hours ahead", async (hours) => {
    const now = Date.now();
    const present = { ...call, now };
    const records = Array.from({ length: 20 }, () => recordAt(now, user));
    for (const record of records) await store.create(record, present);
    const ahead = { ...call, now: now + hours * HOUR_MS };
    expect(await store.expiry.deleteExpired(ahead)).toBe(0);
    expect(await store.directory.count(manager, present)).toBe(20);
  });

  it("is done an hour after the expiry", async () => {
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    const due = record.expiresAt + HOUR_MS;
    expect(await store.expiry.deleteExpired({ ...call, now: due - 1 })).toBe(0);
    expect(await store.expiry.deleteExpired({ ...call, now: due })).toBe(1);
  });

  it("tells at its deadline how much was done, and goes on the next time", async () => {
    const rows = 8_000;
    await store.directory.count(manager, call);
    await pool.query(`INSERT INTO ${table} (id, manager, version, expires_at)
      SELECT CONCAT('s_', seq), 'shop', 'v', ${NOW} FROM seq_1_to_${rows}`);
    const later = NOW + 24 * HOUR_MS;
    const abort = new AbortController();
    const sweeping = store.expiry.deleteExpired({ now: later, signal: abort.signal });
    const rest = async (): Promise<number> =>
      Number((await ask(pool, `SELECT COUNT(*) AS n FROM ${table}`))[0]?.["n"]);
    await until(async () => (await rest()) < rows);
    abort.abort();
    const deleted = await sweeping;
    expect(deleted).toBeGreaterThan(0);
    const next = await store.expiry.deleteExpired({ ...call, now: later });
    expect(await rest()).toBe(0);
    expect(deleted + next).toBeLessThanOrEqual(rows);
  });
});

describe("the options of mysqlStore", () => {
  it.each([
    ["a table with a quote", { table: "a`b" }, "mysqlStore.table"],
    ["a table too long", { table: "x".repeat(53) }, "mysqlStore.table"],
    ["a table in a database that is none", { table: "a`b.c" }, "mysqlStore.table"],
    ["a table in a database in another", { table: "a.b.c" }, "mysqlStore.table"],
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

/** What the first release made, and what it wrote. */
const FIRST_VERSION: readonly string[] = [
  `CREATE TABLE sessions (
    id VARBINARY(64) NOT NULL PRIMARY KEY, manager VARBINARY(1024) NOT NULL,
    version VARBINARY(32) NOT NULL, expires_at BIGINT NOT NULL, earlier VARBINARY(128),
    data LONGBLOB, flash LONGBLOB, user_id VARBINARY(1536), created_at BIGINT, last_seen_at BIGINT,
    authenticated_at BIGINT, idle_timeout_ms BIGINT, absolute_timeout_ms BIGINT, persistent TINYINT,
    device VARBINARY(2048), reason VARBINARY(16), ended_at BIGINT, next VARBINARY(64),
    INDEX by_user (manager, user_id), INDEX by_expiry (expires_at, manager, reason)
  ) ENGINE = InnoDB ROW_FORMAT = DYNAMIC`,
  `CREATE TABLE sessions_generations (
    manager VARBINARY(1024) NOT NULL, user_id VARBINARY(1536) NOT NULL, generation BIGINT NOT NULL,
    PRIMARY KEY (manager, user_id)
  ) ENGINE = InnoDB ROW_FORMAT = DYNAMIC`,
  `CREATE TABLE sessions_meta (name VARBINARY(64) NOT NULL PRIMARY KEY, value BIGINT NOT NULL)
    ENGINE = InnoDB ROW_FORMAT = DYNAMIC`,
  "INSERT INTO sessions_meta VALUES ('version', 1)",
  `INSERT INTO sessions (id, manager, version, expires_at, earlier, data, flash, created_at,
    last_seen_at, idle_timeout_ms, absolute_timeout_ms, persistent)
    VALUES ('s_old', 'shop', 'v', 9e12, '', '{"a":1}', '', 1, 1, 1, 1, 0)`,
  "INSERT INTO sessions_generations VALUES ('shop', 'alice', 3)",
];
