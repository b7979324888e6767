import { absoluteEndOf, policyFor, storeExpiryOf } from "./clocks.ts";
import type { Deadline, Terms } from "./deadline.ts";
import { type Content, type Edit, flashText, parseFlash } from "./edit.ts";
import type { Engine } from "./engine.ts";
import { DataTooLargeError, SessionEndedError, StoreError, type StoreOutcome } from "./errors.ts";
import type { SessionEvents } from "./events.ts";
import { commitsBefore, type SessionRecord } from "./record.ts";
import type { UpdateOutcome } from "./store.ts";
import { newCommitId, type SessionId } from "./token.ts";

/** What edits build on: the newest record a request knows, or one that is not stored yet. */
export interface Base {
  readonly record: SessionRecord;
  readonly isStored: boolean;
}

/** Something else stands under a fresh id: the source of randomness repeats itself. */
export class IdTakenError extends Error {}

/** Beyond this a session is under attack or its store is down; waiting longer helps nobody. */
const MAX_WAITING = 1_000;
const MAX_WAITING_BYTES = 8 * 1_024 * 1_024;
/** From here on, writers of several processes pause at random, so that each gets through. */
const CONFLICTS_BEFORE_PAUSE = 3;
const MAX_PAUSE_MS = 16;

type Parts = Omit<Engine, "queue">;

/** An edit on its way, and whoever waits for it. */
class Job implements Terms {
  readonly operation = "update";
  readonly edit: Edit;
  readonly deadline: Deadline;
  readonly resolve: (record: SessionRecord) => void;
  readonly reject: (error: unknown) => void;
  /** On its way to the store: from here on a failure is of unknown outcome. */
  isSent = false;
  isSettled = false;

  constructor(
    edit: Edit,
    deadline: Deadline,
    resolve: (record: SessionRecord) => void,
    reject: (error: unknown) => void,
  ) {
    this.edit = edit;
    this.deadline = deadline;
    this.resolve = resolve;
    this.reject = reject;
  }

  get outcome(): StoreOutcome {
    return this.isSent ? "unknown" : "failed";
  }

  asError(error: unknown): unknown {
    return error;
  }
}

/**
 * Applies edits to records, in one line for each session of this process. What waits while a write
 * is under way goes out together in the next one, so fifty parallel requests cost a few writes.
 */
export class CommitQueue {
  readonly #parts: Parts;
  readonly #lines = new Map<SessionId, Line>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Resolves to the record as stored with the edit.
   *
   * @throws {@link SessionEndedError} if the session is gone, {@link StoreError} if the store
   * cannot answer, and whatever the edit itself throws.
   */
  commit(base: Base, edit: Edit, deadline: Deadline): Promise<SessionRecord> {
    const { id } = base.record;
    let line = this.#lines.get(id);
    if (line === undefined) {
      line = new Line(this.#parts, base, () => this.#lines.delete(id));
      this.#lines.set(id, line);
    }
    return line.add(edit, deadline);
  }
}

class Line {
  readonly #parts: Parts;
  readonly #onIdle: () => void;
  #base: Base;
  #waiting: Job[] = [];
  #waitingBytes = 0;
  #isRunning = false;

  constructor(parts: Parts, base: Base, onIdle: () => void) {
    this.#parts = parts;
    this.#base = base;
    this.#onIdle = onIdle;
  }

  add(edit: Edit, deadline: Deadline): Promise<SessionRecord> {
    const bytes = this.#waitingBytes + edit.bytes;
    if (this.#waiting.length >= MAX_WAITING || bytes > MAX_WAITING_BYTES) {
      const detail = "too many writes of this session are waiting";
      return Promise.reject(new StoreError("update", "failed", detail));
    }
    const { promise, resolve, reject } = Promise.withResolvers<SessionRecord>();
    const job = new Job(edit, deadline, resolve, reject);
    this.#waiting.push(job);
    this.#waitingBytes = bytes;
    if (!this.#isRunning) {
      // Alone in its batch, it has the batch's own deadline.
      void this.#run();
      return promise;
    }
    return deadline.guard(promise, job).finally(() => {
      job.isSettled = true;
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        for (let conflicts = 0; !(await this.#attempt(batch, conflicts)); conflicts += 1);
      } catch (error) {
        for (const job of batch) job.reject(error);
      }
    }
    this.#isRunning = false;
    this.#onIdle();
  }

  /** Resolves to whether every job of the batch has its answer. */
  async #attempt(batch: readonly Job[], conflicts: number): Promise<boolean> {
    const jobs = batch.filter((job) => !job.isSettled);
    const deadline = jobs.at(-1)?.deadline;
    if (deadline === undefined) return true;
    this.#refusePastAbsoluteEnd(deadline);
    const { record, accepted } = this.#compose(jobs, deadline);
    if (accepted.length === 0) return true;
    const outcome = await this.#write(record, accepted, deadline);
    switch (outcome.kind) {
      case "updated":
        this.#base = { record, isStored: true };
        for (const job of accepted) job.resolve(record);
        return true;
      case "conflict":
        this.#base = { record: outcome.current, isStored: true };
        for (const job of accepted) job.isSent = false;
        await this.#yieldTo(outcome.current, conflicts, deadline);
        return false;
      case "gone":
        throw this.#ended(deadline, outcome.tombstone?.reason);
      default:
        return outcome satisfies never;
    }
  }

  /** Applies each edit in turn. One that cannot be had fails alone. */
  #compose(
    jobs: readonly Job[],
    deadline: Deadline,
  ): { readonly record: SessionRecord; readonly accepted: readonly Job[] } {
    const { shape } = this.#parts;
    const base = this.#base.record;
    const accepted: Job[] = [];
    let content: Content = {
      document: shape.document(base.data),
      flash: parseFlash(base.flash),
      persistent: base.persistent,
    };
    let texts = { data: base.data, flash: base.flash };
    for (const job of jobs) {
      try {
        const edited = job.edit.apply(content);
        shape.view(edited.document);
        texts = this.#texts(edited);
        content = edited;
        accepted.push(job);
      } catch (error) {
        job.reject(error);
      }
    }
    return { record: this.#successor(content, texts, deadline), accepted };
  }

  #texts(content: Content): { readonly data: string; readonly flash: string } {
    const data = JSON.stringify(content.document);
    const flash = flashText(content.flash);
    const { maxDataBytes } = this.#parts;
    // A UTF-16 unit takes three bytes at the most, so small data need not be measured.
    if ((data.length + flash.length) * 3 > maxDataBytes) {
      const bytes = Buffer.byteLength(data) + Buffer.byteLength(flash);
      if (bytes > maxDataBytes) throw new DataTooLargeError(bytes, maxDataBytes);
    }
    return { data, flash };
  }

  #successor(
    { persistent }: Content,
    texts: Pick<SessionRecord, "data" | "flash">,
    { now }: Deadline,
  ): SessionRecord {
    const { record: base, isStored } = this.#base;
    const { policies, environment } = this.#parts;
    // The policy in force stays, whatever the options say by now, until the visitor's wish changes.
    const policy =
      persistent === base.persistent
        ? base
        : policyFor(policies, { persistent, userId: base.userId });
    const { idleTimeoutMs, absoluteTimeoutMs } = policy;
    const { createdAt } = base;
    const lastSeenAt = Math.max(base.lastSeenAt, now);
    return {
      ...base,
      ...texts,
      version: newCommitId(environment.random),
      earlier: isStored ? commitsBefore(base) : [],
      lastSeenAt,
      persistent,
      idleTimeoutMs,
      absoluteTimeoutMs,
      expiresAt: storeExpiryOf({ createdAt, lastSeenAt, idleTimeoutMs, absoluteTimeoutMs }),
    };
  }

  #write(record: SessionRecord, jobs: readonly Job[], deadline: Deadline): Promise<UpdateOutcome> {
    const { record: base, isStored } = this.#base;
    for (const job of jobs) job.isSent = true;
    return isStored
      ? this.#parts.keeper.update(record, base.version, deadline)
      : this.#create(record, deadline);
  }

  async #create(record: SessionRecord, deadline: Deadline): Promise<UpdateOutcome> {
    if ((await this.#parts.keeper.create(record, deadline)) === "taken") throw new IdTakenError();
    this.#parts.events.emit("created", this.#happening(deadline));
    return { kind: "updated" };
  }

  async #yieldTo(current: SessionRecord, conflicts: number, deadline: Deadline): Promise<void> {
    this.#parts.events.emit("conflict", this.#happening(deadline));
    if (deadline.remainingMs <= 0) {
      throw new StoreError("update", "failed", `newer writes of "${current.id}" kept winning`);
    }
    if (conflicts < CONFLICTS_BEFORE_PAUSE) return;
    const pauseMs = Math.random() * MAX_PAUSE_MS;
    await new Promise((resume) => setTimeout(resume, pauseMs));
  }

  /** The absolute end is hard: a request that began before it does not write past it. */
  #refusePastAbsoluteEnd(deadline: Deadline): void {
    if (deadline.now >= absoluteEndOf(this.#base.record)) throw this.#ended(deadline, "expired");
  }

  #ended(
    deadline: Deadline,
    reason: SessionEvents["lateWrite"]["reason"] = "unknown",
  ): SessionEndedError {
    const event = { ...this.#happening(deadline), attempt: "write", reason } as const;
    this.#parts.events.emit("lateWrite", event);
    return new SessionEndedError("store the session's changes");
  }

  #happening({ now }: Deadline): Pick<SessionEvents["created"], "at" | "id" | "userId"> {
    const { id, userId } = this.#base.record;
    return { at: now, id, userId };
  }
}
