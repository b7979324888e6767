import { pausedAfter, type Random, untilAborted } from "../../core/waiting.ts";
import {
  isOutOfStatements,
  isReadOnly,
  isRolledBack,
  Late,
  MysqlStoreProblem,
  OpenTransaction,
  type Wait,
} from "./failure.ts";
import type { Lender } from "./lender.ts";
import type { MysqlConnection, MysqlHeader, MysqlValue } from "./pool.ts";
import { type Sql, send } from "./sql.ts";

/** `SERVER_STATUS_IN_TRANS` of the protocol. */
const IN_TRANSACTION = 1;

const LEFT_OPEN =
  "the pool's connection had a transaction open; end it before the connection is released, and " +
  "leave autocommit on";

/** A connection for the time of one operation. */
export class Loan {
  readonly #lender: Lender;
  readonly #connection: MysqlConnection;
  readonly #signal: AbortSignal;
  readonly #random: Random;
  #running: Promise<unknown> | undefined;
  #hasWritten = false;

  constructor(lender: Lender, connection: MysqlConnection, signal: AbortSignal, random: Random) {
    this.#lender = lender;
    this.#connection = connection;
    this.#signal = signal;
    this.#random = random;
  }

  /** Whether one of its statements has changed something. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** The database that the connection was made for, whichever it uses by now. */
  get database(): string | undefined {
    return this.#connection.config?.database;
  }

  /** The rows that a statement finds. */
  async rows(sql: Sql, values: readonly MysqlValue[] = []): Promise<readonly unknown[]> {
    return (await this.#answer("reading", sql, values)) as readonly unknown[];
  }

  /**
   * The rows that a statement finds now. In a transaction that somebody left open it would find what
   * was there when that began: where the server can tell, it does so in a column of each row.
   *
   * @param otherwise - Tells of it where there is no row.
   * @throws {@link OpenTransaction} if there is one. The connection is cut off then.
   */
  async current(
    sql: Sql,
    values: readonly MysqlValue[],
    otherwise?: Sql,
  ): Promise<readonly unknown[]> {
    const rows = await this.rows(sql, values);
    const isSilent = rows.length === 0 && otherwise !== undefined;
    const [witness] = isSilent ? await this.rows(otherwise) : rows;
    if (!isInTransaction(witness)) return rows;
    this.#lender.cutOffOpen(this.#connection);
    throw new OpenTransaction(LEFT_OPEN);
  }

  /**
   * How many rows a statement has written. Where it leaves a row as it was, the pool's flags decide
   * whether that counts.
   */
  async write(sql: Sql, values: readonly MysqlValue[] = []): Promise<number> {
    return Number((await this.#written(sql, values)).affectedRows);
  }

  /** The number that a statement has written by `LAST_INSERT_ID`. */
  async number(sql: Sql, values: readonly MysqlValue[]): Promise<number> {
    return Number((await this.#written(sql, values)).insertId);
  }

  async #written(sql: Sql, values: readonly MysqlValue[]): Promise<MysqlHeader> {
    const header = (await this.#answer("writing", sql, values)) as MysqlHeader;
    if (((header.serverStatus ?? 0) & IN_TRANSACTION) !== 0) {
      // Its end undoes the transaction, so that nothing is half-written and no row stays locked.
      this.#connection.destroy();
      throw new MysqlStoreProblem(LEFT_OPEN);
    }
    if (Number(header.affectedRows) > 0) this.#hasWritten = true;
    return header;
  }

  /**
   * Whether another connection may do what failed on this one: nothing was written, and this one,
   * which led to a server that only reads or into somebody's transaction, is cut off.
   */
  isReplaced(error: unknown): boolean {
    if (this.#hasWritten) return false;
    if (error instanceof OpenTransaction) return true;
    return isReadOnly(error) && this.#lender.replace(this.#connection);
  }

  /** Gives the connection back, as soon as it is free. */
  end(): void {
    this.#lender.takeBack(this.#connection, this.#running);
  }

  async #answer(wait: Wait, sql: Sql, values: readonly MysqlValue[]): Promise<unknown> {
    for (let attempts = 0; ; attempts += 1) {
      try {
        const [answer] = await this.#sent(wait, sql, values);
        return answer;
      } catch (error) {
        if (isOutOfStatements(error)) this.#lender.sendTexts();
        else if (!isRolledBack(error)) throw withoutValues(error, sql);
        else if (!(await pausedAfter(attempts, this.#signal, this.#random))) throw new Late("turn");
      }
    }
  }

  async #sent(
    wait: Wait,
    sql: Sql,
    values: readonly MysqlValue[],
  ): Promise<readonly [unknown, unknown]> {
    if (this.#signal.aborted) throw new Late("turn");
    const isPrepared = sql.isPrepared && !this.#lender.isSendingTexts;
    const running = send(this.#connection, sql, values, isPrepared ? "prepared" : "text");
    this.#running = running;
    const onAnswer = (): void => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(onAnswer, onAnswer);
    return untilAborted(running, this.#signal, () => new Late(wait));
  }
}

function isInTransaction(row: unknown): boolean {
  const { in_transaction: told } = Object(row) as { readonly in_transaction?: unknown };
  return Number(told ?? 0) === 1;
}

// The driver shows the statement, which as a text has its values in it.
function withoutValues(error: unknown, { text }: Sql): unknown {
  if (error instanceof Error && "sql" in error) error.sql = text;
  return error;
}
