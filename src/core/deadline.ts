import { unwatch, type Wait, watch } from "./commit/watch.ts";
import { StoreError, type StoreOperation, type StoreOutcome } from "./errors.ts";
import type { Keychain } from "./keychain.ts";
import type { EpochMs } from "./record.ts";
import type { StoreCall } from "./store.ts";
import type { Identity, SessionId } from "./token.ts";

/**
 * The moment by which one request's work with the store must be done, counted from when the work
 * was first wanted rather than from each call, so that retries and queues cannot add up.
 */
export class Deadline implements StoreCall {
  readonly now: EpochMs;
  readonly #timeoutMs: number;
  readonly #endsAt: number;
  readonly #budget: Budget | undefined;
  readonly #keychain: Keychain | undefined;
  #abort: AbortController | undefined;

  /**
   * @param budget - What the time is taken from, where more work may follow.
   * @param keychain - What the store is told, where it asks for secrets.
   */
  constructor(timeoutMs: number, now: EpochMs, budget?: Budget, keychain?: Keychain) {
    this.now = now;
    this.#timeoutMs = timeoutMs;
    this.#budget = budget;
    this.#keychain = keychain;
    // Not the injected clock: a test that moves the time does not make the store late.
    this.#endsAt = performance.now() + timeoutMs;
  }

  /** Made on demand: a store that never waits never pays for it. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.remainingMs <= 0) this.#abort.abort();
    return this.#abort.signal;
  }

  secretOf(id: SessionId): string | undefined {
    return this.#keychain?.secretOf(id);
  }

  /** A token that has come up while the work was done. */
  know(identity: Identity): void {
    this.#keychain?.add(identity);
  }

  get remainingMs(): number {
    return this.#endsAt - performance.now();
  }

  /**
   * Starts some work, and waits for it until the deadline, no longer. What it does later is nobody's
   * concern.
   *
   * @throws {@link StoreError} at the deadline, with the outcome that holds at that moment.
   */
  guard<T>(start: () => Promise<T>, terms: Terms<T>): Promise<T> {
    return new Promise((resolve) => {
      const guard = new Guard<T>(this, this.#endsAt, terms, resolve);
      watch(guard);
      started(start).then(
        (value) => {
          guard.isAnswered = true;
          unwatch(guard);
          resolve(value);
        },
        (error: unknown) => {
          unwatch(guard);
          guard.fail(error);
        },
      );
    });
  }

  /** Tells the work to stop. */
  abort(): void {
    this.#abort?.abort();
  }

  /** What the work took until it failed is spent. */
  failed(): void {
    this.#budget?.leave(this.remainingMs);
  }

  /** The error of work that is late. */
  late({ operation, outcome }: Terms<unknown>): StoreError {
    const detail =
      this.#timeoutMs > 0
        ? `it did not answer within ${Math.ceil(this.#timeoutMs)} ms (storeTimeout)`
        : "storeTimeout was used up by what failed before in this request";
    return new StoreError(operation, outcome, detail);
  }
}

/** A store that throws rather than rejects is heard all the same. */
export function started<T>(start: () => Promise<T>): Promise<T> {
  try {
    return start();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** How long somebody waits for a failing store in all. */
export class Budget {
  #leftMs: number;

  constructor(ms: number) {
    this.#leftMs = ms;
  }

  get leftMs(): number {
    return this.#leftMs;
  }

  /** Called at each failure, with what there would have been left of its deadline. */
  leave(ms: number): void {
    this.#leftMs = Math.min(this.#leftMs, Math.max(0, ms));
  }
}

/** What a guarded call is, should it fail. */
export interface Terms<T = never> {
  readonly operation: StoreOperation;
  /** Read at the moment of the failure. */
  readonly outcome: StoreOutcome;
  /** The error to reject with, from the one that came. */
  asError(error: unknown): unknown;
  /** What becomes of the call after that, where it need not be its end. */
  recover?(failure: unknown): Promise<T>;
}

class Guard<T> implements Wait {
  readonly endsAt: number;
  previous: Wait | undefined;
  next: Wait | undefined;
  timer: NodeJS.Timeout | undefined;
  /** In the turn that the store had left, perhaps. */
  isAnswered = false;
  readonly #deadline: Deadline;
  readonly #terms: Terms<T>;
  readonly #settle: (outcome: Promise<T>) => void;
  #hasFailed = false;

  constructor(
    deadline: Deadline,
    endsAt: number,
    terms: Terms<T>,
    settle: (outcome: Promise<T>) => void,
  ) {
    this.#deadline = deadline;
    this.endsAt = endsAt;
    this.#terms = terms;
    this.#settle = settle;
  }

  /** A store that is told to stop may know that it wrote nothing; it has one turn to say so. */
  onEnd(): void {
    this.#deadline.abort();
    setImmediate(() => this.fail(this.#deadline.late(this.#terms)));
  }

  /** The first failure counts. */
  fail(error: unknown): void {
    if (this.#hasFailed || this.isAnswered) return;
    this.#hasFailed = true;
    this.#deadline.failed();
    const failure = this.#terms.asError(error);
    this.#settle(this.#terms.recover?.(failure) ?? Promise.reject(failure));
  }
}
