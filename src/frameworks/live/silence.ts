/** Node takes a longer delay for none at all. */
const MAX_TIMER_MS = 2_147_483_647;

/** Ends whom nobody knows anything of for too long: one timer, however many they are. */
export class Silence<T> {
  readonly #maxMs: number;
  readonly #onOver: (item: T) => void;
  /** Since when, the longest first. By the clock that nobody sets. */
  readonly #since = new Map<T, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(maxMs: number, onOver: (item: T) => void) {
    this.#maxMs = Math.min(maxMs, MAX_TIMER_MS);
    this.#onOver = onOver;
  }

  /** Nothing is known of it from now on. */
  begin(item: T): void {
    if (this.#since.has(item)) return;
    this.#since.set(item, performance.now());
    this.#timer ??= this.#arm(this.#maxMs);
  }

  end(item: T): void {
    if (!this.#since.delete(item) || this.#since.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delayMs: number): NodeJS.Timeout {
    const timer = setTimeout(() => this.#tick(), delayMs);
    // The web's timers are numbers.
    timer.unref?.();
    return timer;
  }

  #tick(): void {
    this.#timer = undefined;
    for (const [item, since] of this.#since) {
      const leftMs = since + this.#maxMs - performance.now();
      if (leftMs > 0) {
        this.#timer = this.#arm(leftMs);
        return;
      }
      this.#since.delete(item);
      this.#onOver(item);
    }
  }
}
