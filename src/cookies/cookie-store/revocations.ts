import { GRACE_MS } from "../../core/clocks.ts";
import { generationOf } from "../../core/notes.ts";
import type { EndReason, EpochMs, SessionRecord, Tombstone } from "../../core/record.ts";
import { sideContent, sideManager, sideRecord } from "../../core/side-record.ts";
import type { SessionStore, StoreCall, UserKey } from "../../core/store.ts";
import { tombstoneOf } from "../../core/store-steps.ts";
import { endedId, parseId, type SessionId } from "../../core/token.ts";
import type { NearAnswers } from "./near-answers.ts";
import type { Payload } from "./payload.ts";

/** Which session an ending is of, as far as whoever ends it has to know it. */
export type Ended = Pick<
  Tombstone,
  "id" | "manager" | "version" | "reason" | "endedAt" | "next" | "notes"
> & {
  readonly userId: string | undefined;
};

/**
 * Remembers in a store which sessions have ended, as their cookies cannot be called back. Each
 * ended session is a record of its own without content, under an id made of the session's.
 */
export class Revocations {
  readonly store: SessionStore;
  readonly #near: NearAnswers;
  readonly #longestMs: number;

  /** @param longestMs - No session lives longer. */
  constructor(store: SessionStore, near: NearAnswers, longestMs: number) {
    this.store = store;
    this.#near = near;
    this.#longestMs = longestMs;
  }

  /** How the session of a cookie has ended, if it has. */
  async endOf(record: SessionRecord, call: StoreCall): Promise<Tombstone | undefined> {
    const { id, manager, userId } = record;
    const place = endedId(id, userId, manager);
    // Together, as each is a way to the store.
    const [ended, newest] = await Promise.all([
      this.#near.ended(place, call.now, () => this.find(id, place, call)),
      this.#newestGeneration(userId, manager, generationOf(record), call),
    ]);
    const isAdmitted = newest === undefined || newest <= generationOf(record);
    if (ended !== undefined || isAdmitted) return ended;
    const { version, expiresAt } = record;
    return tombstoneOf(id, record, { version, reason: "revoked", endedAt: call.now, expiresAt });
  }

  /** What the store remembers of a session; asked anew each time. */
  async find(id: SessionId, place: SessionId, call: StoreCall): Promise<Tombstone | undefined> {
    const stored = await this.store.load(place, call);
    return stored?.kind === "live" ? readEnding(stored, id) : stored;
  }

  /**
   * What to store of an end, so that it is known until no copy of the cookie opens any more.
   *
   * @param opensUntil - When that is; from now on the longest that any session lives if left out.
   */
  recordOf(ended: Ended, opensUntil: EpochMs = ended.endedAt + this.#longestMs): SessionRecord {
    return endingRecord(ended, opensUntil);
  }

  async add(ended: Ended, payload: Payload, call: StoreCall): Promise<"created" | "taken"> {
    const ending = this.recordOf(ended, this.#opensUntil(payload, ended.endedAt));
    // Before it too: whoever looks for what became of a lost answer must not find an old one.
    this.#near.forget(ending.id);
    try {
      return await this.store.create(ending, call);
    } finally {
      this.#near.forget(ending.id);
    }
  }

  /** This process has changed what stands there. */
  forget(place: SessionId): void {
    this.#near.forget(place);
  }

  /** Ends every session that the user has signed in to until now. */
  async raise(user: UserKey, call: StoreCall): Promise<number | undefined> {
    const keepUntil = call.now + this.#longestMs + GRACE_MS;
    try {
      return await this.store.directory?.raiseGeneration(user, call, keepUntil);
    } finally {
      this.#near.forgetUser(user);
    }
  }

  /** The generation at this moment, at a sign-in; 0 where the store keeps none. */
  generation(user: UserKey, call: StoreCall): Promise<number> {
    return this.#near.newestGeneration(user, call.now, () => this.#ask(user, call));
  }

  async #ask(user: UserKey, call: StoreCall): Promise<number> {
    return (await this.store.directory?.generation(user, call)) ?? 0;
  }

  /**
   * Copies have the timeouts of this one, unless the visitor was ever to be remembered. Of an
   * anonymous session none can be used again, so none outlives its idle timeout: strangers make as
   * many of these ends as they like.
   */
  #opensUntil({ record, wasPersistent }: Payload, endedAt: EpochMs): EpochMs {
    const { userId, createdAt, idleTimeoutMs, absoluteTimeoutMs } = record;
    if (wasPersistent) return createdAt + this.#longestMs;
    const absoluteEnd = createdAt + absoluteTimeoutMs;
    return userId === undefined ? Math.min(absoluteEnd, endedAt + idleTimeoutMs) : absoluteEnd;
  }

  /** @returns `undefined` where there is none to compare with. */
  async #newestGeneration(
    userId: string | undefined,
    manager: string,
    least: number,
    call: StoreCall,
  ): Promise<number | undefined> {
    if (userId === undefined || this.store.directory === undefined) return undefined;
    const user = { manager, userId };
    return this.#near.generation(user, least, call.now, () => this.#ask(user, call));
  }
}

/** The record that stands for an ended session. Nobody has a token for its id. */
function endingRecord(
  { id, userId, manager, version, reason, endedAt, next, notes }: Ended,
  endsAt: EpochMs,
): SessionRecord {
  return sideRecord({
    id: endedId(id, userId, manager),
    manager: sideManager(manager, KIND),
    version,
    content: { reason, ...(next && { next }), ...(notes !== undefined && { notes }) },
    writtenAt: endedAt,
    endsAt,
  });
}

/** Whatever stands there, the session has ended. */
function readEnding(record: SessionRecord, id: SessionId): Tombstone {
  const { version, createdAt, expiresAt, manager } = record;
  const { reason, next, notes } = sideContent(record, manager) ?? {};
  return {
    kind: "ended",
    id,
    manager,
    version,
    reason: isEndReason(reason) ? reason : "revoked",
    endedAt: createdAt,
    next: parseId(next),
    notes: typeof notes === "string" ? notes : undefined,
    expiresAt,
  };
}

const KIND = "ended";

const REASONS: readonly EndReason[] = ["destroyed", "signedOut", "revoked", "regenerated"];

function isEndReason(reason: unknown): reason is EndReason {
  return REASONS.some((known) => known === reason);
}
