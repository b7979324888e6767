import { GRACE_MS } from "./clocks.ts";
import { isObject, type JsonObject, type JsonValue } from "./json.ts";
import { entryOf, type NoteEdit, put } from "./notes.ts";
import type { EpochMs } from "./record.ts";
import type { CommitId } from "./token.ts";

/** The entry of the notes under which the leases stand by their names. */
const LEASES = "x";

/** Names a holder; drawn anew for each. */
export type HolderId = CommitId;

/** What is noted of one piece of exclusive work. Every part may be missing. */
export interface LeaseEntry {
  /** Who is at it, until when by their own clock, and for how long in all. */
  readonly holder?: HolderId | undefined;
  readonly until?: EpochMs | undefined;
  readonly leaseMs?: number | undefined;
  /** How the last holder ended, where that was not by being done. */
  readonly previous?: Unfinished | undefined;
  /** What the last one who recorded an intent, and was not done, was about to do. */
  readonly intent?: JsonValue | undefined;
  /** Who was done last, when, and what it came to: no items for nothing, absent where JSON has no form for it. */
  readonly done?: HolderId | undefined;
  readonly doneAt?: EpochMs | undefined;
  readonly result?: readonly JsonValue[] | undefined;
}

/** `unknown`: nobody can know whether the work was done. `failed`: it threw. */
export type Unfinished = "unknown" | "failed";

/** So long a result waits for those who wait for it, whatever their clocks say. */
const RESULT_KEPT_MS = 2 * GRACE_MS;
/** Work is remembered by its name; a session is no list of it. */
const MAX_LEASES = 32;

const NOTHING: LeaseEntry = {};

/** What is noted of the work of that name. */
export function leaseIn(notes: string | undefined, name: string): LeaseEntry {
  const leases = leasesOf(entryOf(notes, LEASES));
  return (Object.hasOwn(leases, name) ? leases[name] : undefined) ?? NOTHING;
}

/**
 * Whether nobody is at it any more.
 *
 * @param overdue - A holder that was seen for the whole of its lease. Whoever has not seen that goes
 * by the holder's clock, as far as clocks may differ.
 */
export function isFree(entry: LeaseEntry, overdue: HolderId | undefined, now: EpochMs): boolean {
  const { holder, until = 0 } = entry;
  return holder === undefined || holder === overdue || now >= until + GRACE_MS;
}

/**
 * Whether somebody was done since `seen` was the last one who was, and not so long ago that it is of no
 * use any more.
 */
export function isDoneSince(
  { done, doneAt = 0 }: LeaseEntry,
  seen: HolderId | undefined,
  now: EpochMs,
): boolean {
  return done !== undefined && done !== seen && now < doneAt + RESULT_KEPT_MS;
}

/** Whether another one of that name may begin: there are not too many whose end nobody has seen. */
export function hasRoom(notes: string | undefined, name: string): boolean {
  const unsettled = Object.entries(leasesOf(entryOf(notes, LEASES))).filter(
    ([other, entry]) => other !== name && isInDoubt(entry),
  );
  return unsettled.length < MAX_LEASES;
}

/** Notes what there is to be said of the work of that name. What was done long before is left out. */
export function ofLease(name: string, entry: LeaseEntry, now: EpochMs): NoteEdit {
  return (notes) => {
    const others = Object.entries(leasesOf(notes[LEASES])).filter(([other]) => other !== name);
    const kept = [...newestFirst(others, now)].slice(0, MAX_LEASES - 1);
    // JSON has no form for what is undefined.
    put(notes, LEASES, JSON.parse(JSON.stringify({ ...Object.fromEntries(kept), [name]: entry })));
  };
}

/** Whether anything is noted of exclusive work. */
export function hasLeases(notes: string | undefined): boolean {
  return entryOf(notes, LEASES) !== undefined;
}

/** Takes what is noted of exclusive work along to another record of the same visitor. */
export function withLeasesOf(previous: string | undefined): NoteEdit {
  const leases = entryOf(previous, LEASES);
  return (notes) => put(notes, LEASES, isObject(leases) ? (leases as JsonObject) : undefined);
}

type Named = readonly [name: string, entry: LeaseEntry];

/** Those that may still matter: first whose end nobody has seen, then who failed, or was done last. */
function newestFirst(leases: readonly Named[], now: EpochMs): readonly Named[] {
  const rank = ([, entry]: Named): number => {
    if (isInDoubt(entry)) return Number.POSITIVE_INFINITY;
    return entry.previous === undefined ? (entry.doneAt ?? 0) : Number.MAX_VALUE;
  };
  return leases
    .filter((lease) => now < rank(lease) + RESULT_KEPT_MS)
    .toSorted((one, other) => rank(other) - rank(one) || 0);
}

/** Whether somebody is at it, or may have done it, so that the next one must be told. */
function isInDoubt({ holder, previous, intent }: LeaseEntry): boolean {
  return holder !== undefined || previous === "unknown" || intent !== undefined;
}

function leasesOf(noted: unknown): Readonly<Record<string, LeaseEntry>> {
  return isObject(noted) ? (noted as Readonly<Record<string, LeaseEntry>>) : {};
}
