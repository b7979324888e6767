/** What has been told of lately, so that it is not told twice. */
export class Recent<T> {
  #newer = new Set<T>();
  #older = new Set<T>();
  #turnsAt = 0;
  readonly #memoryMs: number;

  /** @param memoryMs - How long each is remembered, at least. */
  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

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
    this.#older = now < this.#turnsAt + this.#memoryMs ? this.#newer : new Set();
    this.#newer = new Set();
    this.#turnsAt = now + this.#memoryMs;
  }
}
