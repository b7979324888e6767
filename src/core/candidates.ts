import type { NoteEdit } from "./notes.ts";
import type { SessionRecord } from "./record.ts";
import type { Reading } from "./shape.ts";
import type { SessionToken } from "./token.ts";

/** A header may hold thousands of cookies of our name; the store is asked about a few. */
const MAX_CANDIDATES = 4;

/**
 * The values that are worth a look. Of too many, those that come first and last: browsers send the
 * longest paths first, and ours is the longest or the shortest.
 */
export function candidatesOf<Value>(values: readonly Value[]): readonly Value[] {
  const half = MAX_CANDIDATES / 2;
  return values.length <= MAX_CANDIDATES
    ? values
    : [...values.slice(0, half), ...values.slice(-half)];
}

/** A live session that one of the cookies stands for. */
export interface Live {
  readonly token: SessionToken;
  readonly record: SessionRecord;
  readonly reading: Reading;
  /** What is to be noted of it. */
  readonly edits: readonly NoteEdit[] | undefined;
}

/** A signed-in session counts before an anonymous one, which somebody may have planted. */
export function betterOf(best: Live | undefined, found: Live | undefined): Live | undefined {
  if (best === undefined || found === undefined) return best ?? found;
  const isBetter = best.record.userId === undefined && found.record.userId !== undefined;
  return isBetter ? found : best;
}

/** Whether both are signed in, or neither is. */
export function isSameKind(one: Live | undefined, other: Live | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return (one.record.userId === undefined) === (other.record.userId === undefined);
}
