import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import { OptionsError, StoreError } from "../../src/core/errors.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { newToken, sessionId } from "../../src/core/token.ts";
import { type SqliteDatabase, sqliteStore } from "../../src/stores/sqlite/index.ts";
import { ensureSchema } from "../../src/stores/sqlite/schema.ts";
import { fileSource } from "../../src/stores/sqlite/source.ts";
import { prepareStatements } from "../../src/stores/sqlite/statements.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { describeStore } from "../../src/testing/store.ts";
import {
  lock,
  openPassedBetter,
  openPassedNode,
  openPath,
  temporaryFolder,
} from "./support/databases.ts";
import { describeGenerations } from "./support/generations.ts";
import { play, RUNS } from "./support/model.ts";

const runner = { describe, it };
describeStore("SQLite, by path", openPath, { runner });
describeStore("SQLite, a passed DatabaseSync", openPassedNode, { runner });
describeStore("SQLite, a passed better-sqlite3 database", openPassedBetter, { runner });
describeStore(
  "SQLite, in memory",
  async () => {
    const store = sqliteStore(":memory:");
    return { store, close: () => store.close() };
  },
  { runner },
);

describeGenerations("SQLite", openPath);

const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const manager = "shop";
const call = { now: NOW, signal: new AbortController().signal };

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, "sessions.db");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("the SQLite store", () => {
  it.each([
    ["node:sqlite", () => sqliteStore(":memory:")],
    ["better-sqlite3", () => sqliteStore(new Database(":memory:"))],
  ])("answers like a plain Map on %s, whatever the run of operations", async (_, open) => {
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const answers = await play(open(), run);
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 200 },
    );
  });

  it("does nothing while it is constructed, nor at close if it was not used", async () => {
    await sqliteStore(path).close();
    expect(await readdir(folder)).toEqual([]);
  });

  it("creates a file that only its owner reads, and its log too", async () => {
    const store = sqliteStore(path);
    await store.create(recordAt(NOW, { manager }), call);
    const files = await readdir(folder);
    expect(files.sort()).toEqual(["sessions.db", "sessions.db-shm", "sessions.db-wal"]);
    for (const file of files) {
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    }
    await store.close();
  });

  it("leaves the mode of a file that is there already", async () => {
    await writeFile(path, "");
    await chmod(path, 0o640);
    const store = sqliteStore(path);
    await store.load(recordAt(NOW, { manager }).id, call);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    await store.close();
  });

  it("keeps no token and nothing that opens a session", async () => {
    const token = newToken(pooledRandom());
    const store = sqliteStore(path);
    const record = recordAt(NOW, { manager, id: sessionId(token, manager), data: '{"a":1}' });
    await store.create(record, call);
    await store.update(successorOf(record), record.version, call);
    await store.end(tombstoneAt(NOW, record), undefined, call);
    const files = await readdir(folder);
    const contents = await Promise.all(files.map((file) => readFile(join(folder, file), "latin1")));
    expect(contents.join("")).toContain(record.id);
    expect(contents.join("")).not.toContain(token);
    await store.close();
  });

  it("keeps nothing of what a session was, once it has ended", async () => {
    const store = sqliteStore(path);
    const texts = { data: '{"private":1}', flash: "[1]", userId: "alice", device: "Firefox" };
    const record = recordAt(NOW, { manager, ...texts, authenticatedAt: NOW, earlier: "12345678" });
    const tombstone = tombstoneAt(NOW, record);
    await store.create(record, call);
    await store.end(tombstone, undefined, call);
    await store.close();
    const database = new DatabaseSync(path);
    const row = database.prepare("SELECT * FROM sojourn_sessions").get() ?? {};
    database.close();
    const kept = Object.entries(row).filter(([, value]) => value !== null);
    expect(Object.fromEntries(kept)).toEqual({
      id: record.id,
      manager,
      version: tombstone.version,
      reason: "destroyed",
      ended_at: NOW,
      expires_at: tombstone.expiresAt,
    });
  });

  it("writes to a log, and declares what that outlives", async () => {
    const store = sqliteStore(path, { synchronous: "full" });
    await store.create(recordAt(NOW, { manager }), call);
    const database = new DatabaseSync(path);
    expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    database.close();
    await store.close();
    expect(store.profile.durability).toBe("power-loss");
    expect(sqliteStore(path).profile.durability).toBe("crash");
    expect(sqliteStore(":memory:").profile.durability).toBe("process");
  });

  it.each([
    ["normal", 1],
    ["full", 2],
  ] as const)("syncs as it is told: %s", async (synchronous, level) => {
    const source = fileSource(path, synchronous);
    await source.prepare();
    const row = source.open().prepare("PRAGMA synchronous").get();
    expect(row).toEqual({ synchronous: level });
    source.close();
  });

  it("stays where it was when it was made, should the application go elsewhere", async () => {
    const before = process.cwd();
    process.chdir(folder);
    const store = sqliteStore("sessions.db");
    try {
      process.chdir(before);
      await store.create(recordAt(NOW, { manager }), call);
      expect(await readdir(folder)).toContain("sessions.db");
    } finally {
      await store.close();
      await rm(join(before, "sessions.db"), { force: true });
    }
  });

  it("tells when its folder is missing, and works once that is there", async () => {
    const nested = join(folder, "data", "sessions.db");
    const store = sqliteStore(nested);
    const record = recordAt(NOW, { manager });
    await expect(store.create(record, call)).rejects.toMatchObject({
      name: "StoreError",
      operation: "create",
      outcome: "failed",
      cause: { code: "ENOENT" },
    });
    await mkdir(join(folder, "data"));
    expect(await store.create(record, call)).toBe("created");
    await store.close();
  });

  it("refuses a file that is no database", async () => {
    await writeFile(
      path,
      "This is a text, and quite certainly not a database of SQLite's.".repeat(99),
    );
    const store = sqliteStore(path);
    const failure = store.load(recordAt(NOW, { manager }).id, call);
    await expect(failure).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
    await store.close();
  });

  it("opens once for many first calls", async () => {
    const store = sqliteStore(path);
    const records = Array.from({ length: 50 }, () => recordAt(NOW, { manager }));
    const outcomes = await Promise.all(records.map((record) => store.create(record, call)));
    expect(new Set(outcomes)).toEqual(new Set(["created"]));
    expect(await store.directory.count(manager, call)).toBe(50);
    await store.close();
  });

  it("keeps several tables in one database apart, keywords among their names", async () => {
    const one = sqliteStore(path, { table: "order" });
    const other = sqliteStore(path, { table: "Sessions_2" });
    const record = recordAt(NOW, { manager });
    await one.create(record, call);
    expect(await other.load(record.id, call)).toBeUndefined();
    expect(await one.load(record.id, call)).toEqual(record);
    await Promise.all([one.close(), other.close()]);
  });

  it("lists what is known of a user's sessions without reading what is in them", async () => {
    const database = new DatabaseSync(path);
    const store = sqliteStore(database);
    const record = recordAt(NOW, { manager, userId: "alice", device: "Firefox", notes: '{"g":1}' });
    await store.create(record, call);
    const [listed] = await store.directory.list({ manager, userId: "alice" }, call);
    const { data: _data, flash: _flash, ...facts } = record;
    expect(listed).toStrictEqual(facts);
    database.close();
  });

  it("reads integers from a connection that gives bigints", async () => {
    const database = new Database(path).defaultSafeIntegers(true);
    const store = sqliteStore(database);
    const record = recordAt(NOW, { manager, userId: "alice" });
    await store.create(record, call);
    const alice = { manager, userId: "alice" };
    expect(await store.directory.raiseGeneration(alice, call)).toBe(NOW);
    expect(await store.load(record.id, call)).toEqual(record);
    expect(await store.directory.generation(alice, call)).toBe(NOW);
    expect(await store.directory.count(manager, call)).toBe(1);
    database.close();
  });
});

describe("the schema", () => {
  const open = async (): Promise<SessionStore> => {
    const store = sqliteStore(path);
    await store.load(recordAt(NOW, { manager }).id, call);
    return store;
  };

  it("is refused with a sentence when it is newer, and left alone", async () => {
    await (await open()).close?.();
    const database = new DatabaseSync(path);
    database.exec("UPDATE sojourn_sessions_meta SET value = 99");
    await expect(open()).rejects.toThrow(/schema version 99.*run the newer release/);
    database.exec("UPDATE sojourn_sessions_meta SET value = 2");
    await (await open()).close?.();
    database.close();
  });

  it("is brought up to date, with the sessions and generations that are there", async () => {
    const database = new DatabaseSync(path);
    database.exec(VERSION_1);
    database.close();
    const store = sqliteStore(path);
    const user = { manager: "session", userId: "alice" };
    const [listed] = await store.directory.list(user, call);
    expect(await store.directory.generation(user, call)).toBe(3);
    expect(await store.directory.raiseGeneration(user, call)).toBe(NOW);
    const stored = listed && (await store.load(listed.id, call));
    if (stored?.kind !== "live") throw new Error("it is not there");
    expect(stored).toMatchObject({ data: '{"cart":[1]}', userId: "alice", notes: undefined });
    const next = successorOf(stored, { notes: '{"g":1}' });
    await store.update(next, stored.version, call);
    expect(await store.load(stored.id, call)).toEqual(next);
    await store.close();
  });

  it("is brought up to date once, when several processes start", async () => {
    const database = new DatabaseSync(path);
    database.exec(VERSION_1);
    database.close();
    const stores = Array.from({ length: 5 }, () => sqliteStore(path));
    const counts = await Promise.all(
      stores.map(({ directory }) => directory.count("session", call)),
    );
    expect(counts).toEqual([1, 1, 1, 1, 1]);
    for (const store of stores) await store.close();
  });

  it("is refused where the table is the application's own", async () => {
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE sojourn_sessions (something TEXT)");
    await expect(open()).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
    expect(database.prepare("SELECT name FROM sqlite_master").all()).toEqual([
      { name: "sojourn_sessions" },
    ]);
    database.close();
  });

  it("is created by another just before it gets the lock", async () => {
    const database = new DatabaseSync(path);
    let isFirst = true;
    const overtaken: SqliteDatabase = {
      prepare: (sql) => database.prepare(sql),
      exec(sql) {
        if (isFirst && sql.startsWith("BEGIN IMMEDIATE")) {
          isFirst = false;
          const other = new DatabaseSync(path);
          ensureSchema(other, "sojourn_sessions");
          other.close();
        }
        database.exec(sql);
      },
    };
    const store = sqliteStore(overtaken);
    expect(await store.create(recordAt(NOW, { manager }), call)).toBe("created");
    expect(isFirst).toBe(false);
    database.close();
  });

  it("leaves user_version to the application", async () => {
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 7");
    await (await open()).close?.();
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: 7 });
    database.close();
  });
});

const DRIVERS: readonly (readonly [string, (path: string) => DatabaseSync | Database.Database])[] =
  [
    ["node:sqlite", (file) => new DatabaseSync(file)],
    ["better-sqlite3", (file) => new Database(file)],
  ];

describe.each(DRIVERS)("a passed connection of %s", (_, connect) => {
  it("keeps its settings", async () => {
    const database = connect(path);
    database.exec("PRAGMA busy_timeout = 1234; PRAGMA synchronous = EXTRA");
    const settings = (): unknown[] =>
      ["busy_timeout", "synchronous", "journal_mode"].map((name) =>
        database.prepare(`PRAGMA ${name}`).get(),
      );
    const before = settings();
    const store = sqliteStore(database);
    await store.create(recordAt(NOW, { manager }), call);
    expect(settings()).toEqual(before);
    database.close();
  });

  it("has its busy timeout back after a call that met a lock", async () => {
    const database = connect(path);
    database.exec("PRAGMA busy_timeout = 60000");
    const store = sqliteStore(database);
    await store.load(recordAt(NOW, { manager }).id, call);
    const release = lock(path, connect);
    const late = { now: NOW, signal: AbortSignal.timeout(50) };
    await expect(store.create(recordAt(NOW, { manager }), late)).rejects.toThrow(StoreError);
    release();
    expect(database.prepare("PRAGMA busy_timeout").get()).toEqual({ timeout: 60_000 });
    database.close();
  });

  it("is not written to inside the application's transaction", async () => {
    const database = connect(path);
    const store = sqliteStore(database);
    const record = recordAt(NOW, { manager });
    await store.load(record.id, call);
    database.exec("BEGIN");
    const creating = store.create(record, call);
    await new Promise(setImmediate);
    database.exec("ROLLBACK");
    expect(await creating).toBe("created");
    expect(await store.load(record.id, call)).toEqual(record);
    database.close();
  });

  it("says what was in the way when the transaction stays open", async () => {
    const database = connect(path);
    const store = sqliteStore(database);
    database.exec("BEGIN");
    const late = { now: NOW, signal: AbortSignal.timeout(20) };
    const failure = store.create(recordAt(NOW, { manager }), late);
    await expect(failure).rejects.toThrow(/transaction open.*until the deadline/);
    database.exec("COMMIT");
    expect(await store.directory.count(manager, call)).toBe(0);
    database.close();
  });

  it("is found inside a transaction by trying, where it does not tell", async () => {
    const database = connect(path);
    const silent: SqliteDatabase = {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => database.prepare(sql),
    };
    const store = sqliteStore(silent);
    const record = recordAt(NOW, { manager });
    expect(await store.create(record, call)).toBe("created");
    database.exec("BEGIN");
    const late = { now: NOW, signal: AbortSignal.timeout(20) };
    await expect(store.load(record.id, late)).rejects.toThrow(/transaction open/);
    database.exec("COMMIT");
    expect(await store.load(record.id, call)).toEqual(record);
    database.close();
  });

  it("stays open when the store is closed", async () => {
    const database = connect(path);
    const store = sqliteStore(database);
    await store.create(recordAt(NOW, { manager }), call);
    await store.close();
    await expect(store.load(recordAt(NOW, { manager }).id, call)).rejects.toThrow(/closed/);
    const row = database.prepare("SELECT count(*) AS n FROM sojourn_sessions").get();
    expect(row).toEqual({ n: 1 });
    database.close();
  });
});

describe("deleting what has expired", () => {
  it("lets others have their turn between batches, and stops at abort", async () => {
    const store = sqliteStore(":memory:");
    const records = Array.from({ length: 2_100 }, () => recordAt(NOW, { manager }));
    for (const record of records) await store.create(record, call);
    const abort = new AbortController();
    setImmediate(() => setImmediate(() => abort.abort()));
    const later = { now: NOW + 2 * HOUR_MS, signal: abort.signal };
    const deleted = await store.expiry.deleteExpired(later);
    expect(deleted).toBeGreaterThan(0);
    expect(deleted).toBeLessThan(2_100);
    const rest = await store.expiry.deleteExpired({ ...call, now: NOW + 2 * HOUR_MS });
    expect(deleted + rest).toBe(2_100);
  });

  it("is done an hour after the expiry", async () => {
    const store = sqliteStore(":memory:");
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    const due = record.expiresAt + HOUR_MS;
    expect(await store.expiry.deleteExpired({ ...call, now: due - 1 })).toBe(0);
    expect(await store.expiry.deleteExpired({ ...call, now: due })).toBe(1);
  });

  it.each([1, 2, 24, 24 * 365])(
    "spares what lives, by a clock that is %i hours ahead",
    async (hours) => {
      const store = sqliteStore(path);
      const now = Date.now();
      const present = { ...call, now };
      const records = Array.from({ length: 20 }, () => recordAt(now, { manager }));
      for (const record of records) await store.create(record, present);
      expect(await store.expiry.deleteExpired({ ...call, now: now + hours * HOUR_MS })).toBe(0);
      expect(await store.directory.count(manager, present)).toBe(20);
      await store.close();
    },
  );

  it("finds what is due in the index", async () => {
    const database = new DatabaseSync(path);
    ensureSchema(database, "sojourn_sessions");
    const prepared: string[] = [];
    const listening: SqliteDatabase = {
      exec: (sql) => database.exec(sql),
      prepare(sql) {
        prepared.push(sql);
        return database.prepare(sql);
      },
    };
    prepareStatements(listening, "sojourn_sessions");
    const sweep = prepared.find((sql) => sql.includes("DELETE")) ?? "";
    const plan = JSON.stringify(database.prepare(`EXPLAIN QUERY PLAN ${sweep}`).all(NOW, 1));
    expect(plan).toContain("USING COVERING INDEX sojourn_sessions_by_expiry (expires_at<?)");
    database.close();
  });

  it("is wanted every ten minutes, unless told otherwise", () => {
    expect(sqliteStore(path).expiry.intervalMs).toBe(600_000);
    expect(sqliteStore(path, { sweepInterval: "1h" }).expiry.intervalMs).toBe(HOUR_MS);
  });
});

describe("options of the SQLite store", () => {
  it.each([
    ["an empty path", () => sqliteStore("")],
    ["a URI", () => sqliteStore("file:sessions.db?mode=memory")],
    ["a table that is no identifier", () => sqliteStore(path, { table: 'x"; DROP TABLE y; --' })],
    ["a table of SQLite's own", () => sqliteStore(path, { table: "sqlite_master" })],
    ["an interval that is none", () => sqliteStore(path, { sweepInterval: -1 })],
    // @ts-expect-error there is no third
    ["another synchronous", () => sqliteStore(path, { synchronous: "off" })],
    // @ts-expect-error no such option
    ["an unknown option", () => sqliteStore(path, { tableName: "sessions" })],
    // @ts-expect-error a pool is no connection
    ["what is no database", () => sqliteStore({ query: () => [] })],
    ["synchronous for a passed connection", () => sqliteStore(memory(), { synchronous: "full" })],
  ])("refuse %s", (_, open) => {
    expect(open).toThrow(OptionsError);
  });

  const memory = (): DatabaseSync => new DatabaseSync(":memory:");
});

/** What release 0.1 made before sessions had notes, with a session in it. */
const VERSION_1 = `
  CREATE TABLE "sojourn_sessions" (
    id TEXT NOT NULL PRIMARY KEY, manager TEXT NOT NULL, version TEXT NOT NULL,
    expires_at INTEGER NOT NULL, earlier TEXT, data TEXT, flash TEXT, user_id TEXT,
    created_at INTEGER, last_seen_at INTEGER, authenticated_at INTEGER, idle_timeout_ms INTEGER,
    absolute_timeout_ms INTEGER, persistent INTEGER, device TEXT, reason TEXT, ended_at INTEGER,
    next TEXT
  ) STRICT;
  CREATE INDEX "sojourn_sessions_by_user" ON "sojourn_sessions" (manager, user_id)
    WHERE user_id IS NOT NULL;
  CREATE INDEX "sojourn_sessions_by_expiry" ON "sojourn_sessions" (expires_at, manager, reason);
  CREATE TABLE "sojourn_sessions_generations" (
    manager TEXT NOT NULL, user_id TEXT NOT NULL, generation INTEGER NOT NULL,
    PRIMARY KEY (manager, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE "sojourn_sessions_meta" (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
  INSERT INTO "sojourn_sessions_meta" VALUES ('version', 1);
  INSERT INTO "sojourn_sessions_generations" VALUES ('session', 'alice', 3);
  INSERT INTO "sojourn_sessions" VALUES (
    's_kS1oZ0aJpSC4GB_r2zXqzTmTqoJ_6X0vSfkL4sYjZ9E', 'session', 'AAAAAAAA', ${NOW + 1_800_000}, '',
    '{"cart":[1]}', '', 'alice', ${NOW}, ${NOW}, ${NOW}, 1800000, 43200000, 0, NULL, NULL, NULL,
    NULL
  );
`;
