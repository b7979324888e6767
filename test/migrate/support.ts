import type { SessionRecord, StoredSession } from "../../src/core/record.ts";
import type { Directory, SilentStore, StoreCall } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { type MovableStore, movingStore } from "../../src/migrate/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { recordAt } from "../../src/testing/store/fixtures.ts";
import { everyInterleaving, type Schedule } from "../laws/support/interleavings.ts";
import { type Intercept, wrapped } from "../laws/support/wrapped-store.ts";

export const NOW = 1_800_000_000_000;
export const MANAGER = "shop";
export const clock = { now: (): number => NOW };
export const call: StoreCall = { now: NOW, signal: new AbortController().signal };

/** Two memory stores, and any number of processes that move between them. */
export class Place {
  readonly from: SilentStore = memoryStore();
  readonly to: SilentStore = memoryStore();

  /** Another process's handles: each call on either store passes its intercept. */
  handles(intercept: Intercept): { readonly from: MovableStore; readonly to: MovableStore } {
    return { from: movable(this.from, intercept), to: movable(this.to, intercept) };
  }

  /** An application's process. */
  process(intercept: Intercept = (_, send) => send()): MovableStore {
    const { from, to } = this.handles(intercept);
    return movingStore(from, to);
  }

  async created(changes: Partial<SessionRecord> = {}): Promise<SessionRecord> {
    const record = recordAt(NOW, { manager: MANAGER, ...changes });
    await this.from.create(record, call);
    return record;
  }

  /** What every process sees. */
  seen(id: SessionId): Promise<StoredSession | undefined> {
    return this.process().load(id, call);
  }

  /** What a process sees that knows only the new store. */
  after(id: SessionId): Promise<StoredSession | undefined> {
    return this.to.load(id, call);
  }
}

function movable(store: SilentStore, intercept: Intercept): MovableStore {
  const handle = wrapped(store, intercept);
  return handle as MovableStore & { readonly directory: Directory };
}

/** Fails at one call of an intercepted store, and at each one after it, as a crash would. */
export class Crash {
  calls = 0;
  readonly #at: number;
  readonly #isDone: boolean;

  /** `isDone`: whether the call at which it happens still reached the store. */
  constructor(at: number, isDone: boolean) {
    this.#at = at;
    this.#isDone = isDone;
  }

  readonly intercept: Intercept = async (_operation, send) => {
    this.calls += 1;
    if (this.calls < this.#at) return send();
    if (this.calls === this.#at && this.#isDone) await send();
    throw new Error("crashed");
  };
}

/**
 * Runs actors in every order of their calls, or in as many as are tried, and resolves to how many
 * there were. `play` starts the actors, and returns what is checked once all have ended.
 */
export async function inEveryOrder(
  play: (
    schedule: Schedule,
  ) => Promise<{ readonly actors: readonly Promise<unknown>[]; check(): Promise<void> }>,
): Promise<number> {
  let runs = 0;
  const program = async (schedule: Schedule): Promise<void> => {
    runs += 1;
    const { actors, check } = await play(schedule);
    await schedule.run(actors);
    // The schedule lets an actor fail; here none may.
    await Promise.all(actors);
    await check();
  };
  await everyInterleaving(program).catch((error: Error) => {
    if (error.message !== "there are too many orders to try them all") throw error;
  });
  return runs;
}
