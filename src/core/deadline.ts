import { StoreError, type StoreOperation, type StoreOutcome } from "./errors.ts";
import type { EpochMs } from "./record.ts";
import type { StoreCall } from "./store.ts";
import { unwatch, watch } from "./watch.ts";

/**
 * The moment by which one request's work with the store must be done, counted from when the work
 * was first wanted rather than from each call, so that retries and queues cannot add up.
 */
export class Deadline implements StoreCall {
  readonly now: EpochMs;
  readonly #timeoutMs: number;
  readonly #endsAt: number;
  #abort: AbortController | undefined;

  constructor(timeoutMs: number, now: EpochMs) {
    this.now = now;
    this.#timeoutMs = timeoutMs;
    // Not the injected clock: a test that moves the time does not make the store late.
    this.#endsAt = performance.now() + timeoutMs;
  }

  /** Made on demand: a store that never waits never pays for it. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.remainingMs <= 0) this.#abort.abort();
    return this.#abort.signal;
  }

  get remainingMs(): number {
    return this.#endsAt - performance.now();
  }

  /**
   * Waits for `work` until the deadline, no longer. What `work` does later is nobody's concern.
   *
   * @param onError - Makes the error to reject with from the one that came.
   * @throws {@link StoreError} at the deadline, with the outcome that holds at that moment.
   */
  guard<T>(
    operation: StoreOperation,
    outcome: () => StoreOutcome,
    work: Promise<T>,
    onError: (error: unknown) => unknown = (error) => error,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const wait = watch(this.#endsAt, () => {
        const detail = `it did not answer within ${this.#timeoutMs} ms (storeTimeout)`;
        reject(onError(new StoreError(operation, outcome(), detail)));
        this.#abort?.abort();
      });
      work.then(
        (value) => {
          unwatch(wait);
          resolve(value);
        },
        (error: unknown) => {
          unwatch(wait);
          reject(onError(error));
        },
      );
    });
  }
}
