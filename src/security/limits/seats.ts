import { expiredBy } from "../../core/clocks.ts";
import { entryOf, familyOf, type NoteEdit, predecessorOf, put } from "../../core/notes.ts";
import type { EpochMs, SessionFacts } from "../../core/record.ts";

/** The entry of the notes that names a seat. */
const SEAT = "t";

/**
 * What a sign-in takes up of the sessions that a user may have. A session keeps it under each new
 * token, so that one that is just being given one does not count twice.
 */
export interface Seat {
  /** Drawn at the sign-in; of a session from before there was a limit, its family. */
  readonly tag: string;
  readonly facts: SessionFacts;
}

/** Notes the seat of a new session. */
export function ofSeat(tag: string): NoteEdit {
  return (notes) => put(notes, SEAT, tag);
}

/** The seat that a sign-in has given a session. */
export function seatIn({ notes }: Pick<SessionFacts, "notes">): string | undefined {
  const tag = entryOf(notes, SEAT);
  return typeof tag === "string" ? tag : undefined;
}

/** The seats that are taken, the oldest sign-in first. */
export function seatsOf(
  listed: readonly SessionFacts[],
  manager: string,
  now: EpochMs,
): readonly Seat[] {
  const live = listed.filter(
    (facts) => facts.manager === manager && expiredBy(facts, now) === undefined,
  );
  // Either of the two ends: the old one in favour of the new, or the new one if it is refused.
  const leaving = new Set(live.map((facts) => predecessorOf(facts)));
  const seats = new Map<string, Seat>();
  for (const facts of live) {
    if (leaving.has(facts.id)) continue;
    const tag = seatIn(facts) ?? familyOf(facts);
    seats.set(tag, { tag, facts });
  }
  return [...seats.values()].sort(bySignIn);
}

function bySignIn(one: Seat, other: Seat): number {
  return one.facts.createdAt - other.facts.createdAt;
}
