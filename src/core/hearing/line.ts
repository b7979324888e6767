/** Those who wait in a line, each of them once. */
export class Line<T> {
  readonly #waiting = new Set<T>();
  // Kept: who begins at the front again goes past every gap that those have left who are gone.
  #front: Iterator<T> | undefined;

  get size(): number {
    return this.#waiting.size;
  }

  has(item: T): boolean {
    return this.#waiting.has(item);
  }

  add(item: T): void {
    this.#waiting.add(item);
  }

  delete(item: T): void {
    this.#waiting.delete(item);
  }

  /** The one at the front, who leaves the line. */
  take(): T | undefined {
    if (this.#waiting.size === 0) return undefined;
    this.#front ??= this.#waiting.values();
    const { done, value } = this.#front.next();
    if (done === true) {
      this.#front = undefined;
      return this.take();
    }
    this.#waiting.delete(value);
    return value;
  }

  clear(): void {
    this.#waiting.clear();
    this.#front = undefined;
  }
}
