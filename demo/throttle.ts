import { HttpError } from "./http-error.ts";

/** How often something may be tried. */
interface ThrottleOptions {
  readonly limit: number;
  readonly windowMs: number;
  /** @defaultValue the system's clock */
  readonly now?: () => number;
}

interface Window {
  tries: number;
  readonly endsAt: number;
}

/** So many are remembered. The oldest go first, however many somebody makes up. */
const MAX_KEYS = 10_000;

/**
 * Counts tries by key, in windows of a fixed length that begin with the first try.
 *
 * It counts for one process and forgets with it: enough for this shop, which is one process. Where
 * there are several, take a library that counts in your store, such as rate-limiter-flexible.
 */
export class Throttle {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  /** In the order in which they end. */
  readonly #windows = new Map<string, Window>();

  constructor({ limit, windowMs, now = Date.now }: ThrottleOptions) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#now = now;
  }

  /** Counts a try. @returns How to take it back. @throws {@link HttpError} 429 where none is left. */
  take(key: string): () => void {
    const window = this.#windowOf(key);
    if (window.tries >= this.#limit) {
      const waitMs = window.endsAt - this.#now();
      throw new HttpError(429, { retryAfterSeconds: Math.ceil(waitMs / 1_000) });
    }
    window.tries += 1;
    return () => {
      window.tries -= 1;
    };
  }

  #windowOf(key: string): Window {
    const known = this.#windows.get(key);
    if (known !== undefined && known.endsAt > this.#now()) return known;
    const window = { tries: 0, endsAt: this.#now() + this.#windowMs };
    this.#windows.delete(key);
    this.#windows.set(key, window);
    this.#dropOldest();
    return window;
  }

  #dropOldest(): void {
    for (const [key, { endsAt }] of this.#windows) {
      if (endsAt > this.#now() && this.#windows.size <= MAX_KEYS) return;
      this.#windows.delete(key);
    }
  }
}
