import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import { causeOf, detailOf, failureOf, Late, Unreachable } from "./failure.ts";
import { Loan } from "./loan.ts";
import type { MysqlConnection, MysqlPromisePool } from "./pool.ts";
import { ensureSchema, type SchemaMode } from "./schema.ts";
import { untilAborted } from "./waiting.ts";

/** Long enough for several processes that all create the tables. */
const SCHEMA_PATIENCE_MS = 30_000;

/** Runs the store's operations, each on a connection that it borrows from the application's pool. */
export class Connections {
  readonly #pool: MysqlPromisePool;
  readonly #table: string;
  readonly #mode: SchemaMode;
  #preparing: Promise<void> | undefined;
  #isPrepared = false;
  #isClosed = false;

  constructor(pool: MysqlPromisePool, table: string, mode: SchemaMode) {
    this.#pool = pool;
    this.#table = table;
    this.#mode = mode;
  }

  /**
   * Lends `work` a connection, once the tables are there.
   *
   * @throws {@link StoreError} if nothing was written, or the deadline came; else the driver's own
   * error.
   */
  async run<T>(
    operation: StoreOperation,
    { signal }: StoreCall,
    work: (loan: Loan) => Promise<T>,
  ): Promise<T> {
    if (this.#isClosed) throw new StoreError(operation, "failed", "the MySQL store is closed");
    if (!this.#isPrepared) await this.#prepared(operation, signal);
    return this.#onLoan(signal, work, (error, hasWritten) =>
      failureOf(operation, error, hasWritten),
    );
  }

  /** The pool is the application's, and stays open. */
  close(): void {
    this.#isClosed = true;
  }

  async #prepared(operation: StoreOperation, signal: AbortSignal): Promise<void> {
    // Not by the deadline of the first call: others wait for it too.
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined;
    });
    try {
      await untilAborted(this.#preparing, signal, "tables");
    } catch (error) {
      const detail = error instanceof Late ? error.message : detailOf(error);
      throw new StoreError(operation, "failed", detail, { cause: causeOf(error) });
    }
  }

  async #prepare(): Promise<void> {
    const signal = AbortSignal.timeout(SCHEMA_PATIENCE_MS);
    await this.#onLoan(
      signal,
      (loan) => ensureSchema(loan, this.#table, this.#mode),
      (error) => error,
    );
    this.#isPrepared = true;
  }

  async #onLoan<T>(
    signal: AbortSignal,
    work: (loan: Loan) => Promise<T>,
    asFailure: (error: unknown, hasWritten: boolean) => unknown,
  ): Promise<T> {
    let loan: Loan | undefined;
    try {
      loan = new Loan(await this.#connection(signal), signal);
      return await work(loan);
    } catch (error) {
      throw asFailure(error, loan?.hasWritten ?? false);
    } finally {
      loan?.end();
    }
  }

  async #connection(signal: AbortSignal): Promise<MysqlConnection> {
    if (signal.aborted) throw new Late("turn");
    const lending = this.#pool.getConnection();
    try {
      return await untilAborted(lending, signal, "connection");
    } catch (cause) {
      if (!(cause instanceof Late)) {
        throw new Unreachable("the pool gave no connection", { cause });
      }
      // It may come yet, and is not wanted any more.
      lending.then(
        (connection) => connection.release(),
        () => undefined,
      );
      throw cause;
    }
  }
}
