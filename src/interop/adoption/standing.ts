import { expiredBy } from "../../core/clocks.ts";
import type { EpochMs, SessionRecord, StoredSession } from "../../core/record.ts";
import type { SessionId } from "../../core/token.ts";
import { type Mark, printOf } from "./adoption-marks.ts";
import type { Old } from "./old-sessions.ts";

/**
 * How long the old cookie leads to the session that was made of it: for requests that were under way,
 * and for browsers that have never got the answer with the new cookie.
 */
export const LATE_MS = 86_400_000;

/** For so long the old framework may still write down what it has read before the end. */
const WRITING_MS = 60_000;

/** What earlier requests have made of an old session: one of the two is there. */
export interface Standing {
  readonly markId: SessionId;
  readonly mark: Mark | undefined;
  readonly stored: StoredSession | undefined;
}

/** The session that the old cookie still leads to. */
export function ledTo({ mark, stored }: Standing, now: EpochMs): SessionRecord | undefined {
  const isLate = mark !== undefined && now - mark.at >= LATE_MS;
  if (isLate || stored?.kind !== "live") return undefined;
  return expiredBy(stored, now) === undefined ? stored : undefined;
}

/** Whether what lies in the old store is what was taken over, and has only not ended yet. */
export function isSameOld({ markId, mark }: Standing, old: Old): boolean {
  if (mark === undefined || mark.content !== printOf(markId, old.content)) return false;
  const { writtenAt = 0 } = old.session;
  return writtenAt <= mark.at + WRITING_MS;
}

/**
 * Whether what lies in the old store is another session, of a framework that goes on under a key
 * that it knows: another user's, or the same user's who has signed in there once more. What is the
 * user's while ours lives, or has only just ended, was written by a request that began before.
 */
export function isAnother(
  standing: Standing,
  old: Old,
  userId: string | undefined,
  now: EpochMs,
): boolean {
  const { markId, mark, stored } = standing;
  if (isSameOld(standing, old)) return false;
  if (mark === undefined) return stored?.kind === "live" && stored.userId !== userId;
  if (mark.user !== printOf(markId, userId)) return true;
  if (ledTo(standing, now) !== undefined) return false;
  return stored?.kind !== "ended" || now - stored.endedAt > WRITING_MS;
}
