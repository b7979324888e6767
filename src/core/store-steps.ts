import type { SessionRecord, StoredSession } from "./record.ts";
import type { UpdateOutcome } from "./store.ts";
import type { CommitId } from "./token.ts";

/** How a compare-and-set went that changed nothing. */
export type Missed = Exclude<UpdateOutcome, { readonly kind: "updated" }>;

/** Why a compare-and-set has changed nothing, by what stands there. */
export function missed(current: StoredSession | undefined): Missed {
  if (current?.kind === "live") return { kind: "conflict", current };
  return { kind: "gone", tombstone: current };
}

/** Why a compare-and-set must change nothing, by what stands there; `undefined` if it may write. */
export function refusal(
  current: StoredSession | undefined,
  expected: CommitId | undefined,
): Missed | undefined {
  return isExpected(current, expected) ? undefined : missed(current);
}

/** Whether this is the live record that a compare-and-set replaces. */
export function isExpected(
  current: StoredSession | undefined,
  expected: CommitId | undefined,
): current is SessionRecord {
  if (current?.kind !== "live") return false;
  return expected === undefined || current.version === expected;
}
