import type { NamedKey } from "../keys.ts";
import { type Assessment, assessed } from "./assess.ts";
import type { Pages } from "./stored-row.ts";
import { Tally } from "./tally.ts";

/** What a store holds, in numbers. No value and no key of the store is in it. */
export interface Survey {
  readonly total: number;
  readonly coming: number;
  readonly signedIn: number;
  /** Of those that come: how many have something that JSON has no word for. */
  readonly tagged: number;
  readonly kinds: Counts;
  readonly refusals: Counts;
  /** By kind and key path. */
  readonly beyond: Counts;
}

type Counts = readonly (readonly [name: string, count: number])[];

const MOST_NAMES = 200;

/** Goes through a store once, a page at a time. */
export async function surveyOf(
  pages: Pages,
  keys: readonly NamedKey[],
  now: number,
): Promise<Survey> {
  const surveyor = new Surveyor();
  for await (const page of pages) {
    for (const row of page) surveyor.count(assessed(row, keys, now));
  }
  return surveyor.survey;
}

class Surveyor {
  #total = 0;
  #coming = 0;
  #signedIn = 0;
  #tagged = 0;
  readonly #kinds = new Tally(MOST_NAMES);
  readonly #refusals = new Tally(MOST_NAMES);
  readonly #beyond = new Tally(MOST_NAMES);

  count(assessment: Assessment): void {
    this.#total += 1;
    if (assessment.comes) this.#countComing(assessment);
    else this.#refusals.add(assessment.why);
  }

  get survey(): Survey {
    return {
      total: this.#total,
      coming: this.#coming,
      signedIn: this.#signedIn,
      tagged: this.#tagged,
      kinds: this.#kinds.entries,
      refusals: this.#refusals.entries,
      beyond: this.#beyond.entries,
    };
  }

  #countComing({ kind, isSignedIn, beyond }: Assessment & { readonly comes: true }): void {
    this.#coming += 1;
    this.#kinds.add(kind);
    if (isSignedIn) this.#signedIn += 1;
    if (beyond.length > 0) this.#tagged += 1;
    const names = beyond.map(({ path, kind: type }) => `${path || "the whole"}  ${type}`);
    for (const name of new Set(names)) this.#beyond.add(name);
  }
}
