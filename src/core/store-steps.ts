import type { SessionRecord, StoredSession, Tombstone } from "./record.ts";
import type { Seen, UpdateOutcome } from "./store.ts";
import type { CommitId, SessionId } from "./token.ts";

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

/** What a touch makes of a session's clocks: forward, never back. The same object if none moves. */
export function touched<T extends Seen>(stored: T, seen: Seen): T {
  const lastSeenAt = Math.max(stored.lastSeenAt, seen.lastSeenAt);
  const expiresAt = Math.max(stored.expiresAt, seen.expiresAt);
  const isMoved = lastSeenAt !== stored.lastSeenAt || expiresAt !== stored.expiresAt;
  return isMoved ? { ...stored, lastSeenAt, expiresAt } : stored;
}

/** What an ending leaves of a session that nothing takes over from. */
export function tombstoneOf(
  id: SessionId,
  { manager }: Pick<Tombstone, "manager">,
  {
    version,
    reason,
    endedAt,
    notes,
    expiresAt,
  }: Omit<Tombstone, "kind" | "id" | "manager" | "next" | "notes"> &
    Partial<Pick<Tombstone, "notes">>,
): Tombstone {
  const next = undefined;
  return { kind: "ended", id, manager, version, reason, endedAt, next, notes, expiresAt };
}
