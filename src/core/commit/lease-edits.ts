import { ExclusiveError } from "../errors.ts";
import type { JsonValue } from "../json.ts";
import {
  type HolderId,
  hasRoom,
  isDoneSince,
  isFree,
  type LeaseEntry,
  leaseIn,
  ofLease,
} from "../leases.ts";
import { editNotes } from "../notes.ts";
import type { EpochMs } from "../record.ts";
import type { View } from "../shape.ts";
import { type Content, type Edit, withNotes } from "./edit.ts";

/** Somebody is at it, or has just been: the newest record tells. */
export class NotFreeError extends Error {}

/** Who wants a lease, and what they have seen of others. */
export interface Claim {
  readonly name: string;
  readonly holder: HolderId;
  readonly leaseMs: number;
  /** A holder who was seen for the whole of its lease, and is not there any more. */
  readonly overdue: HolderId | undefined;
  /** Who had been done last when it was first looked. */
  readonly seen: HolderId | undefined;
  /** Whether to go on where others have been done since. */
  readonly runAnyway: boolean;
}

/** Takes a lease that is free. */
export class LeaseClaim implements Edit {
  readonly bytes = 0;
  readonly keys: readonly string[] = [];
  readonly #claim: Claim;
  readonly #now: EpochMs;

  constructor(claim: Claim, now: EpochMs) {
    this.#claim = claim;
    this.#now = now;
  }

  replaces(): boolean {
    return false;
  }

  apply(content: Content): Content {
    const { name, holder, leaseMs, overdue, seen, runAnyway } = this.#claim;
    const now = this.#now;
    const entry = leaseIn(content.notes, name);
    const isDone = !runAnyway && isDoneSince(entry, seen, now);
    if (isDone || !isFree(entry, overdue, now)) throw new NotFreeError();
    if (!hasRoom(content.notes, name)) throw new ExclusiveError("busy", name);
    // Who is replaced here has neither been done nor failed.
    const previous = entry.holder === undefined ? entry.previous : "unknown";
    const claimed: LeaseEntry = { ...entry, holder, until: now + leaseMs, leaseMs, previous };
    return noting(content, name, claimed, now);
  }
}

/** Somebody's hold on a lease, as long as it is theirs. */
export interface Grip {
  readonly name: string;
  readonly holder: HolderId;
  /** Whether it is over by the holder's own clock. */
  readonly isOver: boolean;
}

/** What a holder makes of its lease, which must be its own still. */
export class LeaseEdit implements Edit {
  readonly #grip: Grip;
  readonly #next: (entry: LeaseEntry) => LeaseEntry;
  readonly #edits: readonly Edit[];
  readonly #now: EpochMs;

  /** @param edits - What the work has changed, which comes to be with it. */
  constructor(
    grip: Grip,
    now: EpochMs,
    next: (entry: LeaseEntry) => LeaseEntry,
    edits: readonly Edit[] = [],
  ) {
    this.#grip = grip;
    this.#next = next;
    this.#edits = edits;
    this.#now = now;
  }

  get bytes(): number {
    return this.#edits.reduce((total, edit) => total + edit.bytes, 0);
  }

  get keys(): readonly string[] {
    return this.#edits.flatMap((edit) => edit.keys);
  }

  replaces(written: ReadonlySet<string>): boolean {
    return this.#edits.some((edit) => edit.replaces(written));
  }

  apply(content: Content, view?: View): Content {
    const { name, holder, isOver } = this.#grip;
    const entry = leaseIn(content.notes, name);
    if (isOver || entry.holder !== holder) throw new ExclusiveError("lost", name);
    const edited = this.#edits.reduce((so, edit) => edit.apply(so, view), content);
    return noting(edited, name, this.#next(entry), this.#now);
  }
}

/** Notes what the holder is about to do. */
export function intending(intent: JsonValue): (entry: LeaseEntry) => LeaseEntry {
  return (entry) => ({ ...entry, intent });
}

/** Gives a lease back whose work threw. What nobody knows of an earlier holder stays unknown. */
export function failed(entry: LeaseEntry): LeaseEntry {
  const { previous = "failed", intent, done, doneAt, result } = entry;
  return { previous, intent, done, doneAt, result };
}

/** Gives a lease back whose work is done. @param result - As a {@link LeaseEntry} has it. */
export function completed(
  now: EpochMs,
  result: readonly JsonValue[] | undefined,
): (entry: LeaseEntry) => LeaseEntry {
  return ({ holder }) => ({ done: holder, doneAt: now, result });
}

function noting(content: Content, name: string, entry: LeaseEntry, now: EpochMs): Content {
  return withNotes(content, editNotes(content.notes, [ofLease(name, entry, now)]));
}
