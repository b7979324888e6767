import { pooledRandom } from "../../core/environment.ts";
import {
  commitsBefore,
  type SessionFacts,
  type SessionRecord,
  type Tombstone,
} from "../../core/record.ts";
import {
  type CommitId,
  newCommitId,
  newToken,
  type SessionId,
  sessionId,
} from "../../core/token.ts";

const MINUTE_MS = 60_000;

/** How long a fixture's record lives, and how long its tombstone stays. */
export const RECORD_LIFE_MS: number = 30 * MINUTE_MS;
export const TOMBSTONE_LIFE_MS: number = 5 * MINUTE_MS;

const random = pooledRandom();

/** An id that no other session has. */
export function freshId(manager: string): SessionId {
  return sessionId(newToken(random), manager);
}

/** A commit id that no other write has. */
export function freshCommit(): CommitId {
  return newCommitId(random);
}

/** A live record of an anonymous visitor, but for the `changes`. */
export function recordAt(
  now: number,
  changes: Partial<SessionRecord> & Pick<SessionRecord, "manager">,
): SessionRecord {
  return {
    kind: "live",
    id: freshId(changes.manager),
    version: freshCommit(),
    earlier: "",
    data: '{"theme":"dark"}',
    flash: "",
    notes: undefined,
    userId: undefined,
    createdAt: now,
    lastSeenAt: now,
    authenticatedAt: undefined,
    persistent: false,
    device: undefined,
    idleTimeoutMs: RECORD_LIFE_MS,
    absoluteTimeoutMs: 24 * RECORD_LIFE_MS,
    expiresAt: now + RECORD_LIFE_MS,
    ...changes,
  };
}

/** What a writer makes of `previous`: the same session with the `changes` and a new version. */
export function successorOf(
  previous: SessionRecord,
  changes: Partial<SessionRecord> = {},
): SessionRecord {
  return { ...previous, version: freshCommit(), earlier: commitsBefore(previous), ...changes };
}

/** What ends `record` at `now`, but for the `changes`. */
export function tombstoneAt(
  now: number,
  record: Pick<SessionRecord, "id" | "manager">,
  changes: Partial<Tombstone> = {},
): Tombstone {
  return {
    kind: "ended",
    id: record.id,
    manager: record.manager,
    version: freshCommit(),
    reason: "destroyed",
    endedAt: now,
    next: undefined,
    notes: undefined,
    expiresAt: now + TOMBSTONE_LIFE_MS,
    ...changes,
  };
}

/** A record as a list has it: without the application's data, which a store may leave out there. */
export function factsOf(record: SessionFacts): SessionFacts {
  const { data: _data, flash: _flash, ...facts } = record as SessionRecord;
  return facts;
}
