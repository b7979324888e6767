import type { PgPool, PgPoolClient } from "./clients.ts";
import { ignore } from "./database.ts";
import { Unanswered } from "./failure.ts";

interface Waiter {
  readonly since: number;
  take(client: PgPoolClient): void;
  fail(error: unknown): void;
}

/**
 * The callers that wait for one of a pool's clients. A pool's own queue cannot be left: who comes
 * takes the place of who has gone, so that it does not grow for as long as an outage takes.
 */
export class PgQueue {
  readonly #pool: PgPool;
  readonly #waiters = new Set<Waiter>();
  #asked = 0;

  constructor(pool: PgPool) {
    this.#pool = pool;
  }

  /** Whether the pool owes somebody a client. */
  get isWaiting(): boolean {
    return this.#asked > 0;
  }

  /** Resolves to a client that is lent, with a listener `ignore` for its errors. */
  next(signal: AbortSignal): Promise<PgPoolClient> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener("abort", giveUp);
      };
      const giveUp = (): void => {
        leave();
        reject(new Unanswered());
      };
      const waiter: Waiter = {
        since: performance.now(),
        take: (client) => {
          leave();
          resolve(client);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiters.add(waiter);
      if (this.#waiters.size > this.#asked) this.#ask();
    });
  }

  // The pool stops listening for a client's error just before it lends it, so by the time that a
  // promise resolves the error may have come, and ended the process. The callback is in time.
  #ask(): void {
    const since = performance.now();
    this.#asked += 1;
    this.#pool.connect((error, client) => {
      this.#asked -= 1;
      const [waiter] = this.#waiters;
      if (client !== undefined) {
        client.on("error", ignore);
        if (waiter === undefined) returned(client);
        else waiter.take(client);
        return;
      }
      if (waiter === undefined) return;
      // An old failure says nothing of now.
      if (waiter.since > since) this.#ask();
      else waiter.fail(error);
    });
  }
}

/** Gives a client back to its pool, or has the pool cut it off. */
export function returned(client: PgPoolClient, isUseless = false): void {
  client.release(isUseless);
  client.removeListener("error", ignore);
}
