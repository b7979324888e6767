import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { EpochMs, SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type {
  EndOutcome,
  Seen,
  SessionStore,
  StoreCall,
  StoreProfile,
  Touch,
  UpdateOutcome,
} from "../../core/store.ts";
import { refusal, touched } from "../../core/store-steps.ts";
import { storedFrom, UnreadableError } from "../../core/stored-session.ts";
import { type CommitId, parseId, type SessionId } from "../../core/token.ts";
import { untilAborted } from "../../core/waiting.ts";
import type { Backend } from "./backend.ts";
import { type Locks, locksOf, type Mode } from "./locks.ts";
import { plainOf } from "./values.ts";

/** The backend keeps a value this much longer: it may have a clock of its own. */
const CLOCK_SKEW_MS = 60_000;
/** From then on a backend that owes an answer is not waited for by those who want the same key. */
const LOST_ANSWER_MS = 30_000;

/** What a bridge is made of. */
export interface BridgeParts {
  readonly backend: Backend;
  readonly profile: StoreProfile;
  readonly prefix: string;
  readonly notice: (sentence: string) => void;
}

/** A store without its optional parts, but for the touch. */
export type BridgedStore = Omit<SessionStore, "touch" | "close"> & {
  readonly touch: Touch;
  close(): Promise<void>;
};

/** What a change makes of what stands under an id. */
interface Step<T> {
  readonly write?: StoredSession;
  readonly outcome: T;
}

/** How far a call has come: before it writes, an abort leaves everything as it was. */
interface Progress {
  hasBegunToWrite: boolean;
}

/**
 * Sessions in a backend that can only get and set. A change reads, compares and writes while
 * nobody else in this process works on the same key.
 */
export class BridgeStore implements BridgedStore {
  readonly profile: StoreProfile;
  readonly #backend: Backend;
  readonly #prefix: string;
  readonly #notice: (sentence: string) => void;
  readonly #locks: Locks;
  #hasTold = false;
  #isClosed = false;

  constructor({ backend, profile, prefix, notice }: BridgeParts) {
    this.profile = profile;
    this.#backend = backend;
    this.#prefix = prefix;
    this.#notice = notice;
    this.#locks = locksOf(backend.object);
  }

  load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    return this.run("load", "shared", id, call, () => this.#find("load", id, call.now));
  }

  create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    return this.#change<"created" | "taken">("create", record.id, call, (current) =>
      current === undefined ? { write: record, outcome: "created" } : { outcome: "taken" },
    );
  }

  update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    return this.#change<UpdateOutcome>("update", record.id, call, (current) => {
      const outcome = refusal(current, expected);
      return outcome ? { outcome } : { write: record, outcome: { kind: "updated" } };
    });
  }

  end(tombstone: Tombstone, expected: CommitId | undefined, call: StoreCall): Promise<EndOutcome> {
    return this.#change<EndOutcome>("end", tombstone.id, call, (current) => {
      const outcome = refusal(current, expected);
      return outcome ? { outcome } : { write: tombstone, outcome: { kind: "ended" } };
    });
  }

  touch(id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    return this.#change("touch", id, call, (current) => {
      if (current?.kind !== "live") return { outcome: false };
      return { write: touched(current, seen), outcome: true };
    });
  }

  /** The backend is the user's, and stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /**
   * Does `work` when it is its turn at the key, and waits for it until the call's end.
   *
   * The turn of a write lasts until the backend has answered, not until the caller gave up: what
   * is still under way must not land after the next one has compared.
   */
  async run<T>(
    operation: StoreOperation,
    mode: Mode,
    id: SessionId,
    { signal }: StoreCall,
    work: (progress: Progress) => Promise<T>,
  ): Promise<T> {
    this.open(operation);
    if (parseId(id) === undefined) throw new StoreError(operation, "failed", "this is no id");
    const leave = await this.#locks.enter(id, mode, signal).catch((cause: unknown) => {
      throw new StoreError(operation, "failed", "the call ended before its turn", { cause });
    });
    const progress: Progress = { hasBegunToWrite: false };
    const leaveOnce = leavingOnce(leave);
    const working = work(progress).finally(leaveOnce);
    return untilAborted(working, signal, () => {
      if (!progress.hasBegunToWrite) leaveOnce();
      return this.#late(operation, progress, signal.reason);
    });
  }

  /** Tells the user once what is not kept; refuses once closed. */
  open(operation: StoreOperation): void {
    if (this.#isClosed) throw new StoreError(operation, "failed", "the bridge is closed");
    if (this.#hasTold) return;
    this.#hasTold = true;
    this.#notice(
      `Sessions are kept in ${this.#backend.name}, by a bridge. ${this.profile.caveats.join(" ")}`,
    );
  }

  keyOf(id: SessionId): string {
    return this.#prefix + id;
  }

  /** What stands under the id, past its `expiresAt` or not. */
  async peek(operation: StoreOperation, id: SessionId): Promise<StoredSession | undefined> {
    try {
      const value = await this.#backend.get(this.keyOf(id));
      return value === undefined ? undefined : storedFrom(value, id);
    } catch (cause) {
      const detail =
        cause instanceof UnreadableError
          ? `what stands under the key is not this session: ${cause.message}`
          : `${this.#backend.name} could not be read`;
      throw new StoreError(operation, "failed", detail, { cause });
    }
  }

  async #find(
    operation: StoreOperation,
    id: SessionId,
    now: EpochMs,
  ): Promise<StoredSession | undefined> {
    const stored = await this.peek(operation, id);
    return stored === undefined || stored.expiresAt <= now ? undefined : stored;
  }

  #change<T>(
    operation: StoreOperation,
    id: SessionId,
    call: StoreCall,
    decide: (current: StoredSession | undefined) => Step<T>,
  ): Promise<T> {
    return this.run(operation, "exclusive", id, call, async (progress) => {
      const { write, outcome } = decide(await this.#find(operation, id, call.now));
      if (write === undefined) return outcome;
      // Whoever was told that nothing was written must be right.
      call.signal.throwIfAborted();
      progress.hasBegunToWrite = true;
      const ttlMs = write.expiresAt - call.now + CLOCK_SKEW_MS;
      await this.#backend.set(this.keyOf(id), plainOf(write), ttlMs);
      return outcome;
    });
  }

  #late(operation: StoreOperation, { hasBegunToWrite }: Progress, cause: unknown): StoreError {
    const outcome = hasBegunToWrite ? "unknown" : "failed";
    const detail = `${this.#backend.name} did not answer in time`;
    return new StoreError(operation, outcome, detail, { cause });
  }
}

/** Ends a turn once: when the work is done, or when its answer counts as lost. */
function leavingOnce(leave: () => void): () => void {
  let hasLeft = false;
  const leaveOnce = (): void => {
    clearTimeout(lost);
    if (!hasLeft) leave();
    hasLeft = true;
  };
  const lost = setTimeout(leaveOnce, LOST_ANSWER_MS).unref();
  return leaveOnce;
}
