/** How long an end is remembered, at least: an announcement of it may still be on its way. */
const MEMORY_MS = 600_000;

/** What has been told of lately, so that it is not told twice. */
export class Recent<T> {
  #newer = new Set<T>();
  #older = new Set<T>();
  #turnsAt = 0;

  add(item: T, now: number): void {
    this.#turn(now);
    this.#newer.add(item);
  }

  has(item: T, now: number): boolean {
    this.#turn(now);
    return this.#newer.has(item) || this.#older.has(item);
  }

  #turn(now: number): void {
    if (now < this.#turnsAt) return;
    this.#older = now < this.#turnsAt + MEMORY_MS ? this.#newer : new Set();
    this.#newer = new Set();
    this.#turnsAt = now + MEMORY_MS;
  }
}
