import { createHash } from "node:crypto";
import { pooledRandom } from "../../core/environment.ts";
import { StoreError } from "../../core/errors.ts";
import { commitsBefore, type EpochMs, type SessionRecord } from "../../core/record.ts";
import { sideContent, sideManager, sideRecord } from "../../core/side-record.ts";
import type { SessionStore, StoreCall } from "../../core/store.ts";
import { newCommitId, type SessionId } from "../../core/token.ts";
import { contentOf, type Entry, entriesIn } from "./entries.ts";

/** Nobody loses so often but to a store that is broken. */
const MAX_CONFLICTS = 32;
const random = pooledRandom();

/** Changes the newest entries; `undefined` where they are as they should be. */
export type Change = (entries: readonly Entry[]) => Promise<readonly Entry[] | undefined>;

/** The entries of a ring in a store: one record, beside the sessions, changed by compare-and-set. */
export class RingRecord {
  readonly #store: SessionStore;
  readonly #id: SessionId;
  readonly #manager: string;
  readonly #timeoutMs: number;

  constructor(store: SessionStore, name: string, timeoutMs: number) {
    const hash = createHash("sha256").update(`sojourn/key-ring\0${name}`).digest("base64url");
    this.#store = store;
    this.#id = `s_${hash}` as SessionId;
    this.#manager = sideManager(name, "keys");
    this.#timeoutMs = timeoutMs;
  }

  /** `undefined` where there is no ring. */
  async read(now: EpochMs): Promise<readonly Entry[] | undefined> {
    const content = sideContent(await this.#load(this.#call(now)), this.#manager);
    return content && entriesIn(content);
  }

  /**
   * Applies a change to the newest entries, as often as others write them. Resolves to what stands then.
   *
   * @param known - What there is where the store has lost it.
   * @param endsAt - Until when the store keeps it.
   */
  async change(
    change: Change,
    known: readonly Entry[],
    now: EpochMs,
    endsAt: EpochMs,
  ): Promise<readonly Entry[]> {
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const call = this.#call(now);
      const stored = await this.#load(call);
      const entries = stored === undefined ? known : entriesIn(sideContent(stored, this.#manager));
      const changed = await change(entries);
      if (changed === undefined && stored !== undefined) return entries;
      const record = this.#record(changed ?? entries, now, endsAt);
      if (await this.#isWritten(record, stored, call)) return changed ?? entries;
    }
    throw new StoreError("update", "failed", "other writes to the same ring of keys kept winning");
  }

  async #load(call: StoreCall): Promise<SessionRecord | undefined> {
    const stored = await this.#store.load(this.#id, call);
    return stored?.kind === "live" ? stored : undefined;
  }

  async #isWritten(
    record: SessionRecord,
    stored: SessionRecord | undefined,
    call: StoreCall,
  ): Promise<boolean> {
    if (stored === undefined) return (await this.#store.create(record, call)) === "created";
    const successor = { ...record, earlier: commitsBefore(stored) };
    const { kind } = await this.#store.update(successor, stored.version, call);
    return kind === "updated";
  }

  #record(entries: readonly Entry[], now: EpochMs, endsAt: EpochMs): SessionRecord {
    return sideRecord({
      id: this.#id,
      manager: this.#manager,
      version: newCommitId(random),
      content: contentOf(entries),
      writtenAt: now,
      endsAt,
    });
  }

  #call(now: EpochMs): StoreCall {
    return { now, signal: AbortSignal.timeout(this.#timeoutMs) };
  }
}
