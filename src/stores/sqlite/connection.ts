import { setTimeout as pause } from "node:timers/promises";
import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import type { SqliteDatabase } from "./database.ts";
import { failureOf, isBusy } from "./failure.ts";
import { ensureSchema } from "./schema.ts";
import type { Source } from "./source.ts";
import { prepareStatements, type Statements } from "./statements.ts";

const FIRST_PAUSE_MS = 1;
const MAX_PAUSE_MS = 32;

const LOCKED = "another connection kept the database locked";
const IN_TRANSACTION = "the application kept a transaction open on the connection that it passed";

/** What came of one try: a result, or what was in the way. */
type Attempt<T> = { readonly result: T } | { readonly obstacle: string };

/** Runs statements on a database, and waits for its locks without blocking the event loop. */
export class Connection {
  readonly #source: Source;
  readonly #table: string;
  #statements: Statements | undefined;
  #isClosed = false;

  constructor(source: Source, table: string) {
    this.#source = source;
    this.#table = table;
  }

  /**
   * Calls `work`, and again as long as another connection holds a lock.
   *
   * @throws {@link StoreError} if it is locked until the deadline, or if SQLite refuses.
   */
  async run<T>(
    operation: StoreOperation,
    call: StoreCall,
    work: (statements: Statements) => T,
  ): Promise<T> {
    try {
      if (this.#statements === undefined) await this.#source.prepare();
      for (let attempts = 0; ; attempts += 1) {
        const attempt = this.#attempt(operation, work);
        if ("result" in attempt) return attempt.result;
        await pauseAfter(attempts, operation, attempt.obstacle, call.signal);
      }
    } catch (error) {
      throw failureOf(operation, error);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#source.close();
  }

  // Nothing in here awaits, so that two first calls do not open the database twice.
  #attempt<T>(operation: StoreOperation, work: (statements: Statements) => T): Attempt<T> {
    if (this.#isClosed) throw new StoreError(operation, "failed", "the SQLite store is closed");
    try {
      const database = this.#source.open();
      if (!this.#source.isFree()) return { obstacle: IN_TRANSACTION };
      return this.#source.withoutWaiting(() => {
        this.#statements ??= this.#prepared(database);
        return { result: work(this.#statements) };
      });
    } catch (error) {
      if (isBusy(error)) return { obstacle: LOCKED };
      throw error;
    }
  }

  #prepared(database: SqliteDatabase): Statements {
    ensureSchema(database, this.#table);
    return prepareStatements(database, this.#table);
  }
}

// At random, so that processes that met once do not meet again and again.
async function pauseAfter(
  attempts: number,
  operation: StoreOperation,
  obstacle: string,
  signal: AbortSignal,
): Promise<void> {
  const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** attempts, MAX_PAUSE_MS);
  try {
    await pause(Math.random() * longestMs, undefined, { signal });
  } catch (cause) {
    throw new StoreError(operation, "failed", `${obstacle} until the deadline`, { cause });
  }
}
