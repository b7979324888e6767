import { Deadline } from "./deadline.ts";
import type { Engine } from "./engine.ts";
import type { DeletedExpired } from "./sessions.ts";
import type { Expiry } from "./store.ts";

/** How much of its time a step works; the rest is for what it is in. */
const WORKING_SHARE = 0.8;
/** Less is not worth another step. */
const LEAST_STEP_MS = 100;
/** Beyond that a timer fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** What came of one call on the store. */
interface Step {
  readonly deleted: number;
  /** It was told to stop, so there may be more. */
  readonly isCutShort: boolean;
}

/** Deletes what has expired: now and then by itself, or when it is told to. */
export class Sweeping {
  readonly #engine: Engine;
  readonly #onFailure: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #isSweeping = false;
  #isClosed = false;

  constructor(engine: Engine, onFailure: (error: unknown) => void) {
    this.#engine = engine;
    this.#onFailure = onFailure;
  }

  /**
   * From here on it is done at the store's interval. It begins at random within the first, so that
   * processes that were started together do not all ask the store at the same moment for ever.
   */
  start(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const expiry = this.#expiry;
    if (expiry === undefined) return;
    const intervalMs = Math.min(expiry.intervalMs, LONGEST_TIMER_MS);
    const share = 1 - this.#engine.environment.random(4).readUInt32BE() / 2 ** 32;
    const begin = (): void => {
      this.#timer = setInterval(() => void this.#sweep(), intervalMs);
      // The web's timers are numbers.
      this.#timer.unref?.();
      void this.#sweep();
    };
    this.#timer = setTimeout(begin, Math.ceil(share * intervalMs));
    this.#timer.unref?.();
  }

  close(): void {
    this.#isClosed = true;
    // One clears what the other has set.
    clearTimeout(this.#timer);
  }

  /** As long as there is something, for half of the store's interval at most. */
  async deleteAll(): Promise<number> {
    const expiry = this.#expiry;
    if (expiry === undefined) return 0;
    const until = performance.now() + expiry.intervalMs / 2;
    for (let total = 0; ; ) {
      const { deleted, isCutShort } = await this.#step(expiry, this.#engine.storeTimeoutMs);
      total += deleted;
      const hasMore = isCutShort && deleted > 0;
      if (!hasMore || this.#isClosed || performance.now() >= until) return total;
    }
  }

  /** Until nothing is left, or the time is up. What failed for want of that is left to the next. */
  async deleteWithin(budgetMs: number): Promise<DeletedExpired> {
    const expiry = this.#expiry;
    if (expiry === undefined) return { deleted: 0, isDone: true };
    const until = performance.now() + budgetMs;
    let [deleted, isFirst] = [0, true];
    while (isFirst || (!this.#isClosed && until - performance.now() >= LEAST_STEP_MS)) {
      const leftMs = until - performance.now();
      const isLast = leftMs < this.#engine.storeTimeoutMs;
      const step = await this.#step(expiry, isLast ? leftMs : this.#engine.storeTimeoutMs).catch(
        (error: unknown) => {
          if (isFirst || !isLast) throw error;
          return CUT_SHORT;
        },
      );
      deleted += step.deleted;
      if (!step.isCutShort) return { deleted, isDone: true };
      isFirst = false;
    }
    return { deleted, isDone: false };
  }

  get #expiry(): Expiry | undefined {
    return this.#engine.keeper.store.expiry;
  }

  async #sweep(): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    // The next turn tries again.
    await this.deleteAll().catch(this.#onFailure);
    this.#isSweeping = false;
  }

  /** One call, told to stop so early that it can come to an end before its deadline. */
  async #step(expiry: Expiry, patienceMs: number): Promise<Step> {
    const { keeper, environment } = this.#engine;
    const deadline = new Deadline(patienceMs, environment.now());
    const signal = AbortSignal.timeout(Math.floor(WORKING_SHARE * deadline.remainingMs));
    const deleted = await keeper.read(
      "deleteExpired",
      deadline,
      ({ now }) => expiry.deleteExpired({ now, signal }),
      "unknown",
    );
    return { deleted, isCutShort: signal.aborted };
  }
}

const CUT_SHORT: Step = { deleted: 0, isCutShort: true };
