import { closeSync, openSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { isInTransaction, type SqliteDatabase, type SqliteStatement } from "./database.ts";
import { SqliteStoreProblem } from "./failure.ts";

/** Where the database comes from, and how it is used without blocking the event loop. */
export interface Source {
  /** Must have resolved once before `open`. */
  prepare(): Promise<void>;
  /** The open database. Waits for nobody: throws if another connection is in the way. */
  open(): SqliteDatabase;
  /** Whether our statements would be on their own, outside the application's transaction. */
  isFree(): boolean;
  /** Runs statements that fail at once, rather than wait, where they meet a lock. */
  withoutWaiting<T>(work: () => T): T;
  /** Closes what was opened here. */
  close(): void;
}

/** `normal` outlives a crash of the process, `full` a loss of power too. */
export type Synchronous = "normal" | "full";

/** SQLite's name for a database without a file. */
export const IN_MEMORY = ":memory:";

const PRIVATE = 0o600;
/**
 * How long the write-ahead log grows before SQLite copies it into the database, within the write
 * that reaches this: a pause of some 10 ms. Four times SQLite's default makes the pauses four times
 * rarer and the average write 40 % cheaper, as pages that were written often are copied once.
 */
const LOG_PAGES = 4_000;
/** What the log is cut back to, should it ever have grown longer. */
const MAX_IDLE_LOG_BYTES = 16 * 1_024 * 1_024;

/** A file, opened with `node:sqlite` at the first call. Its connections never wait by themselves. */
export function fileSource(path: string, synchronous: Synchronous): Source {
  let Driver: typeof DatabaseSync | undefined;
  let opened: DatabaseSync | undefined;
  return {
    async prepare() {
      Driver ??= await importDriver();
    },
    open() {
      if (Driver === undefined) throw new TypeError("prepare() first");
      opened ??= openFile(Driver, path, synchronous);
      return opened;
    },
    isFree: () => true,
    withoutWaiting: (work) => work(),
    close() {
      opened?.close();
    },
  };
}

/** The `DatabaseSync` of `node:sqlite`, where the runtime has it. */
export async function importDriver(): Promise<typeof DatabaseSync> {
  try {
    return (await import("node:sqlite")).DatabaseSync;
  } catch (cause) {
    throw new SqliteStoreProblem(
      "this runtime has no node:sqlite; pass sqliteStore an open better-sqlite3 database " +
        "instead of a path, or use Node 22.13 or later",
      { cause },
    );
  }
}

function openFile(
  Driver: typeof DatabaseSync,
  path: string,
  synchronous: Synchronous,
): DatabaseSync {
  if (path !== IN_MEMORY) createPrivate(path);
  const database = new Driver(path);
  try {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(`PRAGMA synchronous = ${synchronous}`);
    database.exec(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}`);
    database.exec(`PRAGMA journal_size_limit = ${MAX_IDLE_LOG_BYTES}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

// SQLite itself would make it readable for all. Its log and index files take after it.
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, "ax", PRIVATE));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

/**
 * The application's own connection. What the application set on it stays as it is; only while our
 * statements run is its busy timeout off, because it would block the event loop.
 */
export function passedSource(database: SqliteDatabase): Source {
  let timeout: SqliteStatement | undefined;
  return {
    prepare: async () => undefined,
    open: () => database,
    isFree: () => !isInTransaction(database),
    withoutWaiting(work) {
      // As a table, the pragma can be prepared once: 3 µs instead of 8.
      timeout ??= database.prepare("SELECT timeout FROM pragma_busy_timeout");
      const timeoutMs = Number((timeout.get() as { readonly timeout: number | bigint }).timeout);
      if (timeoutMs === 0) return work();
      database.exec("PRAGMA busy_timeout = 0");
      try {
        return work();
      } finally {
        database.exec(`PRAGMA busy_timeout = ${timeoutMs}`);
      }
    },
    close: () => undefined,
  };
}
