import type { PgPoolClient } from "./clients.ts";
import {
  isConnectionLost,
  isFailedTransaction,
  isReadOnly,
  isStateWrong,
  OpenTransaction,
  Useless,
} from "./failure.ts";
import type { PgLender } from "./pg-lender.ts";
import { returned } from "./pg-queue.ts";
import { isInTransaction } from "./pg-status.ts";

/** A client of a pool for the time of one statement. */
export class PgLoan {
  readonly #lender: PgLender;
  readonly #client: PgPoolClient;
  #isBack = false;

  constructor(lender: PgLender, client: PgPoolClient) {
    this.#lender = lender;
    this.#client = client;
  }

  get isBack(): boolean {
    return this.#isBack;
  }

  /** What the server calls the connection; `pg-native` does not know. */
  get processId(): number | undefined {
    return this.#client.processID ?? undefined;
  }

  /**
   * What the work comes to. The client is back in its pool by then, or cut off.
   *
   * @throws {@link Useless} if another client may do the same: on this one, nothing came of it.
   */
  async run<T>(work: (client: PgPoolClient) => Promise<T>): Promise<T> {
    try {
      const value = await work(this.#client);
      // Somebody's, begun before or while this was sent. Without a connection it is rolled back.
      if (isInTransaction(this.#client)) throw new OpenTransaction();
      this.#end(() => returned(this.#client));
      return value;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Cuts the client off, whatever its answer would be. */
  cutOff(): void {
    this.#end(() => returned(this.#client, true));
  }

  #failed(error: unknown): unknown {
    if (error instanceof OpenTransaction || isFailedTransaction(error)) {
      this.#end(() => this.#lender.cutOffOpen(this.#client));
      return new Useless(new OpenTransaction());
    }
    if (isReadOnly(error) && !this.#isBack && this.#lender.replace(this.#client)) {
      this.#end(() => undefined);
      return new Useless(error);
    }
    this.#end(() => returned(this.#client, isBroken(error)));
    return error;
  }

  #end(giveBack: () => void): void {
    if (this.#isBack) return;
    this.#isBack = true;
    giveBack();
  }
}

/** Whether a client is not to be kept: its connection is lost, or in a state that is not ours. */
function isBroken(error: unknown): boolean {
  return isConnectionLost(error) || (isStateWrong(error) && !isReadOnly(error));
}
