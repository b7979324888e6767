import type { JsonValue } from "../../core/json.ts";
import type { EpochMs } from "../../core/record.ts";

/**
 * What became of a text: `genuine` (a key of yours made it, and it counts), `unchecked` (readable, and
 * no key to check it with), `refused` (its framework would not take it), `recognised` (of a kind that
 * is not opened, or that has nothing inside).
 */
export type Verdict = "genuine" | "unchecked" | "refused" | "recognised";

/** One thing that is known of a text. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** Everything that is known of a text, the same for every format. */
export interface Finding {
  /** One word, for programs. */
  readonly format: string;
  /** For people. */
  readonly title: string;
  readonly verdict: Verdict;
  /** The verdict in words. */
  readonly summary: string;
  readonly issuedAt?: EpochMs | undefined;
  readonly expiresAt?: EpochMs | undefined;
  /** By which rule it expires. */
  readonly expiryRule?: string | undefined;
  readonly facts: readonly Fact[];
  /** What is wrong, or worth knowing: a sentence each. */
  readonly remarks: readonly string[];
  /** What is inside, where JSON can say it; as tagged objects what it cannot. */
  readonly data?: JsonValue | undefined;
}

/** A fact, or none where there is nothing to say. */
export function fact(name: string, value: string | undefined): readonly Fact[] {
  return value === undefined ? [] : [{ name, value }];
}
