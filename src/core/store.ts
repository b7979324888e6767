import type { EpochMs, SessionFacts, SessionRecord, StoredSession, Tombstone } from "./record.ts";
import type { CommitId, SessionId } from "./token.ts";

/** What every call on a store is given. */
export interface StoreCall {
  /** Aborted at the call's deadline. A store should stop waiting; it need not undo. */
  readonly signal: AbortSignal;
  /** The time to judge `expiresAt` by, where the backend has no clock of its own. */
  readonly now: EpochMs;
  /** Of a load: whether a copy will not do, where a store keeps copies of what another one has. */
  readonly isFresh?: boolean | undefined;
  /**
   * For a store that seals records to their tokens: a secret made of the token, 43 characters, which only
   * the visitor's request has. `undefined` where nobody in this call has the token.
   */
  secretOf?(id: SessionId): string | undefined;
}

/** How `update` went: `conflict` carries the newest record, `gone` the tombstone if there is one. */
export type UpdateOutcome =
  | { readonly kind: "updated" }
  | { readonly kind: "conflict"; readonly current: SessionRecord }
  | { readonly kind: "gone"; readonly tombstone: Tombstone | undefined };

/** How `end` went, in the words of {@link UpdateOutcome}. */
export type EndOutcome =
  | { readonly kind: "ended" }
  | { readonly kind: "conflict"; readonly current: SessionRecord }
  | { readonly kind: "gone"; readonly tombstone: Tombstone | undefined };

/** How far a store keeps the laws. Printed by the suites, and in the store's README. */
export interface StoreProfile {
  /** Who sees the records: one process, the processes of one host, or every host. */
  readonly scope: "process" | "host" | "network";
  /** What an acknowledged write outlives. */
  readonly durability: "process" | "crash" | "power-loss" | "replicated";
  /** Whether a read after an acknowledged write always sees it. */
  readonly readYourWrites: "always" | "bounded";
  /** Whether the store may drop a live record for want of room. */
  readonly eviction: "never" | "anonymous-first" | "any";
  /** What the user should know of a law that is kept only in part, in one sentence each. */
  readonly caveats: readonly string[];
}

/**
 * Where records are kept. What is past its `expiresAt` counts as absent for every method: `create`
 * takes its place, `update`, `end` and `touch` find it gone. Absent is an answer, not an error; a
 * store rejects only when it cannot answer, with a {@link StoreError} whose outcome is `failed` if
 * it knows that nothing was written, or with the driver's own error, which counts as `unknown` for
 * a write.
 */
export interface SessionStore {
  readonly profile: StoreProfile;

  /** Resolves to what stands under the id; `undefined` when absent, or when `expiresAt` is past. */
  load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined>;

  /**
   * Adds a record. `taken` changes nothing: something stands under the id, live or ended.
   * One of two creates of one id wins.
   */
  create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken">;

  /**
   * Replaces the live record of the same id, if its version is `expected`; otherwise changes
   * nothing. Of two updates that expect the same version one wins.
   */
  update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome>;

  /**
   * Puts the tombstone where the live record of the same id is, if its version is `expected`, or
   * whatever its version where that is `undefined`; otherwise changes nothing. An earlier
   * tombstone stays as it was.
   */
  end(tombstone: Tombstone, expected: CommitId | undefined, call: StoreCall): Promise<EndOutcome>;

  /** Present where the idle clock can be moved without rewriting the data. */
  readonly touch?: Touch;
  /** Present where the store can find sessions by user. */
  readonly directory?: Directory;
  /** Present where the backend does not expire records by itself. */
  readonly expiry?: Expiry;
  /** Present where the backend tells every process which sessions have ended. */
  readonly announcements?: Announcements;

  /** Closes what the store itself opened; may be called again. Other calls that follow reject. */
  close?(): Promise<void>;
}

/** A store that offers everything but to announce what other processes do. */
export type SilentStore = Required<Omit<SessionStore, "announcements">>;

/**
 * Moves `lastSeenAt` and `expiresAt` of a live record forward, never back, and leaves its version
 * alone. Resolves to `false`, changing nothing, when the record is gone.
 */
export type Touch = (id: SessionId, seen: Seen, call: StoreCall) => Promise<boolean>;

/** The new activity of a touch, and the expiry that follows from it. */
export interface Seen {
  readonly lastSeenAt: EpochMs;
  readonly expiresAt: EpochMs;
}

/** Whose sessions: a user within one manager. */
export interface UserKey {
  readonly manager: string;
  readonly userId: string;
}

/** What `endAll` writes and spares. */
export interface EndAll {
  readonly except: SessionId | undefined;
  readonly version: CommitId;
  readonly reason: EndAllReason;
  readonly endedAt: EpochMs;
  /** Of the tombstones. */
  readonly expiresAt: EpochMs;
  /**
   * Of the tombstones. Where a store leaves it out, who watches a user does not hear of the end of
   * sessions that it had not known of.
   */
  readonly notes?: string | undefined;
}

/** The one reason for which many sessions end at once. */
export type EndAllReason = "revoked";

/** A page of a scan: at most `limit` records whose id sorts after `after`. */
export interface ScanPage {
  readonly manager: string;
  readonly after: SessionId | undefined;
  readonly limit: number;
}

/**
 * Finds sessions by user. Each user has a durable generation, 0 at first: a session notes the one it
 * was admitted under, and who gives a session a new token reads it again once the new one is
 * created. `endAll` follows its raising, so that no sign-in and no new token slips past.
 */
export interface Directory {
  generation(user: UserKey, call: StoreCall): Promise<number>;
  /**
   * Raises the user's generation above every earlier value, also above one that was forgotten: to
   * the time in milliseconds, or one more than the last where that is later.
   *
   * @param keepUntil - From then on it may be forgotten, and is 0 again. For ever if left out.
   * @returns The new one.
   */
  raiseGeneration(user: UserKey, call: StoreCall, keepUntil?: EpochMs): Promise<number>;
  /** The user's live records, most recently seen first. Their data may be left out. */
  list(user: UserKey, call: StoreCall): Promise<readonly SessionFacts[]>;
  /**
   * Ends live records of the user, whatever their versions, and resolves to their ids: all that
   * there are, or as many as it takes on at a time. It is called until it resolves to none.
   */
  endAll(user: UserKey, end: EndAll, call: StoreCall): Promise<readonly SessionId[]>;
  /**
   * Removes what else names the user, whose live records have ended: records past their `expiresAt`,
   * entries of an index, and from the generation, which stays, the user's id. Resolves to how many
   * records it has removed: all that there are, or as many as it takes on at a time. It is called
   * until it resolves to none. Where left out, what has expired waits for `deleteExpired`.
   */
  forget?(user: UserKey, call: StoreCall): Promise<number>;
  /** Live records in the order of their ids. */
  scan(page: ScanPage, call: StoreCall): Promise<readonly SessionRecord[]>;
  /** How many live records the manager has. */
  count(manager: string, call: StoreCall): Promise<number>;
}

/** Removes what has expired, in small steps that block nobody. */
export interface Expiry {
  /** How often a manager should do it by itself. */
  readonly intervalMs: number;
  /**
   * Deletes records and tombstones past their `expiresAt`, and resolves to how many. It may leave
   * for an hour what has expired, and should leave what lives by the backend's own clock: an
   * application whose clock is ahead must not take everybody's sessions along.
   */
  deleteExpired(call: StoreCall): Promise<number>;
}

/**
 * Tells which sessions have ended, through whichever process: for caches, and for connections that
 * stay open. Told once at most, and lost with the connection; what must hold is in the records.
 */
export interface Announcements {
  /** Resolves once `listener` is told, to the function that stops it; rejects if it cannot. */
  subscribe(listener: EndListener, call: StoreCall): Promise<() => Promise<void>>;
}

/** Who is told of ended sessions. */
export interface EndListener {
  /** These have ended: by `end`, or by `endAll`. */
  onEnded(ids: readonly SessionId[]): void;
  /** Ends may have been missed: called when the connection is lost, and when it is there again. */
  onGap(): void;
}
