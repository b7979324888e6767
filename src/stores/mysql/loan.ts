import { isRolledBack, Late, MysqlStoreProblem, type Wait } from "./failure.ts";
import { type MysqlConnection, type MysqlHeader, type MysqlValue, mysqlStatement } from "./pool.ts";
import { pauseAfter, untilAborted } from "./waiting.ts";

/**
 * A connection that still has not answered so long after the deadline leads nowhere: its server is
 * gone without a word. Sooner would be wrong where many wait for a lock: the server goes on with
 * what nobody waits for, and each new connection would add to it.
 */
const ABANDONED_MS = 60_000;
/** `SERVER_STATUS_IN_TRANS` of the protocol. */
const IN_TRANSACTION = 1;

/** A connection for the time of one operation. */
export class Loan {
  readonly #connection: MysqlConnection;
  readonly #signal: AbortSignal;
  #running: Promise<unknown> | undefined;
  #hasWritten = false;

  constructor(connection: MysqlConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Whether one of its statements has changed something. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** The rows that a statement finds. */
  async rows(sql: string, values: readonly MysqlValue[]): Promise<readonly unknown[]> {
    return (await this.#answer("reading", sql, values)) as readonly unknown[];
  }

  /**
   * How many rows a statement has written. Where it leaves a row as it was, the pool's flags decide
   * whether that counts.
   */
  async write(sql: string, values: readonly MysqlValue[]): Promise<number> {
    const header = (await this.#answer("writing", sql, values)) as MysqlHeader;
    if (((header.serverStatus ?? 0) & IN_TRANSACTION) !== 0) this.#giveUp();
    const rows = Number(header.affectedRows);
    if (rows > 0) this.#hasWritten = true;
    return rows;
  }

  /** Gives the connection back, as soon as it is free. */
  end(): void {
    const connection = this.#connection;
    if (this.#running === undefined) {
      connection.release();
      return;
    }
    const abandoned = setTimeout(() => connection.destroy(), ABANDONED_MS);
    abandoned.unref();
    const onAnswer = (): void => {
      clearTimeout(abandoned);
      connection.release();
    };
    this.#running.then(onAnswer, onAnswer);
  }

  async #answer(wait: Wait, sql: string, values: readonly MysqlValue[]): Promise<unknown> {
    for (let attempts = 0; ; attempts += 1) {
      try {
        const [answer] = await this.#sent(wait, sql, values);
        return answer;
      } catch (error) {
        if (!isRolledBack(error)) throw error;
        await pauseAfter(attempts, this.#signal);
      }
    }
  }

  async #sent(
    wait: Wait,
    sql: string,
    values: readonly MysqlValue[],
  ): Promise<readonly [unknown, unknown]> {
    if (this.#signal.aborted) throw new Late("turn");
    const running = this.#connection.execute(mysqlStatement(sql, values));
    this.#running = running;
    const onAnswer = (): void => {
      if (this.#running === running) this.#running = undefined;
    };
    running.then(onAnswer, onAnswer);
    return untilAborted(running, this.#signal, wait);
  }

  // Its end undoes the transaction, so that nothing is half-written and no row stays locked.
  #giveUp(): never {
    this.#connection.destroy();
    throw new MysqlStoreProblem(
      "the pool's connection had a transaction open; end it before the connection is released, " +
        "and leave autocommit on",
    );
  }
}
