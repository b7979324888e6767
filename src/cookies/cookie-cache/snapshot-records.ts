import { expiredBy } from "../../core/clocks.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import type { SessionStore, StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Snapshot } from "./snapshot.ts";

/** What one request knows of its session: by the snapshot that it brought, then by the store. */
export class Knowledge {
  #brought: Snapshot | undefined;
  #newest: Snapshot | undefined;
  #hasNews = false;

  /** The request brought a snapshot. It serves once: whoever asks again wants to know. */
  bring(snapshot: Snapshot): void {
    this.#brought = snapshot;
  }

  takeBrought(id: SessionId): SessionRecord | undefined {
    const brought = this.#brought;
    this.#brought = undefined;
    if (brought?.record.id !== id) return undefined;
    this.#newest = brought;
    return brought.record;
  }

  /** The store has it so, or has nothing more of it. */
  learn(record: SessionRecord | undefined, at: EpochMs): void {
    const isLive = record !== undefined && expiredBy(record, at) === undefined;
    this.#newest = isLive ? { record, takenAt: at } : undefined;
    this.#hasNews = true;
  }

  /** The idle clock was moved, which says nothing of the rest. */
  seen(id: SessionId, lastSeenAt: EpochMs, expiresAt: EpochMs): void {
    if (this.#newest?.record.id !== id) return;
    const { record, takenAt } = this.#newest;
    this.#newest = { takenAt, record: { ...record, lastSeenAt, expiresAt } };
    this.#hasNews = true;
  }

  forget(id: SessionId): void {
    if (this.#newest !== undefined && this.#newest.record.id !== id) return;
    this.#newest = undefined;
    this.#hasNews = true;
  }

  /** What the response should tell: a snapshot, that there is none, or nothing. */
  get news(): Snapshot | "none" | undefined {
    return this.#hasNews ? (this.#newest ?? "none") : undefined;
  }
}

/** The store as one request sees it: read once from the snapshot, written to always. */
export function snapshotRecords(store: SessionStore, known: Knowledge): SessionStore {
  const { profile, directory, expiry } = store;
  const load = async (id: SessionId, call: StoreCall): ReturnType<SessionStore["load"]> => {
    const brought = known.takeBrought(id);
    if (brought !== undefined) return brought;
    const stored = await store.load(id, call);
    known.learn(stored?.kind === "live" ? stored : undefined, call.now);
    return stored;
  };
  return {
    profile,
    load,
    create: async (record, call) => {
      const outcome = await store.create(record, call);
      if (outcome === "created") known.learn(record, call.now);
      return outcome;
    },
    update: async (record, expected, call) => {
      // Until the store has answered, nobody knows.
      known.forget(record.id);
      const outcome = await store.update(record, expected, call);
      if (outcome.kind === "updated") known.learn(record, call.now);
      return outcome;
    },
    end: (tombstone, expected, call) => {
      known.forget(tombstone.id);
      return store.end(tombstone, expected, call);
    },
    ...(store.touch && {
      touch: async (id, seen, call) => {
        const isLive = (await store.touch?.(id, seen, call)) === true;
        if (isLive) known.seen(id, seen.lastSeenAt, seen.expiresAt);
        else known.forget(id);
        return isLive;
      },
    }),
    ...(directory && { directory }),
    ...(expiry && { expiry }),
  };
}
