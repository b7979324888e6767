/**
 * What is due when, to the step. To enter something, to move it and to take it out costs the same
 * however much there is.
 */
export class Agenda<T> {
  readonly #stepMs: number;
  readonly #steps = new Map<number, Set<T>>();
  readonly #stepOf = new Map<T, number>();

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  get size(): number {
    return this.#stepOf.size;
  }

  /** Enters it, in place of where it was entered before. */
  set(item: T, at: number): void {
    this.delete(item);
    // Rounded up: nothing is due before its time.
    const step = Math.ceil(at / this.#stepMs);
    const items = this.#steps.get(step) ?? new Set();
    this.#steps.set(step, items.add(item));
    this.#stepOf.set(item, step);
  }

  delete(item: T): void {
    const step = this.#stepOf.get(item);
    if (step === undefined) return;
    this.#stepOf.delete(item);
    const items = this.#steps.get(step);
    items?.delete(item);
    if (items?.size === 0) this.#steps.delete(step);
  }

  /** Takes out what is due. */
  takeDue(now: number): readonly T[] {
    const due: T[] = [];
    for (const [step, items] of this.#steps) {
      if (step * this.#stepMs > now) continue;
      this.#steps.delete(step);
      for (const item of items) {
        this.#stepOf.delete(item);
        due.push(item);
      }
    }
    return due;
  }

  clear(): void {
    this.#steps.clear();
    this.#stepOf.clear();
  }
}
