import { batches } from "./walk.ts";

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
   * What is left of this round, some names at a time; those that were not done with come again. The
   * call after the last ones begins another round.
   *
   * @param after - The names after one, in their order; all of them after `undefined`.
   */
  async *rest(
    after: (name: Name | undefined) => AsyncIterable<Name>,
    size?: number,
  ): AsyncGenerator<readonly Name[], void> {
    if (!this.#hasTurned) {
      for await (const batch of batches(after(this.#last), size)) {
        yield batch;
        this.#last = batch.at(-1);
      }
      this.#hasTurned = true;
      this.#last = undefined;
    }
    for await (const batch of batches(upTo(this.#start, after(this.#last)), size)) {
      yield batch;
      this.#last = batch.at(-1);
    }
    this.#hasTurned = false;
    this.#last = this.#start;
  }
}

async function* upTo<Name extends string>(
  last: Name,
  names: AsyncIterable<Name>,
): AsyncGenerator<Name> {
  for await (const name of names) {
    if (name > last) return;
    yield name;
  }
}
