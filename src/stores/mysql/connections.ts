import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import { type Random, untilAborted } from "../../core/waiting.ts";
import { causeOf, detailOf, failureOf, Late, MysqlStoreProblem } from "./failure.ts";
import { Lender } from "./lender.ts";
import { Loan } from "./loan.ts";
import type { MysqlPromisePool } from "./pool.ts";
import { ensureSchema, type SchemaMode } from "./schema.ts";
import { plain } from "./sql.ts";
import { type Statements, statementsFor } from "./statements.ts";
import type { Table } from "./table.ts";

/** Long enough for several processes that all create the tables; the next call goes on with them. */
const SCHEMA_PATIENCE_MS = 10_000;
/** How many connections an operation may find useless, if an application left several so. */
const MAX_LOANS = 5;

/** What is done with a connection. */
export type Work<T> = (loan: Loan, statements: Statements) => Promise<T>;

/** Runs the store's operations, each on a connection that it borrows from the application's pool. */
export class Connections {
  readonly #lender: Lender;
  readonly #table: Table;
  readonly #mode: SchemaMode;
  readonly #random: Random;
  #preparing: Promise<Statements> | undefined;
  #statements: Statements | undefined;
  #isClosed = false;

  constructor(pool: MysqlPromisePool, table: Table, mode: SchemaMode, random: Random) {
    this.#lender = new Lender(pool);
    this.#table = table;
    this.#mode = mode;
    this.#random = random;
  }

  /**
   * Lends `work` a connection, once the tables are there.
   *
   * @throws {@link StoreError} if nothing was written, or the deadline came; else the driver's own
   * error.
   */
  async run<T>(operation: StoreOperation, { signal }: StoreCall, work: Work<T>): Promise<T> {
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

  async #prepared(operation: StoreOperation, signal: AbortSignal): Promise<Statements> {
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

  #prepare(): Promise<Statements> {
    const signal = AbortSignal.timeout(SCHEMA_PATIENCE_MS);
    const prepare = async (loan: Loan): Promise<Statements> => {
      const table = await placeOf(this.#table, loan);
      await ensureSchema(loan, table, this.#mode);
      this.#statements = statementsFor(table, await isTelling(loan));
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

/**
 * The table with its database, found once: an application may change a connection's by USE, and
 * sessions must not go with it.
 */
async function placeOf(table: Table, loan: Loan): Promise<Table> {
  if (table.database !== undefined) return table;
  const [row] = await loan.rows(plain("SELECT DATABASE() AS name"));
  const { name } = row as { readonly name: unknown };
  const database = loan.database || String(name ?? "");
  if (database !== "") return { ...table, database };
  throw new MysqlStoreProblem(
    `the pool's connections are in no database; name one in createPool, or in the option "table": ` +
      `"shop.${table.name}"`,
  );
}

/** Whether the server tells of an open transaction to whoever reads. MySQL does not. */
async function isTelling(loan: Loan): Promise<boolean> {
  return (await loan.rows(plain("SHOW VARIABLES LIKE 'in_transaction'"))).length > 0;
}
