import type { CommitId, SessionId } from "./token.ts";

/** An instant as milliseconds since 1970, UTC. */
export type EpochMs = number;

/** The two timeouts that a session lives under, kept in its record. */
export interface Policy {
  readonly idleTimeoutMs: number;
  readonly absoluteTimeoutMs: number;
}

/** What a store keeps for a live session. Plain data: JSON text carries it unchanged. */
export interface SessionRecord extends Policy {
  readonly kind: "live";
  readonly id: SessionId;
  /** The manager's name: `list`, `scan` and `count` keep the managers of one store apart. */
  readonly manager: string;
  /** The commit that wrote this state. `update` compares against it. */
  readonly version: CommitId;
  /** The few commits before `version`, newest first, with a space between them. */
  readonly earlier: string;
  /** The application's keys and values, as the text of one JSON object. */
  readonly data: string;
  /** Messages waiting for {@link Session.take}, as JSON text; empty when there are none. */
  readonly flash: string;
  /** What the library itself notes of the session, as the text of one JSON object. No store looks. */
  readonly notes: string | undefined;
  readonly userId: string | undefined;
  /** When the absolute clock started: at creation, again at sign-in. */
  readonly createdAt: EpochMs;
  readonly lastSeenAt: EpochMs;
  readonly authenticatedAt: EpochMs | undefined;
  readonly persistent: boolean;
  /** The browser's own description at sign-in, shortened; for a list of "your devices". */
  readonly device: string | undefined;
  /** From here on the store may forget the record: its end plus a grace. */
  readonly expiresAt: EpochMs;
}

/** Why a session ended. */
export type EndReason = "destroyed" | "signedOut" | "revoked" | "regenerated";

/** What remains for some minutes where a session ended, so that late requests can tell. */
export interface Tombstone {
  readonly kind: "ended";
  readonly id: SessionId;
  readonly manager: string;
  /** The commit that ended it: settles an `end` whose answer was lost. */
  readonly version: CommitId;
  readonly reason: EndReason;
  readonly endedAt: EpochMs;
  /** The session that took over, where a new token was given to the same visitor. */
  readonly next: SessionId | undefined;
  /** What the library notes of the session that ended. */
  readonly notes: string | undefined;
  readonly expiresAt: EpochMs;
}

/** A live record without what the application keeps in it. */
export type SessionFacts = Omit<SessionRecord, "data" | "flash">;

/**
 * In the place of data that a store cannot read, nor anybody else any more: JSON, for backends that
 * look, but no object, so that nobody takes it for data.
 */
export const UNREADABLE_DATA = '"sojourn: unreadable"';

/** What {@link boundData} begins with: JSON again, and no object. */
const BOUND_MARK = '"sojourn: bound to the token of ';

/**
 * In the place of data that opens by the visitor's token alone, for whoever has come without it. It may
 * be written back under the same id as it is, beside notes that have changed.
 */
export function boundData(id: SessionId, sealed: string): string {
  return `${BOUND_MARK}${id} ${sealed}"`;
}

/** Whether the data of a record opens by its token alone, which nobody has brought. */
export function isBoundData(data: string): boolean {
  return data.startsWith(BOUND_MARK);
}

/** The text in what {@link boundData} has made for this id; `undefined` for anything else. */
export function boundTextIn(id: SessionId, data: string): string | undefined {
  const front = `${BOUND_MARK}${id} `;
  return data.startsWith(front) ? data.slice(front.length, -1) : undefined;
}

/** What stands under an id. */
export type StoredSession = SessionRecord | Tombstone;

/** Enough that a writer whose answer was lost still finds its commit behind several others. */
const REMEMBERED_COMMITS = 8;
/** A commit id is 8 characters, and a space. */
const REMEMBERED_LENGTH: number = REMEMBERED_COMMITS * 9 - 1;

/** How long a tombstone is of use, by any clock: longer than a request may take. */
export const TOMBSTONE_MS = 300_000;

/** Whether `commit` is among the writes that `record` remembers. */
export function remembers(record: SessionRecord, commit: CommitId): boolean {
  return record.version === commit || record.earlier.includes(commit);
}

/** The memory of a record that follows `previous`. */
export function commitsBefore({ version, earlier }: SessionRecord): string {
  return earlier === "" ? version : `${version} ${earlier}`.slice(0, REMEMBERED_LENGTH);
}
