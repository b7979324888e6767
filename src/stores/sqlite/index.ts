import { resolve } from "node:path";
import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { SilentStore, StoreProfile } from "../../core/store.ts";
import { Connection } from "./connection.ts";
import type { SqliteDatabase } from "./database.ts";
import { ensureSchema } from "./schema.ts";
import { fileSource, IN_MEMORY, passedSource, type Source, type Synchronous } from "./source.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { prepareStatements, type Statements } from "./statements.ts";

export type { SqliteDatabase, SqliteStatement, SqliteValue } from "./database.ts";

/** How a SQLite store keeps its sessions. */
export interface SqliteStoreOptions {
  /**
   * The table of the sessions: a letter or `_`, then letters, digits or `_`. Two more tables are
   * named after it.
   *
   * @defaultValue "sojourn_sessions"
   */
  readonly table?: string | undefined;
  /**
   * What an acknowledged write outlives: `"normal"` a crash of the process (`kill -9` too),
   * `"full"` also a crash of the machine and a loss of power, for several times the cost of a
   * write. Only for a path: a connection that you pass has its own `PRAGMA synchronous`.
   *
   * @defaultValue "normal"
   */
  readonly synchronous?: "normal" | "full" | undefined;
  /**
   * How often what has expired is deleted.
   *
   * @defaultValue "10m"
   */
  readonly sweepInterval?: Duration | undefined;
}

/**
 * Keeps sessions in an SQLite database: one file, for every process of one machine.
 *
 * Give it a path, which it opens with `node:sqlite` at the first call, or an open database of
 * `node:sqlite` or `better-sqlite3`. It creates its tables itself. Waiting for another process's
 * lock never blocks the event loop.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is opened or read here.
 * @example
 * const sessions = createSessions({ store: sqliteStore("sessions.db") });
 */
export function sqliteStore(
  pathOrDatabase: string | SqliteDatabase,
  options: SqliteStoreOptions = {},
): SilentStore {
  requireKnownKeys("sqliteStore", options, ["table", "synchronous", "sweepInterval"]);
  const { table = "sojourn_sessions", sweepInterval = "10m" } = options;
  checkTable(table);
  const sweepIntervalMs = durationMs("sqliteStore.sweepInterval", sweepInterval);
  const { source, profile } =
    typeof pathOrDatabase === "string"
      ? forPath(pathOrDatabase, options.synchronous)
      : forDatabase(pathOrDatabase, options.synchronous);
  const prepare = (database: SqliteDatabase): Statements => {
    ensureSchema(database, table);
    return prepareStatements(database, table);
  };
  return new SqliteStore(new Connection(source, prepare, Math.random), profile, sweepIntervalMs);
}

interface Backing {
  readonly source: Source;
  readonly profile: StoreProfile;
}

function forPath(path: string, synchronous: Synchronous = "normal"): Backing {
  if (path === "" || path.startsWith("file:")) {
    throw new OptionsError(
      "sqliteStore(pathOrDatabase)",
      `${JSON.stringify(path)} is not a plain path; write one such as "sessions.db", or pass an ` +
        "open database.",
    );
  }
  oneOf("sqliteStore.synchronous", synchronous, ["normal", "full"]);
  if (path === IN_MEMORY) return { source: fileSource(path, synchronous), profile: UNKEPT };
  // The working directory of now, should the application change it.
  return { source: fileSource(resolve(path), synchronous), profile: ON_DISK[synchronous] };
}

function forDatabase(database: SqliteDatabase, synchronous: Synchronous | undefined): Backing {
  if (typeof database?.prepare !== "function" || typeof database.exec !== "function") {
    throw new OptionsError(
      "sqliteStore(pathOrDatabase)",
      "takes a path, a DatabaseSync of node:sqlite, or a Database of better-sqlite3.",
    );
  }
  if (synchronous !== undefined) {
    throw new OptionsError(
      "sqliteStore.synchronous",
      'is the connection\'s own setting: call exec("PRAGMA synchronous = FULL") on the ' +
        "database that you pass.",
    );
  }
  return { source: passedSource(database), profile: PASSED };
}

const TABLE_FORM = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

function checkTable(table: string): void {
  if (TABLE_FORM.test(table) && !/^sqlite_/i.test(table)) return;
  throw new OptionsError(
    "sqliteStore.table",
    `${JSON.stringify(table)} is not a table name; use a letter or _, then letters, digits or _, ` +
      'at most 63, and not "sqlite_" in front.',
  );
}

const SHARED: Omit<StoreProfile, "durability" | "caveats"> = {
  scope: "host",
  readYourWrites: "always",
  eviction: "never",
};

const ON_DISK: Readonly<Record<Synchronous, StoreProfile>> = {
  normal: {
    ...SHARED,
    durability: "crash",
    caveats: [
      'A power loss may undo the last writes, an end among them; synchronous: "full" keeps them.',
    ],
  },
  full: { ...SHARED, durability: "power-loss", caveats: [] },
};

const PASSED: StoreProfile = {
  ...SHARED,
  durability: "crash",
  caveats: [
    "The connection is the application's: its PRAGMA synchronous and journal_mode decide what " +
      "outlives a power loss, and an in-memory database outlives nothing.",
  ],
};

const UNKEPT: StoreProfile = {
  ...SHARED,
  scope: "process",
  durability: "process",
  caveats: ["An in-memory database ends with its process."],
};
