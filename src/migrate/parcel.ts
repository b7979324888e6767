import { createHash } from "node:crypto";
import { pooledRandom } from "../core/environment.ts";
import { parseObject } from "../core/json.ts";
import type { EpochMs, SessionRecord, StoredSession, Tombstone } from "../core/record.ts";
import { TOMBSTONE_MS } from "../core/record.ts";
import { sideManager } from "../core/side-record.ts";
import { tombstoneOf } from "../core/store-steps.ts";
import { newCommitId, type SessionId } from "../core/token.ts";

/*
 * A session moves in four steps, each of which may be the last one before a crash:
 *
 *   1. to:   create a parcel, a copy that nobody takes for the session
 *   2. from: put a claim, by compare-and-set, where the record was; now `to` has it
 *   3. to:   create the record from the parcel
 *   4. to:   end the parcel
 *
 * Until 2 the record in `from` counts, and whoever ends or changes it there wins. From 2 on the
 * claim leads everybody to `to`; where 3 is missing, whoever comes first does it.
 */

const random = pooledRandom();

/** The id of a session's parcel. Nobody has a token for it. */
export function parcelIdOf(id: SessionId): SessionId {
  const hash = createHash("sha256").update(`sojourn/parcel\0${id}`).digest("base64url");
  return `s_${hash}` as SessionId;
}

/** The name under which a manager's parcels are kept, so that none counts as a session. */
export function parcelsOf(manager: string): string {
  return sideManager(manager, "moving");
}

/** A copy of a record, to be kept in the store that it moves to. */
export function parcelOf(record: SessionRecord): SessionRecord {
  return {
    ...record,
    id: parcelIdOf(record.id),
    manager: parcelsOf(record.manager),
    earlier: "",
    data: JSON.stringify({ record }),
    flash: "",
    notes: undefined,
    device: undefined,
  };
}

/** The record that a parcel holds; `undefined` where nobody can read it any more. */
export function unpacked(parcel: SessionRecord): SessionRecord | undefined {
  const record = parseObject(parcel.data)?.["record"] as SessionRecord | undefined;
  if (record === undefined) return undefined;
  const { userId, authenticatedAt, device, notes } = record;
  // JSON dropped what is undefined.
  return { ...record, userId, authenticatedAt, device, notes };
}

/** What stands in the old store for a session that has moved, as long as its record would have. */
export function claimOf({ id, manager, expiresAt }: SessionRecord, now: EpochMs): Tombstone {
  const version = newCommitId(random);
  // To a process that does not know of the move it reads as a session with a newer token, so that
  // the browser keeps its cookie.
  const reason = "regenerated";
  const end = { version, reason, endedAt: now, expiresAt } as const;
  return { ...tombstoneOf(id, { manager }, end), next: parcelIdOf(id) };
}

/** Whether a session has moved, rather than ended. */
export function isClaim(stored: StoredSession | undefined): stored is Tombstone {
  return stored?.kind === "ended" && stored.next === parcelIdOf(stored.id);
}

/** What ends a parcel that is no longer needed. */
export function endOfParcel(
  parcel: Pick<SessionRecord, "id" | "manager">,
  now: EpochMs,
): Tombstone {
  const end = {
    version: newCommitId(random),
    reason: "destroyed",
    endedAt: now,
    expiresAt: now + TOMBSTONE_MS,
  } as const;
  return tombstoneOf(parcel.id, parcel, end);
}
