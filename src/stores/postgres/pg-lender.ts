import { warnOnce } from "../../core/warn.ts";
import type { PgPool, PgPoolClient } from "./clients.ts";
import { OpenTransaction } from "./failure.ts";
import { PgHandshakes } from "./pg-handshakes.ts";
import { warnOfPool } from "./pg-notices.ts";
import { PgQueue, returned } from "./pg-queue.ts";
import { attend, isAwaiting, isInTransaction } from "./pg-status.ts";

/** All clients are replaced at most so often: a server may stay read-only for a while. */
const RENEWAL_MS = 1_000;
const DEFAULT_MAX = 10;

const LEFT_OPEN =
  "A client came back to the Pool of postgresStore with a transaction open. What the store would " +
  "have written there could be undone, so it cut the connection off and took another. COMMIT or " +
  "ROLLBACK before client.release(), after an exception too.";

/** Lends a pool's clients, but for those in somebody's transaction or known to lead elsewhere. */
export class PgLender {
  readonly #pool: PgPool;
  readonly #queue: PgQueue;
  readonly #handshakes: PgHandshakes;
  readonly #madeAt = new WeakMap<object, number>();
  #hasBegun = false;
  #distrustedAt = Number.NEGATIVE_INFINITY;

  constructor(pool: PgPool) {
    this.#pool = pool;
    this.#queue = new PgQueue(pool);
    this.#handshakes = new PgHandshakes(pool, () => this.#queue.isWaiting);
    pool.on?.("connect", (client) => {
      this.#madeAt.set(client, performance.now());
      attend(client);
    });
  }

  /**
   * Resolves to a client that is to be {@link returned}, with a listener `ignore` for its errors.
   *
   * @throws Whatever the pool says, or `Unanswered` at abort.
   * @throws {@link OpenTransaction} if it has none that is free of transactions.
   */
  async lend(signal: AbortSignal): Promise<PgPoolClient> {
    if (!this.#hasBegun) warnOfPool(this.#pool);
    this.#hasBegun = true;
    const { max = DEFAULT_MAX } = this.#pool.options ?? {};
    for (let refused = 0; refused <= max; refused += 1) {
      const next = this.#queue.next(signal);
      this.#handshakes.watch();
      const client = await next;
      attend(client);
      if (!this.#isTrusted(client)) returned(client, true);
      else if (!isAwaiting(client) && isInTransaction(client)) this.cutOffOpen(client);
      else return client;
    }
    throw new OpenTransaction();
  }

  /**
   * Cuts off a client that leads to a server that only reads, and from now on all that are as old.
   * Returns `false`, doing nothing, where it is new since that was done, a moment ago.
   */
  replace(client: PgPoolClient): boolean {
    const isNew = this.#isTrusted(client);
    if (isNew && performance.now() - this.#distrustedAt < RENEWAL_MS) return false;
    returned(client, true);
    if (isNew) this.distrustAll();
    return true;
  }

  /** Cuts off a client that was left in the middle of a transaction, which so is rolled back. */
  cutOffOpen(client: PgPoolClient): void {
    returned(client, true);
    warnOnce(this.#pool, LEFT_OPEN);
  }

  /** From now on none is lent that was made before. */
  distrustAll(): void {
    if (this.#pool.on !== undefined) this.#distrustedAt = performance.now();
  }

  #isTrusted(client: PgPoolClient): boolean {
    return (this.#madeAt.get(client) ?? Number.MIN_SAFE_INTEGER) > this.#distrustedAt;
  }
}
