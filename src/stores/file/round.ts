/**
 * Goes round and round through names in their order, and remembers how far it has come: a round may
 * take as many calls as it likes.
 */
export class Round<Name extends string> {
  readonly #start: Name;
  #last: Name | undefined;
  /** Whether it has been at the end, and is on its way from the beginning to where it started. */
  #hasTurned = false;

  /** @param start - Each round begins after it: at random, so that processes share the work. */
  constructor(start: Name) {
    this.#start = start;
    this.#last = start;
  }

  /**
   * What is left of this round; the next call begins another one.
   *
   * @param after - The names after one, in their order; all of them after `undefined`.
   */
  async *rest(after: (name: Name | undefined) => AsyncIterable<Name>): AsyncGenerator<Name, void> {
    if (!this.#hasTurned) {
      for await (const name of after(this.#last)) {
        this.#last = name;
        yield name;
      }
      this.#hasTurned = true;
      this.#last = undefined;
    }
    for await (const name of after(this.#last)) {
      if (name > this.#start) break;
      this.#last = name;
      yield name;
    }
    this.#hasTurned = false;
    this.#last = this.#start;
  }
}
