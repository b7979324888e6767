import type { JsonObject } from "../../../core/json.ts";
import {
  commitsBefore,
  type SessionRecord,
  type StoredSession,
  type Tombstone,
} from "../../../core/record.ts";
import type { SessionStore, StoreCall } from "../../../core/store.ts";
import { tombstoneOf } from "../../../core/store-steps.ts";
import { newCommitId, type SessionId } from "../../../core/token.ts";
import type { ConnectSessions, KeptSession } from "./connect-sessions.ts";
import { begunFrom, dataIn, dataOf, keptOf, type Surroundings, withData } from "./forms.ts";
import { movingNoteIn, withMovingNote } from "./notes.ts";
import type { Sids } from "./sids.ts";
import { type Changes, changesSince, STAMP_KEY, stampIn, stampOf, withChanges } from "./stamp.ts";

/** What a move is made of. */
export interface MovingParts {
  readonly theirs: ConnectSessions;
  readonly ours: SessionStore;
  readonly surroundings: Surroundings;
  readonly sids: Sids;
  /** For how long an end is remembered: one of theirs may be written late, and then live so long. */
  readonly lifetimeMs: number;
}

/** What so many others write to at once is left as it stands: who writes next brings it up to date. */
const MAX_ROUNDS = 50;

/** How a session stands after it was brought up to date, and whether that is all. */
interface Round {
  readonly stored: StoredSession | undefined;
  readonly isOver: boolean;
}

/** One session in both stores. */
export class BothStores {
  readonly #parts: MovingParts;
  readonly #sid: string;
  readonly #call: StoreCall;

  constructor(parts: MovingParts, sid: string, call: StoreCall) {
    this.#parts = parts;
    this.#sid = sid;
    this.#call = call;
  }

  /** Makes a record of ours out of what is kept in their store. */
  async takeOver(
    id: SessionId,
    manager: string,
    kept: KeptSession,
  ): Promise<StoredSession | undefined> {
    const { surroundings, sids, ours, theirs } = this.#parts;
    const at = { id, manager, createdAt: this.#call.now };
    const begun = begunFrom(kept, at, surroundings);
    // Signed out everywhere, at a time of which nobody knows whether it was before this sign-in.
    if ((await this.#generation(begun)) > 0) {
      await theirs.destroy(this.#sid);
      return undefined;
    }
    const note = { sid: sids.seal(id, this.#sid), before: stampOf(dataIn(kept)) };
    const record = withMovingNote(begun, note);
    const outcome = await ours.create(record, this.#call);
    const stored = outcome === "created" ? record : await ours.load(id, this.#call);
    return stored?.kind === "live" ? this.bringUp(stored, "always") : stored;
  }

  /**
   * Looks whether the session has been ended or changed over there.
   *
   * @param kept - What was found there at about the same time.
   */
  async seen(
    record: SessionRecord,
    kept: KeptSession | undefined,
  ): Promise<StoredSession | undefined> {
    const isAsItWas = kept !== undefined && this.#changesIn(kept, record) === undefined;
    const stored = isAsItWas ? record : await this.bringUp(record, "changed");
    if (stored?.kind !== "live") return stored;
    // Over there somebody has used it until now, or it would be gone.
    const isIdle = stored.lastSeenAt + stored.idleTimeoutMs <= this.#call.now;
    return isIdle ? { ...stored, lastSeenAt: this.#call.now } : stored;
  }

  /**
   * Takes in what processes of theirs have changed, and then lets them see how the session stands.
   *
   * @param when - `always`, or only where they have changed something.
   * @returns What has come of it.
   */
  async bringUp(
    found: SessionRecord,
    when: "always" | "changed",
  ): Promise<StoredSession | undefined> {
    let round = await this.#round(found, when);
    for (let rounds = 1; rounds < MAX_ROUNDS && !round.isOver; rounds += 1) {
      if (round.stored?.kind !== "live") break;
      round = await this.#round(round.stored, "always");
    }
    const { stored } = round;
    // Whoever was late has put it back there.
    if (stored?.kind !== "live") await this.#parts.theirs.destroy(this.#sid);
    return stored;
  }

  async #round(record: SessionRecord, when: "always" | "changed"): Promise<Round> {
    const { theirs, ours } = this.#parts;
    const kept = await theirs.get(this.#sid);
    // Each of ours was there before it was here: so it has been ended there.
    if (kept === undefined) return { stored: await this.end(record), isOver: true };
    const changes = this.#changesIn(kept, record);
    if (changes === undefined && when === "changed") return { stored: record, isOver: true };
    const merged = changes === undefined ? record : await this.#merged(record, changes);
    if (merged?.kind !== "live") return { stored: merged, isOver: true };
    await theirs.set(this.#sid, this.keptOf(merged, kept.cookie));
    const stored = await ours.load(record.id, this.#call);
    // Whoever wrote in between may have been overtaken there by this older state.
    return { stored, isOver: stored?.kind === "live" && stored.version === merged.version };
  }

  /** As express-session keeps it, and stamped. */
  keptOf(record: SessionRecord, cookie?: JsonObject): object {
    const { surroundings } = this.#parts;
    const stamp = stampOf(dataOf(record, surroundings));
    return { ...keptOf(record, surroundings, cookie), [STAMP_KEY]: stamp };
  }

  /** Ends a session that has been ended in their store. */
  async end(record: SessionRecord): Promise<Tombstone | undefined> {
    const { id, manager } = record;
    const { now } = this.#call;
    const end = {
      version: newCommitId(this.#parts.surroundings.random),
      reason: "destroyed",
      endedAt: now,
    } as const;
    const expiresAt = now + this.#parts.lifetimeMs;
    const tombstone = tombstoneOf(id, { manager }, { ...end, expiresAt });
    const outcome = await this.#parts.ours.end(tombstone, undefined, this.#call);
    return outcome.kind === "gone" ? outcome.tombstone : tombstone;
  }

  #changesIn(kept: KeptSession, record: SessionRecord): Changes | undefined {
    const stamp = stampIn(kept[STAMP_KEY]) ?? movingNoteIn(record)?.before;
    return stamp === undefined ? undefined : changesSince(stamp, dataIn(kept));
  }

  /** Resolves to the record with the changes in it; to what stands there where that has ended. */
  async #merged(found: SessionRecord, changes: Changes): Promise<StoredSession | undefined> {
    const { surroundings, ours } = this.#parts;
    let record = found;
    for (;;) {
      const data = withChanges(dataOf(record, surroundings), changes);
      const next: SessionRecord = {
        ...withData(record, data, surroundings),
        version: newCommitId(surroundings.random),
        earlier: commitsBefore(record),
      };
      const outcome = await ours.update(next, record.version, this.#call);
      if (outcome.kind === "updated") return next;
      if (outcome.kind === "gone") return outcome.tombstone;
      record = outcome.current;
    }
  }

  async #generation({ manager, userId }: SessionRecord): Promise<number> {
    if (userId === undefined) return 0;
    return (await this.#parts.ours.directory?.generation({ manager, userId }, this.#call)) ?? 0;
  }
}
