import { Deadline, started, type Terms } from "../../core/deadline.ts";
import { pooledRandom } from "../../core/environment.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import { isSide } from "../../core/side-record.ts";
import type { SessionStore, StoreCall, UserKey } from "../../core/store.ts";
import { type CommitId, newCommitId, type SessionId } from "../../core/token.ts";
import { type Entry, entryOf, nearRecordOf } from "./entries.ts";

/** How near is used. */
export interface NearSettings {
  readonly maxStalenessMs: number;
  /** How long anybody waits for it. */
  readonly timeoutMs: number;
}

/** What was found in near, and what must still be there for it to be replaced. */
export interface Sight {
  readonly entry: Entry | undefined;
  /** Near's version; `"empty"` where nothing stands, `"barred"` where it is not ours to replace. */
  readonly place: CommitId | "empty" | "barred";
}

/** After it has failed, near is left alone for so long: else each request would wait for it. */
const REST_MS = 1_000;
/** Two tries: the first may lose against another filling. */
const MAX_TRIES = 2;
/** Of many sessions that end at once, so many are written to near at a time. */
const BATCH = 50;

const UNSEEN: Sight = { entry: undefined, place: "barred" };

/** The store in front. Whatever it does, nobody is told: a failure is an answer that is wanting. */
export class Near {
  readonly #store: SessionStore;
  readonly #settings: NearSettings;
  readonly #random = pooledRandom();
  #restsUntil = 0;
  #sweepsAt = 0;

  constructor(store: SessionStore, settings: NearSettings) {
    this.#store = store;
    this.#settings = settings;
  }

  async look(id: SessionId, now: EpochMs): Promise<Sight> {
    return this.#rests() ? UNSEEN : this.#look(id, this.#deadline(now));
  }

  /** Puts the entry where `sight` was, if that is still so. */
  async fill(id: SessionId, entry: Entry, sight: Sight, now: EpochMs): Promise<void> {
    if (!this.#rests()) await this.#put(id, entry, sight, this.#deadline(now));
  }

  /** Puts the entry where anything is that is not newer. */
  async overwrite(id: SessionId, entry: Entry, now: EpochMs): Promise<void> {
    // An end is tried even so: other processes may still reach near.
    if (this.#rests() && entry.stored?.kind !== "ended") return;
    const deadline = this.#deadline(now);
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const sight = await this.#look(id, deadline);
      if (sight.entry !== undefined && prevails(sight.entry, entry)) return;
      if (await this.#put(id, entry, sight, deadline)) return;
    }
  }

  /** Overwrites many, until the first that near does not answer to. */
  async overwriteAll(
    entries: readonly (readonly [SessionId, Entry])[],
    now: EpochMs,
  ): Promise<void> {
    for (let first = 0; first < entries.length; first += BATCH) {
      if (first > 0 && this.#rests()) return;
      const batch = entries.slice(first, first + BATCH);
      await Promise.all(batch.map(([id, entry]) => this.overwrite(id, entry, now)));
    }
  }

  /** Removes what has expired of a user, where near does not do it by itself. */
  async forget(user: UserKey, now: EpochMs): Promise<void> {
    const { directory } = this.#store;
    if (directory?.forget === undefined || this.#rests()) return;
    const deadline = this.#deadline(now);
    try {
      for (let forgotten = 1; forgotten > 0; ) {
        const ask = async (call: StoreCall) => directory.forget?.(user, call);
        forgotten = (await this.#ask(deadline, ask)) ?? 0;
      }
    } catch {
      this.#rest();
    }
  }

  /** Removes what has expired, now and then, where near does not do it by itself. */
  tidy(now: EpochMs): void {
    const { expiry } = this.#store;
    const tickMs = performance.now();
    if (expiry === undefined || tickMs < this.#sweepsAt) return;
    this.#sweepsAt = tickMs + expiry.intervalMs;
    const call = { now, signal: AbortSignal.timeout(expiry.intervalMs) };
    started(() => expiry.deleteExpired(call)).catch(ignore);
  }

  async close(): Promise<void> {
    await this.#store.close?.();
  }

  async #look(id: SessionId, deadline: Deadline): Promise<Sight> {
    try {
      const found = await this.#ask(deadline, (call) => this.#store.load(id, call));
      if (found === undefined) return { entry: undefined, place: "empty" };
      const entry = found.kind === "live" ? entryOf(found) : undefined;
      return entry === undefined ? UNSEEN : { entry, place: found.version };
    } catch {
      this.#rest();
      return UNSEEN;
    }
  }

  /** Resolves to `false` if something else has come in between. */
  async #put(id: SessionId, entry: Entry, sight: Sight, deadline: Deadline): Promise<boolean> {
    // What is kept beside sessions tells processes of each other, so none may learn of it late.
    if (entry.stored !== undefined && isSide(entry.stored)) return true;
    const replaced = sight.place;
    const isNothing = entry.stored === undefined && replaced === "empty";
    const record = this.#recordOf(id, entry);
    if (replaced === "barred" || isNothing || record.expiresAt <= deadline.now) return true;
    try {
      if (replaced === "empty") {
        return (
          (await this.#ask(deadline, (call) => this.#store.create(record, call))) === "created"
        );
      }
      const update = (call: StoreCall) => this.#store.update(record, replaced, call);
      return (await this.#ask(deadline, update)).kind === "updated";
    } catch {
      // A record may be too large for near alone; only a near that is late is given a rest.
      if (deadline.remainingMs <= 0) this.#rest();
      return true;
    }
  }

  #recordOf(id: SessionId, entry: Entry): SessionRecord {
    const bound = entry.filledAt + this.#settings.maxStalenessMs;
    return nearRecordOf(id, entry, newCommitId(this.#random), bound);
  }

  #deadline(now: EpochMs): Deadline {
    return new Deadline(this.#settings.timeoutMs, now);
  }

  #ask<T>(deadline: Deadline, ask: (call: StoreCall) => Promise<T>): Promise<T> {
    return deadline.guard(() => ask(deadline), TERMS);
  }

  #rests(): boolean {
    return performance.now() < this.#restsUntil;
  }

  #rest(): void {
    this.#restsUntil = performance.now() + REST_MS;
  }
}

/** Whether it has ended, or this process has filled near again meanwhile. */
function prevails(there: Entry, entry: Entry): boolean {
  const isLater = there.writer === entry.writer && there.sequence > entry.sequence;
  return isLater || there.stored?.kind === "ended";
}

const TERMS: Terms = { operation: "load", outcome: "failed", asError: (error) => error };

function ignore(): void {}
