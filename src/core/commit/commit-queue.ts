import { absoluteEndOf, type Policies, policyOnWish, storeExpiryOf } from "../clocks.ts";
import type { Deadline } from "../deadline.ts";
import { withoutDue } from "../due.ts";
import type { Environment } from "../environment.ts";
import { CookieTooLargeError, SessionEndedError, StoreError } from "../errors.ts";
import type { Events, SessionEvents } from "../events.ts";
import { IS_CLOUDFLARE } from "../platform.ts";
import { commitsBefore, type SessionRecord } from "../record.ts";
import type { Shape } from "../shape.ts";
import type { UpdateOutcome } from "../store.ts";
import { CommitIds, type SessionId } from "../token.ts";
import { Job } from "./commit-job.ts";
import { compose, type Written } from "./compose.ts";
import type { Edit } from "./edit.ts";
import type { Creation, Keeper } from "./keeper.ts";
import { type Shelved, Shelves } from "./shelves.ts";
import { Shown, type Stored } from "./shown.ts";

/** What edits build on: the newest record a request knows, or one that is not stored yet. */
export class Base {
  readonly record: SessionRecord;
  readonly isStored: boolean;
  /** What it holds, where that has been read already. */
  readonly stored: Stored | undefined;

  constructor(record: SessionRecord, isStored: boolean, stored?: Stored) {
    this.record = record;
    this.isStored = isStored;
    this.stored = stored;
  }
}

/** Something else stands under a fresh id: the source of randomness repeats itself. */
export class IdTakenError extends Error {}

/** Beyond this a session is under attack or its store is down; waiting longer helps nobody. */
const MAX_WAITING = 1_000;
const MAX_WAITING_BYTES = 8 * 1_024 * 1_024;
/** From here on, writers of several processes pause at random, so that each gets through. */
const CONFLICTS_BEFORE_PAUSE = 3;
const MAX_PAUSE_MS = 16;

/** What a write is made with. */
export interface CommitParts {
  readonly environment: Environment;
  readonly events: Events;
  readonly shape: Shape;
  readonly policies: Policies;
  readonly maxDataBytes: number;
}

/** And what every line of a queue has in common. */
interface LineParts extends CommitParts {
  readonly keeper: Keeper;
  readonly commitIds: CommitIds;
}

/** Takes edits of records. */
export interface Commits {
  /**
   * Resolves to the record as stored with the edit.
   *
   * @throws {@link SessionEndedError} if the session is gone, {@link StoreError} if the store
   * cannot answer, and whatever the edit itself throws.
   */
  commit(base: Base, edit: Edit, deadline: Deadline): Promise<SessionRecord>;
}

/**
 * Applies edits to records, in one line for each session of this process. What waits while a write
 * is under way goes out together in the next one, so fifty parallel requests cost a few writes.
 */
export class CommitQueue implements Commits {
  readonly #parts: LineParts;
  readonly #lines = new Shelves<Line>();

  constructor(keeper: Keeper, parts: CommitParts) {
    this.#parts = { ...parts, keeper, commitIds: new CommitIds(parts.environment.random) };
  }

  commit(base: Base, edit: Edit, deadline: Deadline): Promise<SessionRecord> {
    // There the work of a request ends with it, so that nobody may wait for another's: each writes
    // for itself, as if it were a process of its own.
    const lines = IS_CLOUDFLARE ? undefined : this.#lines;
    const line = lines?.find(base.record.id);
    if (line !== undefined) return line.wait(edit, deadline);
    const own = new Line(this.#parts, base, lines);
    lines?.add(own);
    return own.lead(edit, deadline);
  }
}

const DONE: Promise<void> = Promise.resolve();

function settleAll(jobs: readonly Job[], record?: SessionRecord, error?: unknown): undefined {
  for (const job of jobs) job.settle(record, error);
  return undefined;
}

/** What goes to the store in one write. A class: docs/decisions/0060. */
class Attempt {
  readonly record: SessionRecord;
  readonly written: Written;
  readonly accepted: readonly Job[];
  readonly deadline: Deadline;

  constructor(
    record: SessionRecord,
    written: Written,
    accepted: readonly Job[],
    deadline: Deadline,
  ) {
    this.record = record;
    this.written = written;
    this.accepted = accepted;
    this.deadline = deadline;
  }
}

class Line implements Shelved<Line> {
  readonly id: SessionId;
  previous: Line | undefined;
  next: Line | undefined;
  readonly #parts: LineParts;
  /** Where it stands as long as it is not idle. */
  readonly #lines: Shelves<Line> | undefined;
  #base: Base;
  #waiting: Job[] = [];
  #waitingBytes = 0;

  constructor(parts: LineParts, base: Base, lines: Shelves<Line> | undefined) {
    this.#parts = parts;
    this.id = base.record.id;
    this.#base = base;
    this.#lines = lines;
  }

  /** The first in line goes at once, and alone. */
  lead(edit: Edit, deadline: Deadline): Promise<SessionRecord> {
    const job = new Job(edit, deadline);
    return this.#commitTogether([job]).then(() => {
      if (this.#waiting.length === 0) this.#leave();
      else void this.#serveWaiting();
      return job.result();
    });
  }

  /** The others go together, once it is back. */
  wait(edit: Edit, deadline: Deadline): Promise<SessionRecord> {
    const bytes = this.#waitingBytes + edit.bytes;
    if (this.#waiting.length >= MAX_WAITING || bytes > MAX_WAITING_BYTES) {
      const detail = "too many writes of this session are waiting";
      return Promise.reject(new StoreError("update", "failed", detail));
    }
    const job = new Job(edit, deadline);
    this.#waiting.push(job);
    this.#waitingBytes = bytes;
    const settled = new Promise<void>((resolve) => {
      job.onSettled = resolve;
    });
    return deadline.guard(() => settled, job).then(() => job.result());
  }

  async #serveWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      await this.#commitTogether(batch);
      // A store in this process answers without giving anybody else a turn.
      if (this.#waiting.length > 0) await new Promise((resume) => setImmediate(resume));
    }
    this.#leave();
  }

  #leave(): void {
    this.#lines?.remove(this);
  }

  /**
   * Goes on until every job has its answer, or waits once more as there was no time for it. After a
   * conflict the same edits go to the newest record: docs/decisions/0003. Does not reject.
   */
  #commitTogether(jobs: readonly Job[], conflicts = 0): Promise<void> {
    try {
      const attempt = this.#compose(jobs);
      if (attempt === undefined) return DONE;
      return this.#write(attempt).then(
        (outcome) => this.#answered(attempt, outcome, conflicts),
        (error: unknown) => this.#refused(attempt.accepted, error, conflicts),
      );
    } catch (error) {
      return this.#refused(jobs, error, conflicts) ?? DONE;
    }
  }

  /** Takes the store's answer. A conflict makes the next attempt build on the newest record. */
  #answered(
    attempt: Attempt,
    outcome: UpdateOutcome | Creation,
    conflicts: number,
  ): Promise<void> | undefined {
    if (typeof outcome === "string") return this.#created(attempt, outcome);
    const { accepted, deadline } = attempt;
    switch (outcome.kind) {
      case "updated":
        return this.#stored(attempt);
      case "conflict":
        this.#base = new Base(outcome.current, true);
        for (const job of accepted) job.isSent = false;
        return this.#yieldTo(conflicts, deadline).then(
          () => this.#commitTogether(accepted, conflicts + 1),
          (error: unknown) => settleAll(accepted, undefined, error),
        );
      case "gone":
        return settleAll(accepted, undefined, this.#ended(deadline, outcome.tombstone?.reason));
      default:
        return outcome satisfies never;
    }
  }

  #created(attempt: Attempt, outcome: Creation): undefined {
    if (outcome === "taken") return settleAll(attempt.accepted, undefined, new IdTakenError());
    this.#parts.events.emit("created", this.#happening(attempt.deadline));
    return this.#stored(attempt);
  }

  #stored({ record, written, accepted }: Attempt): undefined {
    const stored = new Shown(this.#parts.shape, record, written);
    this.#base = new Base(record, true, stored);
    return settleAll(accepted, record);
  }

  #refused(jobs: readonly Job[], error: unknown, conflicts: number): Promise<void> | undefined {
    if (this.#isLightenedFor(error)) return this.#commitTogether(jobs, conflicts);
    return settleAll(jobs, undefined, error);
  }

  /** Where a cookie is too small, half of the messages that wait from earlier go, oldest first. */
  #isLightenedFor(error: unknown): boolean {
    const { record, isStored, stored = new Shown(this.#parts.shape, record) } = this.#base;
    if (!(error instanceof CookieTooLargeError) || stored.flash.length === 0) return false;
    const flash = stored.flash.slice(Math.ceil(stored.flash.length / 2));
    const { document, view, dueTimes } = stored;
    const lighter: Stored = { document, view, flash, dueTimes };
    this.#base = new Base(record, isStored, lighter);
    return true;
  }

  #waitAgain(jobs: readonly Job[]): void {
    if (jobs.length === 0) return;
    this.#waiting = [...jobs, ...this.#waiting];
    for (const { edit } of jobs) this.#waitingBytes += edit.bytes;
  }

  /**
   * Applies each edit in turn to the newest record; `undefined` where none is left to commit. One
   * that cannot be had fails alone, and what has run out of time is not sent any more: its error
   * said so.
   */
  #compose(batch: readonly Job[]): Attempt | undefined {
    const jobs = batch.filter((job) => !job.isSettled);
    const latest = jobs.at(-1)?.deadline;
    if (latest === undefined) return undefined;
    this.#refusePastAbsoluteEnd(latest);
    this.#dropDue(latest);
    const { shape, maxDataBytes } = this.#parts;
    const { record, stored = new Shown(shape, record) } = this.#base;
    const { written, accepted, rest } = compose({ record, stored, shape, maxDataBytes }, jobs);
    this.#waitAgain(rest);
    const deadline = accepted.at(-1)?.deadline;
    if (written === undefined || deadline === undefined) return undefined;
    return new Attempt(this.#successor(written, deadline), written, accepted, deadline);
  }

  /** What is due is gone for the edits, and from the store with them. */
  #dropDue({ now }: Deadline): void {
    const { record, isStored, stored } = this.#base;
    const rest = withoutDue(record, now);
    if (rest === record) return;
    const shown = new Shown(this.#parts.shape, rest, stored && { flash: stored.flash });
    this.#base = new Base(rest, isStored, shown);
  }

  #successor({ persistent, notes, data, flashText }: Written, { now }: Deadline): SessionRecord {
    const { record: base, isStored } = this.#base;
    const { policies, commitIds } = this.#parts;
    // The policy in force stays, whatever the options say by now, until the visitor's wish changes.
    const isAsWished = persistent === base.persistent;
    const policy = isAsWished ? base : policyOnWish(policies, base, persistent, now);
    const { idleTimeoutMs, absoluteTimeoutMs } = policy;
    const { createdAt } = base;
    const lastSeenAt = Math.max(base.lastSeenAt, now);
    return {
      ...base,
      data,
      flash: flashText,
      notes,
      version: commitIds.next(),
      earlier: isStored ? commitsBefore(base) : "",
      lastSeenAt,
      persistent,
      idleTimeoutMs,
      absoluteTimeoutMs,
      expiresAt: storeExpiryOf({ createdAt, lastSeenAt, idleTimeoutMs, absoluteTimeoutMs }),
    };
  }

  #write({ record, accepted, deadline }: Attempt): Promise<UpdateOutcome | Creation> {
    const { record: base, isStored } = this.#base;
    const { keeper } = this.#parts;
    for (const job of accepted) job.isSent = true;
    return isStored
      ? keeper.update(record, base.version, deadline)
      : keeper.create(record, deadline);
  }

  async #yieldTo(conflicts: number, deadline: Deadline): Promise<void> {
    this.#parts.events.emit("conflict", this.#happening(deadline));
    if (deadline.remainingMs <= 0) {
      const { id } = this.#base.record;
      throw new StoreError("update", "failed", `newer writes of "${id}" kept winning`);
    }
    if (conflicts < CONFLICTS_BEFORE_PAUSE) return;
    const [byte = 0] = this.#parts.environment.random(1);
    const pauseMs = (byte / 256) * MAX_PAUSE_MS;
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
