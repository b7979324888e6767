import type { EpochMs, SessionRecord, StoredSession } from "../../core/record.ts";
import type { SessionId } from "../../core/token.ts";
import { ExpiryQueue, type Queued } from "./expiry-queue.ts";
import { type Linked, Recency } from "./recency.ts";
import { Roll } from "./roll.ts";

/** Where one stored session stands in the shelf's indexes. */
interface Slot extends Queued, Linked<Slot> {
  stored: StoredSession;
  bytes: number;
  recency: Recency<Slot>;
}

/** So many sessions a user has before their own make room for everybody's. */
const MOST_SHARED = 32;
/** In a small store so many users have room. */
const LEAST_USERS = 8;

/** How much a shelf holds. */
export interface Bounds {
  readonly maxSessions: number;
  readonly maxBytes: number;
}

/** What is stored, within bounds, indexed by id, by last use, by expiry and by user. */
export class Shelf {
  readonly #bounds: Bounds;
  readonly #slots = new Map<SessionId, Slot>();
  readonly #rolls = new Map<string, Roll>();
  readonly #expiry = new ExpiryQueue<Slot>();
  readonly #ended = new Recency<Slot>();
  readonly #anonymous = new Recency<Slot>();
  readonly #signedIn = new Recency<Slot>();
  #bytes = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** What stands under the id at `now`. Finding it is a use: it is evicted later. */
  find(id: SessionId, now: EpochMs): StoredSession | undefined {
    const slot = this.#slots.get(id);
    if (slot === undefined || slot.stored.expiresAt <= now) return undefined;
    slot.recency.renew(slot);
    return slot.stored;
  }

  /** Whether a record is small enough to be kept at all. */
  fits(record: SessionRecord): boolean {
    return bytesOf(record) <= this.#bounds.maxBytes;
  }

  /** Puts a frozen record or tombstone under its id, and evicts others where room is wanting. */
  put(stored: StoredSession, now: EpochMs): void {
    const found = this.#slots.get(stored.id);
    const slot = found === undefined ? this.#insert(stored) : this.#replace(found, stored);
    this.#bytes += slot.bytes;
    slot.recency.add(slot);
    if (stored.kind === "live") this.#rollOf(stored.manager).add(stored);
    this.#makeRoom(slot, now);
  }

  /** Removes at most `limit` of what has expired, and returns how many it found. */
  removeExpired(now: EpochMs, limit: number): number {
    for (let removed = 0; removed < limit; removed += 1) {
      const { first } = this.#expiry;
      if (first === undefined || first.stored.expiresAt > now) return removed;
      this.#remove(first);
    }
    return limit;
  }

  /** A user's live records, in no order. */
  recordsOf(manager: string, userId: string, now: EpochMs): SessionRecord[] {
    const records: SessionRecord[] = [];
    for (const id of this.#rolls.get(manager)?.idsOf(userId) ?? []) {
      const stored = this.#slots.get(id)?.stored;
      if (stored?.kind === "live" && stored.expiresAt > now) records.push(stored);
    }
    return records;
  }

  /** How many live records a manager has, with those that have expired and not been removed. */
  sizeOf(manager: string): number {
    return this.#rolls.get(manager)?.size ?? 0;
  }

  /** Everything that is stored, in no order. */
  *all(): Iterable<StoredSession> {
    for (const { stored } of this.#slots.values()) yield stored;
  }

  #insert(stored: StoredSession): Slot {
    const slot: Slot = {
      stored,
      bytes: bytesOf(stored),
      recency: this.#recencyOf(stored),
      place: 0,
      older: undefined,
      newer: undefined,
    };
    this.#slots.set(stored.id, slot);
    this.#expiry.add(slot);
    return slot;
  }

  #replace(slot: Slot, stored: StoredSession): Slot {
    this.#unlink(slot);
    slot.stored = stored;
    slot.bytes = bytesOf(stored);
    slot.recency = this.#recencyOf(stored);
    this.#expiry.moved(slot);
    return slot;
  }

  #remove(slot: Slot): void {
    this.#unlink(slot);
    this.#expiry.remove(slot);
    this.#slots.delete(slot.stored.id);
  }

  #unlink(slot: Slot): void {
    this.#bytes -= slot.bytes;
    slot.recency.remove(slot);
    if (slot.stored.kind === "live") this.#rolls.get(slot.stored.manager)?.remove(slot.stored);
  }

  #recencyOf(stored: StoredSession): Recency<Slot> {
    if (stored.kind === "ended") return this.#ended;
    return stored.userId === undefined ? this.#anonymous : this.#signedIn;
  }

  #rollOf(manager: string): Roll {
    let roll = this.#rolls.get(manager);
    if (roll === undefined) {
      roll = new Roll(Math.min(MOST_SHARED, Math.ceil(this.#bounds.maxSessions / LEAST_USERS)));
      this.#rolls.set(manager, roll);
    }
    return roll;
  }

  #makeRoom(spared: Slot, now: EpochMs): void {
    const { maxSessions, maxBytes } = this.#bounds;
    while (this.#slots.size > maxSessions || this.#bytes > maxBytes) {
      const victim = this.#victim(spared, now);
      if (victim === undefined) return;
      this.#remove(victim);
    }
  }

  // A flood of anonymous visitors costs one signed-in session at most: from then on each evicts
  // the one before. So does a user who signs in again and again, once they have their share.
  #victim(spared: Slot, now: EpochMs): Slot | undefined {
    const { first } = this.#expiry;
    if (first !== undefined && first !== spared && first.stored.expiresAt <= now) return first;
    return [
      this.#ended.oldest,
      this.#anonymous.oldest,
      this.#surplus(),
      this.#signedIn.oldest,
    ].find((candidate) => candidate !== undefined && candidate !== spared);
  }

  #surplus(): Slot | undefined {
    for (const { surplus } of this.#rolls.values()) {
      if (surplus !== undefined) return this.#slots.get(surplus);
    }
    return undefined;
  }
}

/** What V8 takes for the text at most: two bytes for each UTF-16 unit. */
function bytesOf(stored: StoredSession): number {
  if (stored.kind === "ended") return 0;
  const { data, flash, notes = "", userId = "", device = "" } = stored;
  return 2 * (data.length + flash.length + notes.length + userId.length + device.length);
}
