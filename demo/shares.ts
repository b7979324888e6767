import { HttpError } from "./http-error.ts";

/** How much of the shop's attention each key may have at once. */
export class Shares {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a place. @returns How to leave it. @throws {@link HttpError} 503 where none is left. */
  take(key: string): () => void {
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.#limit) throw new HttpError(503, { retryAfterSeconds: 2 });
    this.#counts.set(key, count + 1);
    return () => this.#leave(key);
  }

  #leave(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }
}
