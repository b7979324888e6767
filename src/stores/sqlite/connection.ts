import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import { pausedAfter, type Random } from "../../core/waiting.ts";
import type { SqliteDatabase } from "./database.ts";
import { failureOf, isBusy } from "./failure.ts";
import type { Source } from "./source.ts";
import type { Statements } from "./statements.ts";

const LOCKED = "another connection kept the database locked";
const IN_TRANSACTION = "the application kept a transaction open on the connection that it passed";

/** What came of one try: a result, or what was in the way. */
type Attempt<T> = { readonly result: T } | { readonly obstacle: string };

/** Runs statements on a database, and waits for its locks without blocking the event loop. */
export class Connection<Prepared = Statements> {
  readonly #source: Source;
  readonly #prepare: (database: SqliteDatabase) => Prepared;
  readonly #random: Random;
  #statements: Prepared | undefined;
  #isClosed = false;

  /** `prepare` is called before the first statement, and anew where it met a lock. */
  constructor(source: Source, prepare: (database: SqliteDatabase) => Prepared, random: Random) {
    this.#source = source;
    this.#prepare = prepare;
    this.#random = random;
  }

  /**
   * Calls `work`, and again as long as another connection holds a lock.
   *
   * @throws {@link StoreError} if it is locked until the deadline, or if SQLite refuses.
   */
  async run<T>(
    operation: StoreOperation,
    call: StoreCall,
    work: (statements: Prepared) => T,
  ): Promise<T> {
    try {
      if (this.#statements === undefined) await this.#source.prepare();
      for (let attempts = 0; ; attempts += 1) {
        const attempt = this.#attempt(operation, work);
        if ("result" in attempt) return attempt.result;
        if (await pausedAfter(attempts, call.signal, this.#random)) continue;
        const detail = `${attempt.obstacle} until the deadline`;
        throw new StoreError(operation, "failed", detail, { cause: call.signal.reason });
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
  #attempt<T>(operation: StoreOperation, work: (statements: Prepared) => T): Attempt<T> {
    if (this.#isClosed) throw new StoreError(operation, "failed", "the SQLite store is closed");
    try {
      const database = this.#source.open();
      if (!this.#source.isFree()) return { obstacle: IN_TRANSACTION };
      return this.#source.withoutWaiting(() => {
        this.#statements ??= this.#prepare(database);
        return { result: work(this.#statements) };
      });
    } catch (error) {
      if (isBusy(error)) return { obstacle: LOCKED };
      throw error;
    }
  }
}
