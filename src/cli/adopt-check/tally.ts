/** Counts by name, of a bounded number of names: the rest is counted together. */
export class Tally {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  add(name: string): void {
    const isNew = !this.#counts.has(name);
    const counted = isNew && this.#counts.size >= this.#most ? REST : name;
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
  }

  /** The most frequent first. */
  get entries(): readonly (readonly [name: string, count: number])[] {
    return [...this.#counts].sort(([, one], [, other]) => other - one);
  }
}

const REST = "all others";
