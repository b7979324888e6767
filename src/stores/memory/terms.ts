import type { SessionRecord } from "../../core/record.ts";

/**
 * What many sessions have in common, kept once for all of them: a record whose rest is to be filled
 * in.
 */
export type Terms = SessionRecord;

/** Who changes their mind about being remembered may have terms that nobody else has. */
const MOST_SHARED = 16;

/** The terms that sessions share. */
export class SharedTerms {
  /** Written last in front. */
  readonly #shared: Terms[] = [];

  of(record: SessionRecord): Terms {
    return this.#shared.find((terms) => areOf(record, terms)) ?? this.#add(record);
  }

  #add(record: SessionRecord): Terms {
    // None of its longer texts is held back from the garbage collector.
    const texts = { data: "", earlier: "", flash: "", notes: undefined, device: undefined };
    const terms = { ...record, ...texts, userId: undefined };
    if (this.#shared.unshift(terms) > MOST_SHARED) this.#shared.pop();
    return terms;
  }
}

function areOf(record: SessionRecord, terms: Terms): boolean {
  return (
    record.idleTimeoutMs === terms.idleTimeoutMs &&
    record.absoluteTimeoutMs === terms.absoluteTimeoutMs &&
    record.persistent === terms.persistent &&
    record.manager === terms.manager
  );
}
