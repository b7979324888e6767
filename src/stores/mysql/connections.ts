import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import { type Random, untilAborted } from "../../core/waiting.ts";
import { causeOf, detailOf, failureOf, Late } from "./failure.ts";
import { Lender } from "./lender.ts";
import { Loan } from "./loan.ts";
import type { MysqlPromisePool } from "./pool.ts";
import type { Statements } from "./statements.ts";

/** Long enough for several processes that all create the tables; the next call goes on with them. */
const SCHEMA_PATIENCE_MS = 10_000;
/** How many connections an operation may find useless, if an application left several so. */
const MAX_LOANS = 5;

/** What is done with a connection. */
export type Work<T, Prepared = Statements> = (loan: Loan, statements: Prepared) => Promise<T>;

/** Runs the store's operations, each on a connection that it borrows from the application's pool. */
export class Connections<Prepared = Statements> {
  readonly #lender: Lender;
  readonly #prepareOn: (loan: Loan) => Promise<Prepared>;
  readonly #random: Random;
  #preparing: Promise<Prepared> | undefined;
  #statements: Prepared | undefined;
  #isClosed = false;

  /** `prepare` makes the statements, once, on the first connection. */
  constructor(pool: MysqlPromisePool, prepare: (loan: Loan) => Promise<Prepared>, random: Random) {
    this.#lender = new Lender(pool);
    this.#prepareOn = prepare;
    this.#random = random;
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
    work: Work<T, Prepared>,
  ): Promise<T> {
    if (this.#isClosed) throw new StoreError(operation, "failed", "the MySQL store is closed");
    const statements = this.#statements ?? (await this.#prepared(operation, signal));
    return this.#onLoan(
      signal,
      (loan) => work(loan, statements),
      (error, hasWritten) => failureOf(operation, error, hasWritten),
    );
  }

  /** The pool is the application's, and stays open. */
  close(): void {
    this.#isClosed = true;
  }

  async #prepared(operation: StoreOperation, signal: AbortSignal): Promise<Prepared> {
    // Not by the deadline of the first call: others wait for it too.
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined;
    });
    try {
      return await untilAborted(this.#preparing, signal, () => new Late("tables"));
    } catch (error) {
      const detail = error instanceof Late ? error.message : detailOf(error);
      throw new StoreError(operation, "failed", detail, { cause: causeOf(error) });
    }
  }

  #prepare(): Promise<Prepared> {
    const signal = AbortSignal.timeout(SCHEMA_PATIENCE_MS);
    const prepare = async (loan: Loan): Promise<Prepared> => {
      this.#statements = await this.#prepareOn(loan);
      return this.#statements;
    };
    return this.#onLoan(signal, prepare, (error) => error);
  }

  async #onLoan<T>(
    signal: AbortSignal,
    work: (loan: Loan) => Promise<T>,
    asFailure: (error: unknown, hasWritten: boolean) => unknown,
    loans = 1,
  ): Promise<T> {
    let loan: Loan | undefined;
    try {
      loan = new Loan(this.#lender, await this.#lender.lend(signal), signal, this.#random);
      return await work(loan);
    } catch (error) {
      const isReplaced = loans < MAX_LOANS && loan?.isReplaced(error) === true;
      if (!isReplaced) throw asFailure(error, loan?.hasWritten === true);
    } finally {
      loan?.end();
    }
    return this.#onLoan(signal, work, asFailure, loans + 1);
  }
}
