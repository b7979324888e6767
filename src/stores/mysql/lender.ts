import { untilAborted } from "../../core/waiting.ts";
import { warnOnce } from "../../core/warn.ts";
import { Debts } from "./debts.ts";
import { Late, Unreachable } from "./failure.ts";
import type { MysqlConnection, MysqlPromisePool } from "./pool.ts";

/** All connections are replaced at most so often: a server may stay read-only for a while. */
const RENEWAL_MS = 1_000;
/** For how long nothing is prepared on a server that has no room for more. */
const TEXTS_MS = 60_000;

const LEFT_OPEN =
  "A connection came back to the pool of mysqlStore with a transaction open. What the store would " +
  "have read there is the past, so it cut the connection off and took another. COMMIT or ROLLBACK " +
  "before a connection is released, after an exception too.";

/** Lends the pool's connections, but for those that are known to lead nowhere, or elsewhere. */
export class Lender {
  readonly #pool: MysqlPromisePool;
  readonly #debts: Debts;
  readonly #firstLentAt = new WeakMap<object, number>();
  #distrustedAt = Number.NEGATIVE_INFINITY;
  #textsUntil = Number.NEGATIVE_INFINITY;

  constructor(pool: MysqlPromisePool) {
    this.#pool = pool;
    this.#debts = new Debts(this);
  }

  /** Whether the server has no room for another prepared statement. */
  get isSendingTexts(): boolean {
    return performance.now() < this.#textsUntil;
  }

  /** Prepares nothing for a minute. */
  sendTexts(): void {
    this.#textsUntil = performance.now() + TEXTS_MS;
  }

  /**
   * Resolves to a connection, which is to be taken back or cut off.
   *
   * @throws {@link Late} if the signal is aborted before.
   * @throws {@link Unreachable} if the pool has none to give.
   */
  async lend(signal: AbortSignal): Promise<MysqlConnection> {
    for (;;) {
      const connection = await this.#lent(signal);
      if (this.#isTrusted(connection)) return connection;
      connection.destroy();
    }
  }

  /** Takes a connection back, once it has answered what it was asked last. */
  takeBack(connection: MysqlConnection, answer: Promise<unknown> | undefined): void {
    if (answer === undefined) connection.release();
    else this.#debts.add(connection, answer);
  }

  /**
   * Cuts off a connection that leads elsewhere, and with it all that were lent before this moment.
   * Returns `false`, doing nothing, where it is new since that was done, a moment ago.
   */
  replace(connection: MysqlConnection): boolean {
    const isNew = this.#isTrusted(connection);
    if (isNew && performance.now() - this.#distrustedAt < RENEWAL_MS) return false;
    connection.destroy();
    if (isNew) this.distrustAll();
    return true;
  }

  /** Cuts off a connection that was released in the middle of a transaction. */
  cutOffOpen(connection: MysqlConnection): void {
    connection.destroy();
    warnOnce(this.#pool, LEFT_OPEN);
  }

  /** From now on none is lent that was lent before. */
  distrustAll(): void {
    this.#distrustedAt = performance.now();
  }

  #isTrusted(lent: MysqlConnection): boolean {
    const { connection = lent } = lent;
    const since = this.#firstLentAt.get(connection) ?? performance.now();
    this.#firstLentAt.set(connection, since);
    return since > this.#distrustedAt;
  }

  async #lent(signal: AbortSignal): Promise<MysqlConnection> {
    if (signal.aborted) throw new Late("turn");
    const lending = this.#pool.getConnection();
    try {
      return await untilAborted(lending, signal, () => new Late("connection"));
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
