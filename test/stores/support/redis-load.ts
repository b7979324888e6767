import { setImmediate as turn } from "node:timers/promises";
import type { SessionRecord } from "../../../src/core/record.ts";
import type { SessionStore, StoreCall } from "../../../src/core/store.ts";
import { recordAt, successorOf, tombstoneAt } from "../../../src/testing/store/fixtures.ts";
import { eventually } from "../../support/servers/redis.ts";

/** Long enough for a busy machine. */
const PATIENT_MS = 5_000;
/** Soon over, where there is an outage to be noticed. */
export const BRIEF_MS = 700;
const manager = "load";

/** A call of now, with a deadline as a request has one. */
export function request(deadlineMs: number = PATIENT_MS): StoreCall {
  return { now: Date.now(), signal: AbortSignal.timeout(deadlineMs) };
}

/** What the writers of a load were told. */
export interface Tally {
  /** Writes that were acknowledged. */
  readonly writes: number;
  /** Those of them that were not there any more. */
  readonly lost: number;
  /** Writes that were not answered in time. */
  readonly failures: number;
}

/** Writers that count up, each in a session of its own, until they are told to stop. */
export class Load {
  readonly #store: SessionStore;
  readonly #rounds = new Map<SessionRecord["id"], number>();
  readonly #writers: readonly Promise<void>[];
  #writes = 0;
  #lost = 0;
  #failures = 0;
  #isOver = false;

  constructor(store: SessionStore, sessions: number) {
    this.#store = store;
    this.#writers = Array.from({ length: sessions }, () => this.#write());
  }

  /** Resolves when each session has been written once more. */
  async around(): Promise<void> {
    const before = new Map(this.#rounds);
    await eventually(async () =>
      [...this.#rounds].every(([id, round]) => round > (before.get(id) ?? 0)),
    );
  }

  async stop(): Promise<Tally> {
    this.#isOver = true;
    await Promise.all(this.#writers);
    return { writes: this.#writes, lost: this.#lost, failures: this.#failures };
  }

  async #write(): Promise<void> {
    let current = recordAt(Date.now(), { manager, data: "0" });
    let acknowledged = 0;
    this.#rounds.set(current.id, 0);
    await this.#store.create(current, request());
    while (!this.#isOver) {
      const next = successorOf(current, { data: String(Number(current.data) + 1) });
      try {
        const outcome = await this.#store.update(next, current.version, request(BRIEF_MS));
        if (outcome.kind === "gone") throw new Error("a session that nobody has ended is gone");
        current = outcome.kind === "updated" ? next : outcome.current;
      } catch {
        this.#failures += 1;
        // A store that refuses at once leaves the others no turn.
        await turn();
        current = await this.#newest(current);
        continue;
      }
      const count = Number(current.data);
      this.#lost += Math.max(acknowledged - count, 0);
      this.#writes += Math.max(count - acknowledged, 0);
      acknowledged = count;
      this.#rounds.set(next.id, (this.#rounds.get(next.id) ?? 0) + 1);
    }
  }

  /** After a lost answer: what stands there tells. */
  async #newest(current: SessionRecord): Promise<SessionRecord> {
    const found = await this.#store.load(current.id, request(BRIEF_MS)).catch(() => undefined);
    return found?.kind === "live" ? found : current;
  }
}

/** A tally in words. */
export function told({ writes, lost, failures }: Tally): string {
  return `${writes} writes acknowledged, ${lost} of them lost, ${failures} not answered in time`;
}

/** Creates sessions and ends them, until it is told to stop. */
export class Ending {
  readonly #store: SessionStore;
  readonly #ended: SessionRecord["id"][] = [];
  readonly #enders: readonly Promise<void>[];
  #isOver = false;

  constructor(store: SessionStore, parallel: number) {
    this.#store = store;
    this.#enders = Array.from({ length: parallel }, () => this.#end());
  }

  /** Resolves to those whose end was acknowledged. */
  async stop(): Promise<readonly SessionRecord["id"][]> {
    this.#isOver = true;
    await Promise.all(this.#enders);
    return this.#ended;
  }

  async #end(): Promise<void> {
    while (!this.#isOver) {
      const record = recordAt(Date.now(), { manager });
      try {
        await this.#store.create(record, request(BRIEF_MS));
        const tombstone = tombstoneAt(Date.now(), record);
        const outcome = await this.#store.end(tombstone, undefined, request(BRIEF_MS));
        if (outcome.kind === "ended") this.#ended.push(record.id);
      } catch {
        // Not acknowledged, so nothing was promised.
        await turn();
      }
    }
  }
}

/** How many of them are live. */
export async function liveOf(
  store: SessionStore,
  ids: readonly SessionRecord["id"][],
): Promise<number> {
  const found = await Promise.all(ids.map((id) => store.load(id, request(10_000))));
  return found.filter((stored) => stored?.kind === "live").length;
}
