import type { EpochMs, SessionRecord, StoredSession } from "../../core/record.ts";
import type { Seen } from "../../core/store.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import { NONE, type Row } from "./columns.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import { noNeighbours, Recency } from "./recency.ts";
import { bytesOf, Rows } from "./rows.ts";
import { UserIndex } from "./user-index.ts";

/** So many sessions a user has before their own make room for everybody's. */
const MOST_SHARED = 32;
/** Rows that may have expired, for room. */
const MOST_LOOKED_AT = 100;
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
  readonly #rows = new Rows();
  readonly #places = new Map<SessionId, Row>();
  readonly #indexes = new Map<string, UserIndex>();
  readonly #expiry = new ExpiryQueue((row) => this.#rows.expiresAt(row));
  readonly #neighbours = noNeighbours();
  readonly #ended = new Recency(this.#neighbours);
  readonly #anonymous = new Recency(this.#neighbours);
  readonly #signedIn = new Recency(this.#neighbours);
  #bytes = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** What stands under the id at `now`. Finding it is a use: it is evicted later. */
  find(id: SessionId, now: EpochMs): StoredSession | undefined {
    const row = this.#use(id, now);
    return row === NONE ? undefined : this.#rows.read(row);
  }

  /**
   * Puts a record or tombstone in the place of the live record of the same id, if that is of the commit
   * `expected`, where one is named. Tells whether it was.
   */
  putOver(stored: StoredSession, expected: CommitId | undefined, now: EpochMs): boolean {
    const row = this.#use(stored.id, now);
    if (row === NONE || !this.#rows.isLive(row)) return false;
    if (expected !== undefined && !this.#rows.isAt(row, expected)) return false;
    this.#replace(row, stored);
    this.#makeRoom(row, now);
    return true;
  }

  /** Whether a record is small enough to be kept at all. */
  fits(record: SessionRecord): boolean {
    return bytesOf(record) <= this.#bounds.maxBytes;
  }

  /**
   * Adds a record under its id, and evicts others where room is wanting. `false` where anything stands
   * there at `now`: a use of that.
   */
  add(record: SessionRecord, now: EpochMs): boolean {
    const there = this.#places.get(record.id);
    if (there !== undefined && this.#isLeft(there, now)) {
      this.#recencyOf(there).renew(there);
      return false;
    }
    if (there !== undefined) this.#remove(there);
    this.#makeRoom(this.#insert(record), now);
    return true;
  }

  /** Moves a live record's activity forward. `false` where none is live. */
  see(id: SessionId, seen: Seen, now: EpochMs): boolean {
    const row = this.#use(id, now);
    if (row === NONE || !this.#rows.isLive(row)) return false;
    this.#rows.see(row, seen);
    this.#expiry.moved(row);
    const userId = this.#rows.userIdOf(row);
    if (userId !== undefined) this.#indexOf(row)?.renew(row, userId);
    return true;
  }

  /** Looks at no more than `limit` of what may have expired, and removes what has. */
  removeExpired(now: EpochMs, limit: number): { removed: number; isAll: boolean } {
    let removed = 0;
    for (let looked = 0; looked < limit; looked += 1) {
      const row = this.#expiry.due(now);
      if (row === NONE) return { removed, isAll: true };
      if (this.#isLeft(row, now)) this.#expiry.postpone(row);
      else {
        this.#remove(row);
        removed += 1;
      }
    }
    return { removed, isAll: false };
  }

  /** A user's live records, in no order. */
  recordsOf(manager: string, userId: string, now: EpochMs): SessionRecord[] {
    const rows = [...(this.#indexes.get(manager)?.rowsOf(userId) ?? [])];
    const records = rows.map((row) =>
      this.#isLeft(row, now) ? this.#rows.record(row) : undefined,
    );
    return records.filter((record) => record !== undefined);
  }

  /** Removes at most `limit` of a user's records that have expired, and returns how many it found. */
  removeExpiredOf(manager: string, userId: string, now: EpochMs, limit: number): number {
    const expired: Row[] = [];
    for (const row of this.#indexes.get(manager)?.rowsOf(userId) ?? []) {
      if (expired.length === limit) break;
      if (!this.#isLeft(row, now)) expired.push(row);
    }
    for (const row of expired) this.#remove(row);
    return expired.length;
  }

  /** How many live records a manager has, with those that have expired and not been removed. */
  sizeOf(manager: string): number {
    return this.#indexes.get(manager)?.size ?? 0;
  }

  /** The ids of a manager's live records, in no order. */
  *ids(manager: string, now: EpochMs): Iterable<SessionId> {
    for (const [id, row] of this.#places) {
      if (this.#rows.managerOf(row) === manager && this.#isLeft(row, now)) yield id;
    }
  }

  #use(id: SessionId, now: EpochMs): Row {
    const row = this.#places.get(id);
    if (row === undefined || !this.#isLeft(row, now)) return NONE;
    this.#recencyOf(row).renew(row);
    return row;
  }

  #isLeft(row: Row, now: EpochMs): boolean {
    return this.#rows.expiresAt(row) > now;
  }

  #insert(stored: StoredSession): Row {
    const row = this.#rows.add(stored);
    this.#places.set(stored.id, row);
    this.#expiry.add(row);
    this.#link(row);
    return row;
  }

  #replace(row: Row, stored: StoredSession): void {
    const [manager, userId] = [this.#rows.managerOf(row), this.#rows.userIdOf(row)];
    const staysItsOwners =
      stored.kind === "live" && stored.manager === manager && stored.userId === userId;
    if (staysItsOwners) this.#rewrite(row, stored);
    else {
      this.#unlink(row);
      this.#rows.replace(row, stored);
      this.#link(row);
    }
    this.#expiry.moved(row);
  }

  #rewrite(row: Row, record: SessionRecord): void {
    this.#bytes -= this.#rows.bytesOf(row);
    this.#rows.replace(row, record);
    this.#bytes += this.#rows.bytesOf(row);
    this.#recencyOf(row).renew(row);
    if (record.userId !== undefined) this.#indexOf(row)?.renew(row, record.userId);
  }

  #remove(row: Row): void {
    const id = this.#rows.idOf(row);
    if (id !== undefined) this.#places.delete(id);
    this.#unlink(row);
    this.#expiry.remove(row);
    this.#rows.remove(row);
  }

  #link(row: Row): void {
    this.#bytes += this.#rows.bytesOf(row);
    this.#recencyOf(row).add(row);
    this.#indexOf(row)?.add(row, this.#rows.userIdOf(row));
  }

  #unlink(row: Row): void {
    this.#bytes -= this.#rows.bytesOf(row);
    this.#recencyOf(row).remove(row);
    this.#indexOf(row)?.remove(row, this.#rows.userIdOf(row));
  }

  #recencyOf(row: Row): Recency {
    if (!this.#rows.isLive(row)) return this.#ended;
    return this.#rows.userIdOf(row) === undefined ? this.#anonymous : this.#signedIn;
  }

  /** Where a live record is counted. */
  #indexOf(row: Row): UserIndex | undefined {
    const manager = this.#rows.managerOf(row);
    if (manager === undefined) return undefined;
    let index = this.#indexes.get(manager);
    if (index === undefined) {
      index = new UserIndex(
        Math.min(MOST_SHARED, Math.ceil(this.#bounds.maxSessions / LEAST_USERS)),
      );
      this.#indexes.set(manager, index);
    }
    return index;
  }

  #makeRoom(spared: Row, now: EpochMs): void {
    const { maxSessions, maxBytes } = this.#bounds;
    while (this.#places.size > maxSessions || this.#bytes > maxBytes) {
      const victim = this.#victim(spared, now);
      if (victim === NONE) return;
      this.#remove(victim);
    }
  }

  // A flood of anonymous visitors costs one signed-in session at most: from then on each evicts
  // the one before. So does a user who signs in again and again, once they have their share.
  #victim(spared: Row, now: EpochMs): Row {
    const expired = this.#expired(now);
    if (expired !== NONE && expired !== spared) return expired;
    const candidates = [
      this.#ended.oldest,
      this.#anonymous.oldest,
      this.#surplus(),
      this.#signedIn.oldest,
    ];
    return candidates.find((candidate) => candidate !== NONE && candidate !== spared) ?? NONE;
  }

  /** One that has expired, if it is soon found: who waits for room does not wait for order. */
  #expired(now: EpochMs): Row {
    for (let looked = 0; looked < MOST_LOOKED_AT; looked += 1) {
      const row = this.#expiry.due(now);
      if (row === NONE || !this.#isLeft(row, now)) return row;
      this.#expiry.postpone(row);
    }
    return NONE;
  }

  #surplus(): Row {
    for (const { surplus } of this.#indexes.values()) if (surplus !== undefined) return surplus;
    return NONE;
  }
}
