import type { Deadline, Terms } from "../deadline.ts";
import {
  CookieTooLargeError,
  StoreError,
  type StoreOperation,
  type StoreOutcome,
} from "../errors.ts";
import { remembers, type SessionRecord, type StoredSession, type Tombstone } from "../record.ts";
import type { EndOutcome, Seen, SessionStore, StoreCall, UpdateOutcome } from "../store.ts";
import type { CommitId, SessionId } from "../token.ts";

/** How often a write whose answer was lost is sent again before it counts as unknown. */
const MAX_REPETITIONS = 3;

/**
 * The store behind a guard: every call has a deadline, every failure is a {@link StoreError}, and
 * a write whose answer was lost is settled by its commit id.
 *
 * Sending such a write again is safe because it is compare-and-set: if the first one arrived, or
 * arrives later, the second finds another version than it expects, and its own commit there.
 */
export class Keeper {
  readonly store: SessionStore;
  readonly #report: (error: StoreError) => void;
  readonly #loading: Sending;

  constructor(store: SessionStore, report: (error: StoreError) => void) {
    this.store = store;
    this.#report = report;
    this.#loading = new Sending("load", "failed", report);
  }

  /** The same guard before another store. */
  over(store: SessionStore): Keeper {
    return new Keeper(store, this.#report);
  }

  load(id: SessionId, deadline: Deadline): Promise<StoredSession | undefined> {
    return deadline.guard(this.#load(id, deadline), this.#loading);
  }

  #load(id: SessionId, deadline: Deadline): Promise<StoredSession | undefined> {
    try {
      return this.store.load(id, deadline);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** `taken` means that something else than this very record stands under the id. */
  create(record: SessionRecord, deadline: Deadline): Promise<"created" | "taken"> {
    return this.#write<"created" | "taken">("create", deadline, {
      send: (call) => this.store.create(record, call),
      settle: async () => {
        const stored = await this.load(record.id, deadline);
        if (stored === undefined) return "send";
        // Nobody else knows this id yet, so what has ended under it was created first.
        if (stored.kind === "ended") return "created";
        return remembers(stored, record.version) ? "created" : "taken";
      },
      isAmbiguous: (outcome) => outcome === "taken",
    });
  }

  update(record: SessionRecord, expected: CommitId, deadline: Deadline): Promise<UpdateOutcome> {
    return this.#write<UpdateOutcome>("update", deadline, {
      send: (call) => this.store.update(record, expected, call),
      settle: async () => {
        const stored = await this.load(record.id, deadline);
        if (stored === undefined) return { kind: "gone", tombstone: undefined };
        if (stored.kind === "ended") return { kind: "gone", tombstone: stored };
        if (remembers(stored, record.version)) return { kind: "updated" };
        if (stored.version === expected) return "send";
        // The record remembers what we built on, so ours is not among what came after it.
        return remembers(stored, expected) ? { kind: "conflict", current: stored } : "unknown";
      },
      isAmbiguous: (outcome) => outcome.kind === "conflict",
    });
  }

  end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    deadline: Deadline,
  ): Promise<EndOutcome> {
    return this.#write<EndOutcome>("end", deadline, {
      send: (call) => this.store.end(tombstone, expected, call),
      settle: async () => {
        const stored = await this.load(tombstone.id, deadline);
        if (stored === undefined) return { kind: "gone", tombstone: undefined };
        if (stored.kind === "live") {
          const isOurs = expected === undefined || stored.version === expected;
          return isOurs ? "send" : { kind: "conflict", current: stored };
        }
        const isOurs = stored.version === tombstone.version;
        return isOurs ? { kind: "ended" } : { kind: "gone", tombstone: stored };
      },
      isAmbiguous: (outcome) => outcome.kind === "gone",
    });
  }

  /** Moves the idle clock. Repeating or losing one does no harm, so nothing is settled. */
  async touch(record: SessionRecord, seen: Seen, deadline: Deadline): Promise<boolean> {
    const touched = await this.read(
      "touch",
      deadline,
      async (call) => this.store.touch?.(record.id, seen, call),
      "unknown",
    );
    if (touched !== undefined) return touched;
    // The version stays, so that a touch makes no writer merge.
    const outcome = await this.update({ ...record, ...seen }, record.version, deadline);
    return outcome.kind !== "gone";
  }

  /** A call that changes nothing, or that may safely happen twice. */
  read<T>(
    operation: StoreOperation,
    deadline: Deadline,
    call: (options: StoreCall) => Promise<T>,
    outcome: StoreOutcome = "failed",
  ): Promise<T> {
    return deadline.guard(started(call, deadline), new Sending(operation, outcome, this.#report));
  }

  #write<T extends object | string>(
    operation: StoreOperation,
    deadline: Deadline,
    write: Write<T>,
  ): Promise<T> {
    const sending = new Sending(operation, "unknown", this.#report);
    return deadline.guard(started(write.send, deadline), sending, (failure) => {
      const isLost = failure instanceof StoreError && failure.outcome === "unknown";
      return isLost ? this.#settle(operation, deadline, write, failure) : Promise.reject(failure);
    });
  }

  /**
   * Finds out what became of a write whose answer was lost, and sends it again if nothing did:
   * docs/decisions/0006.
   */
  async #settle<T extends object | string>(
    operation: StoreOperation,
    deadline: Deadline,
    write: Write<T>,
    lost: StoreError,
  ): Promise<T> {
    for (let repetitions = 0; repetitions < MAX_REPETITIONS; repetitions += 1) {
      if (deadline.remainingMs <= 0) throw lost;
      const settled = await write.settle().catch(() => "unknown" as const);
      if (settled === "unknown") throw lost;
      if (settled !== "send") return settled;
      const sent = this.read(operation, deadline, write.send, "unknown");
      const outcome = await sent.catch(() => undefined);
      if (outcome !== undefined && !write.isAmbiguous(outcome)) return outcome;
    }
    throw lost;
  }
}

class Sending implements Terms {
  readonly operation: StoreOperation;
  readonly outcome: StoreOutcome;
  readonly #report: (error: StoreError) => void;

  constructor(
    operation: StoreOperation,
    outcome: StoreOutcome,
    report: (error: StoreError) => void,
  ) {
    this.operation = operation;
    this.outcome = outcome;
    this.#report = report;
  }

  asError(error: unknown): StoreError | CookieTooLargeError {
    if (error instanceof CookieTooLargeError) return error;
    const failure = asStoreError(this.operation, this.outcome, error);
    this.#report(failure);
    return failure;
  }
}

interface Write<T> {
  readonly send: (call: StoreCall) => Promise<T>;
  /** Looks whether the write arrived: its outcome, `send` it again, or `unknown`. */
  readonly settle: () => Promise<T | "send" | "unknown">;
  /** Whether an outcome of a repetition may be the first attempt's own doing. */
  readonly isAmbiguous: (outcome: T) => boolean;
}

/** A store that throws rather than rejects is heard all the same. */
function started<T>(call: (options: StoreCall) => Promise<T>, deadline: Deadline): Promise<T> {
  try {
    return call(deadline);
  } catch (error) {
    return Promise.reject(error);
  }
}

function asStoreError(
  operation: StoreOperation,
  outcome: StoreOutcome,
  error: unknown,
): StoreError {
  if (error instanceof StoreError) return error;
  // The driver's message may quote what it was sent, so it stays in the cause.
  return new StoreError(operation, outcome, "it failed", { cause: error });
}
