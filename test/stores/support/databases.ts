import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import Database from "better-sqlite3";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import type { OpenStore } from "../../../src/testing/store.ts";

/** A folder of its own for one test. */
export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "sojourn-sqlite-"));
}

type Connect = (path: string) => DatabaseSync | Database.Database;

const connectNode: Connect = (path) => new DatabaseSync(path);

/**
 * Holds the write lock on a database, as another process would, until it is called. Within one
 * process it takes the same driver: two copies of SQLite do not see each other's locks.
 */
export function lock(path: string, connect: Connect = connectNode): () => void {
  const holder = connect(path);
  holder.exec("BEGIN IMMEDIATE");
  return () => {
    holder.exec("ROLLBACK");
    holder.close();
  };
}

/** The store on a file that it opens itself. */
export const openPath: OpenStore = async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "sessions.db");
  const store = sqliteStore(path);
  return {
    store,
    sibling: async () => sqliteStore(path),
    stall: async () => {
      const release = lock(path);
      return async () => release();
    },
    async close() {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
};

/** The store on connections that the application opens, closes, and sets to wait for locks. */
function openPassed(connect: Connect, settings: string): OpenStore {
  return async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "application.db");
    const connections: ReturnType<Connect>[] = [];
    const connected = (): ReturnType<Connect> => {
      const connection = connect(path);
      connection.exec(settings);
      connections.push(connection);
      return connection;
    };
    const store = sqliteStore(connected());
    return {
      store,
      sibling: async () => sqliteStore(connected()),
      stall: async () => {
        const release = lock(path, connect);
        return async () => release();
      },
      async close() {
        for (const connection of connections) connection.close();
        await rm(folder, { recursive: true });
      },
    };
  };
}

/** With a rollback journal, as SQLite has it unless told otherwise; not synced, to save time. */
export const openPassedNode: OpenStore = openPassed(
  (path) => new DatabaseSync(path),
  "PRAGMA busy_timeout = 60000; PRAGMA synchronous = OFF",
);

export const openPassedBetter: OpenStore = openPassed(
  (path) => new Database(path, { timeout: 60_000 }),
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
);
