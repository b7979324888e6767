import type { Deadline, Terms } from "../deadline.ts";
import {
  CodecError,
  CookieTooLargeError,
  type SessionError,
  StoreError,
  type StoreOperation,
  type StoreOutcome,
} from "../errors.ts";
import {
  type EpochMs,
  remembers,
  type SessionRecord,
  type StoredSession,
  type Tombstone,
} from "../record.ts";
import type { EndOutcome, Seen, SessionStore, StoreCall, UpdateOutcome } from "../store.ts";
import type { CommitId, SessionId } from "../token.ts";

/** `taken` means that something else than this very record stands under the id. */
export type Creation = "created" | "taken";

/**
 * The store behind a guard: every call has a deadline, every failure is a {@link StoreError}, and
 * a write whose answer was lost is settled by its commit id.
 */
export class Keeper {
  readonly store: SessionStore;
  readonly #report: (error: StoreError) => void;
  readonly #loading: Sending;

  constructor(store: SessionStore, report: (error: StoreError) => void) {
    this.store = store;
    this.#report = report;
    this.#loading = new Sending(this, "load", "failed");
  }

  /** The same guard before another store. */
  over(store: SessionStore): Keeper {
    return new Keeper(store, this.#report);
  }

  load(id: SessionId, deadline: Deadline): Promise<StoredSession | undefined> {
    return deadline.guard(() => this.store.load(id, deadline), this.#loading);
  }

  /** As `load`, past any copy that the store may keep. */
  loadNewest(id: SessionId, deadline: Deadline): Promise<StoredSession | undefined> {
    return deadline.guard(() => this.store.load(id, new FreshCall(deadline)), this.#loading);
  }

  create(record: SessionRecord, deadline: Deadline): Promise<Creation> {
    return new Write(CREATION, this, record, undefined, deadline).sent();
  }

  update(record: SessionRecord, expected: CommitId, deadline: Deadline): Promise<UpdateOutcome> {
    return new Write(UPDATE, this, record, expected, deadline).sent();
  }

  end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    deadline: Deadline,
  ): Promise<EndOutcome> {
    return new Write(ENDING, this, tombstone, expected, deadline).sent();
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
    return deadline.guard(() => call(deadline), new Sending(this, operation, outcome));
  }

  /** The error of a call that failed, which the manager's listeners hear of. */
  failed(operation: StoreOperation, outcome: StoreOutcome, error: unknown): SessionError {
    // These are about what was to be written, not about the store.
    if (error instanceof CookieTooLargeError || error instanceof CodecError) return error;
    const failure = asStoreError(operation, outcome, error);
    this.#report(failure);
    return failure;
  }
}

/** A call for which no copy will do. */
class FreshCall implements StoreCall {
  readonly isFresh = true;
  readonly #deadline: Deadline;

  constructor(deadline: Deadline) {
    this.#deadline = deadline;
  }

  get now(): EpochMs {
    return this.#deadline.now;
  }

  get signal(): AbortSignal {
    return this.#deadline.signal;
  }

  secretOf(id: SessionId): string | undefined {
    return this.#deadline.secretOf(id);
  }
}

/** A call of which nothing is to be settled. */
class Sending implements Terms {
  readonly operation: StoreOperation;
  readonly outcome: StoreOutcome;
  readonly #keeper: Keeper;

  constructor(keeper: Keeper, operation: StoreOperation, outcome: StoreOutcome) {
    this.#keeper = keeper;
    this.operation = operation;
    this.outcome = outcome;
  }

  asError(error: unknown): unknown {
    return this.#keeper.failed(this.operation, this.outcome, error);
  }
}

/** How often a write whose answer was lost is sent again before it counts as unknown. */
const MAX_REPETITIONS = 3;

/**
 * A write, and how to find out what has become of it where its answer was lost: docs/decisions/0006.
 *
 * To send it again is safe because it is compare-and-set: if the first one arrived, or arrives later,
 * the second finds another version than it expects, and its own commit there.
 */
class Write<
  Stored extends StoredSession,
  Expected extends CommitId | undefined,
  Outcome extends object | string,
> implements Terms<Outcome>
{
  readonly outcome = "unknown";
  readonly stored: Stored;
  /** The commit that it builds on. */
  readonly expected: Expected;
  readonly deadline: Deadline;
  readonly #kind: Kind<Stored, Expected, Outcome>;
  readonly #keeper: Keeper;

  constructor(
    kind: Kind<Stored, Expected, Outcome>,
    keeper: Keeper,
    stored: Stored,
    expected: Expected,
    deadline: Deadline,
  ) {
    this.stored = stored;
    this.expected = expected;
    this.deadline = deadline;
    this.#kind = kind;
    this.#keeper = keeper;
  }

  get operation(): StoreOperation {
    return this.#kind.operation;
  }

  sent(): Promise<Outcome> {
    return this.deadline.guard(() => this.#send(), this);
  }

  asError(error: unknown): unknown {
    return this.#keeper.failed(this.operation, this.outcome, error);
  }

  /** Finds out what has become of it, and sends it again if nothing has. */
  async recover(failure: unknown): Promise<Outcome> {
    if (!(failure instanceof StoreError) || failure.outcome !== "unknown") throw failure;
    for (let repetitions = 0; repetitions < MAX_REPETITIONS; repetitions += 1) {
      if (this.deadline.remainingMs <= 0) throw failure;
      const settled = await this.#settled().catch(() => "unknown" as const);
      if (settled === "unknown") throw failure;
      if (settled !== "send") return settled;
      const again = this.#keeper.read(this.operation, this.deadline, () => this.#send(), "unknown");
      const outcome = await again.catch(() => undefined);
      if (outcome !== undefined && !this.#kind.isAmbiguous(outcome)) return outcome;
    }
    throw failure;
  }

  async #settled(): Promise<Outcome | "send" | "unknown"> {
    return this.#kind.settle(await this.#keeper.load(this.stored.id, this.deadline), this);
  }

  #send(): Promise<Outcome> {
    return this.#kind.send(this.#keeper.store, this);
  }
}

/** What one kind of write does, and what it makes of what it finds. */
interface Kind<
  Stored extends StoredSession,
  Expected extends CommitId | undefined,
  Outcome extends object | string,
> {
  readonly operation: StoreOperation;
  send(store: SessionStore, write: Write<Stored, Expected, Outcome>): Promise<Outcome>;
  /** By what stands under the id: its outcome, `send` it again, or `unknown`. */
  settle(
    found: StoredSession | undefined,
    write: Write<Stored, Expected, Outcome>,
  ): Outcome | "send" | "unknown";
  /** Whether an outcome of a repetition may be the first attempt's own doing. */
  isAmbiguous(outcome: Outcome): boolean;
}

const CREATION: Kind<SessionRecord, undefined, Creation> = {
  operation: "create",
  send: (store, { stored, deadline }) => store.create(stored, deadline),
  settle: (found, { stored }) => {
    if (found === undefined) return "send";
    // Nobody else knows this id yet, so what has ended under it was created first.
    return found.kind === "ended" || remembers(found, stored.version) ? "created" : "taken";
  },
  isAmbiguous: (outcome) => outcome === "taken",
};

const UPDATE: Kind<SessionRecord, CommitId, UpdateOutcome> = {
  operation: "update",
  send: (store, { stored, expected, deadline }) => store.update(stored, expected, deadline),
  settle: (found, { stored, expected }) => {
    if (found?.kind !== "live") return { kind: "gone", tombstone: found };
    if (remembers(found, stored.version)) return { kind: "updated" };
    if (found.version === expected) return "send";
    // The record remembers what we built on, so ours is not among what came after it.
    return remembers(found, expected) ? { kind: "conflict", current: found } : "unknown";
  },
  isAmbiguous: ({ kind }) => kind === "conflict",
};

const ENDING: Kind<Tombstone, CommitId | undefined, EndOutcome> = {
  operation: "end",
  send: (store, { stored, expected, deadline }) => store.end(stored, expected, deadline),
  settle: (found, { stored, expected }) => {
    if (found === undefined) return { kind: "gone", tombstone: undefined };
    if (found.kind === "live") {
      const isOurs = expected === undefined || found.version === expected;
      return isOurs ? "send" : { kind: "conflict", current: found };
    }
    return found.version === stored.version
      ? { kind: "ended" }
      : { kind: "gone", tombstone: found };
  },
  isAmbiguous: ({ kind }) => kind === "gone",
};

function asStoreError(
  operation: StoreOperation,
  outcome: StoreOutcome,
  error: unknown,
): StoreError {
  if (error instanceof StoreError) return error;
  // The driver's message may quote what it was sent, so it stays in the cause.
  return new StoreError(operation, outcome, "it failed", { cause: error });
}
