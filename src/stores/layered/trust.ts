import { endOf } from "../../core/clocks.ts";
import { pooledRandom } from "../../core/environment.ts";
import {
  type EpochMs,
  remembers,
  type SessionRecord,
  type StoredSession,
} from "../../core/record.ts";
import type { Seen, UserKey } from "../../core/store.ts";
import { newCommitId, type SessionId } from "../../core/token.ts";
import type { Entry, Filling } from "./entries.ts";
import { type Known, type Mark, Marks } from "./marks.ts";

/** Clocks may differ by this much before what another process fills outlives a mark. */
const SKEW_MS = 60_000;

/** A write on its way to origin. */
export interface Writing {
  readonly id: SessionId;
  readonly since: number;
}

/** What became of a write: what is known of the session now, and whether writes are in doubt. */
export type Aftermath = Pick<Mark, "known" | "isOpen">;

/**
 * Which entries of near this process may believe. Everything that it does has a number, so that an
 * entry of its own is believed if nothing has happened to the session since; one that another
 * process filled, if it shows what this one has done. Near is never asked to forget: what is wrong
 * in it is not believed.
 */
export class Trust {
  readonly #maxStalenessMs: number;
  readonly #random = pooledRandom();
  /** By the session's id. */
  readonly #marks: Marks;
  /** By the user: whose sessions were all ended, some perhaps by an end not heard of yet. */
  readonly #users: Marks;
  /** How many writes are under way. */
  readonly #writing = new Map<SessionId, number>();
  #writer: string | undefined;
  #sequence = 0;
  /** What was filled before is not believed, whichever session it is. */
  #floor = 0;
  #floorAt = Number.NEGATIVE_INFINITY;

  constructor(maxStalenessMs: number) {
    this.#maxStalenessMs = maxStalenessMs;
    const lifeMs = 2 * maxStalenessMs + SKEW_MS;
    this.#marks = new Marks(lifeMs, () => this.disbelieveAll());
    this.#users = new Marks(lifeMs, () => this.disbelieveAll());
  }

  /** A filling that begins now. */
  filling(filledAt: EpochMs): Filling {
    this.#sequence += 1;
    const tickMs = Math.floor(performance.now());
    return { writer: this.#name(), sequence: this.#sequence, tickMs, filledAt };
  }

  /** The filling of an entry that is changed and becomes no younger by it. */
  renewed(entry: Filling): Filling {
    const filling = this.filling(entry.filledAt);
    return this.#isOwn(entry) ? { ...filling, tickMs: entry.tickMs } : filling;
  }

  /** Whether near may be asked at all: not while a write is under way, or in doubt. */
  mayAsk(id: SessionId): boolean {
    return !this.#writing.has(id) && this.#marks.get(id)?.isOpen !== true;
  }

  /** Whether the entry is what the session may be served from at `now`. */
  believes(id: SessionId, entry: Entry, now: EpochMs): boolean {
    const { stored } = entry;
    if (stored === undefined || !this.mayAsk(id) || !this.#isYoung(entry, now)) return false;
    if (stored.expiresAt <= now) return false;
    // What has ended never changes again.
    if (stored.kind === "ended") return true;
    // By its own clocks it is over, unless somebody has touched it meanwhile: origin knows.
    if (endOf(stored) <= now) return false;
    return this.#isOwn(entry)
      ? entry.sequence >= this.#since(id, stored)
      : this.#isInformed(stored);
  }

  /** Whether nothing has happened to the session since this process began the filling. */
  stands(id: SessionId, { sequence }: Filling, stored: StoredSession | undefined): boolean {
    return this.mayAsk(id) && sequence >= this.#since(id, stored);
  }

  /** A write of the session is on its way: until its end near is not asked. */
  begin(id: SessionId): Writing {
    this.#writing.set(id, (this.#writing.get(id) ?? 0) + 1);
    this.#sequence += 1;
    return { id, since: this.#sequence };
  }

  /** The write has changed nothing. */
  cancel({ id }: Writing): void {
    const others = (this.#writing.get(id) ?? 1) - 1;
    if (others === 0) this.#writing.delete(id);
    else this.#writing.set(id, others);
  }

  /**
   * The write is over; what is in near from before is not believed any more. Returns whether what
   * it has left, `stored`, is the latest that is known: other answers, and announcements, may have
   * overtaken its own.
   */
  finish(writing: Writing, { known, isOpen }: Aftermath, stored?: StoredSession): boolean {
    const { id, since } = writing;
    const isLatest = this.#since(id, stored) < since;
    this.cancel(writing);
    this.#mark(id, { known: isLatest ? known : undefined, isOpen });
    return isLatest;
  }

  /** What a touch leaves known, and in doubt. */
  afterTouch(id: SessionId, { lastSeenAt }: Seen): Aftermath {
    const mark = this.#marks.get(id);
    if (mark === undefined) return { known: { version: undefined, lastSeenAt }, isOpen: false };
    return { known: mark.known && later(mark.known, lastSeenAt), isOpen: mark.isOpen };
  }

  /** What a write leaves that has changed nothing: what was in doubt still is. */
  afterRefusal(id: SessionId, current: SessionRecord | undefined): Aftermath {
    return { known: knownOf(current), isOpen: this.#marks.get(id)?.isOpen === true };
  }

  /** Origin says that these have ended. */
  ended(ids: readonly SessionId[]): void {
    for (const id of ids) this.#mark(id, { known: undefined, isOpen: false });
  }

  /** Origin says that the user has none left, or none but one. */
  endedAll(user: UserKey): void {
    this.#sequence += 1;
    this.#users.set(keyOf(user), { since: this.#sequence, known: undefined, isOpen: false });
  }

  /** Something may have been missed: nothing that was filled before is believed. */
  disbelieveAll(): void {
    this.#sequence += 1;
    this.#floor = this.#sequence;
    this.#floorAt = performance.now();
  }

  #mark(id: SessionId, aftermath: Aftermath): void {
    this.#sequence += 1;
    this.#marks.set(id, { ...aftermath, since: this.#sequence });
  }

  /** What this process filled before is not believed. */
  #since(id: SessionId, stored: StoredSession | undefined): number {
    const ofSession = this.#marks.get(id)?.since ?? 0;
    return Math.max(ofSession, this.#userMark(stored)?.since ?? 0, this.#floor);
  }

  #userMark(stored: StoredSession | undefined): Mark | undefined {
    if (stored?.kind !== "live" || stored.userId === undefined) return undefined;
    return this.#users.get(keyOf({ manager: stored.manager, userId: stored.userId }));
  }

  /** By the calls' clock, and for one's own by one that nobody sets, too. */
  #isYoung(entry: Entry, now: EpochMs): boolean {
    if (Math.abs(now - entry.filledAt) >= this.#maxStalenessMs) return false;
    return !this.#isOwn(entry) || performance.now() - entry.tickMs < this.#maxStalenessMs;
  }

  #isOwn({ writer }: Filling): boolean {
    return writer === this.#writer;
  }

  /** Whether another process's entry is from after what this one has done, or missed. */
  #isInformed(stored: SessionRecord): boolean {
    if (performance.now() - this.#floorAt < this.#maxStalenessMs) return false;
    if (this.#userMark(stored) !== undefined) return false;
    const mark = this.#marks.get(stored.id);
    if (mark === undefined) return true;
    if (mark.known === undefined || stored.lastSeenAt < mark.known.lastSeenAt) return false;
    return mark.known.version === undefined || remembers(stored, mark.known.version);
  }

  #name(): string {
    this.#writer ??= newCommitId(this.#random);
    return this.#writer;
  }
}

/** What is known of a session after origin has shown it. */
export function knownOf(stored: StoredSession | undefined): Known | undefined {
  if (stored?.kind !== "live") return undefined;
  return { version: stored.version, lastSeenAt: stored.lastSeenAt };
}

function keyOf({ manager, userId }: UserKey): string {
  return `${manager}\0${userId}`;
}

function later(known: Known, lastSeenAt: EpochMs): Known {
  return { ...known, lastSeenAt: Math.max(known.lastSeenAt, lastSeenAt) };
}
