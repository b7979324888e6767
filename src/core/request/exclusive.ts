import type { Edit } from "../commit/edit.ts";
import {
  type Claim,
  completed,
  failed,
  intending,
  LeaseClaim,
  LeaseEdit,
  NotFreeError,
} from "../commit/lease-edits.ts";
import type { Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import { ExclusiveError, OptionsError, SessionEndedError } from "../errors.ts";
import { encode, isStorable, type JsonValue } from "../json.ts";
import { type HolderId, isDoneSince, isFree, leaseIn } from "../leases.ts";
import { Bell, ringBell } from "../lifecycle/bell.ts";
import type { Done, LeaseLine } from "../lifecycle/lease-lines.ts";
import type { SessionRecord } from "../record.ts";
import type { ExclusiveSession, Lease } from "../session.ts";
import { type CommitId, newCommitId, type SessionId } from "../token.ts";
import type { Changes } from "./draft.ts";
import { ExclusiveObject } from "./exclusive-object.ts";
import type { ExclusiveTerms } from "./exclusive-terms.ts";
import { Hold } from "./hold.ts";
import type { SessionState } from "./session-state.ts";

export type Work<D extends object, T> = (session: ExclusiveSession<D>, lease: Lease) => Promise<T>;

/** Who waits looks at the store again after a pause of so long, or of up to twice that, at random. */
const PAUSE_MS = 20;
/** The same for who is told: it only may not have been. */
const PAUSE_OF_THE_TOLD_MS = 200;
/** Of a result that others are told, and of an intent. */
const MAX_NOTED_BYTES = 4_096;

interface Outcome<T> extends Done {
  readonly value: T;
}

/** One request's wish that a piece of work be done once: by itself, or by whoever is at it. */
export class Exclusive<D extends object, T> {
  readonly #engine: Engine;
  readonly #state: SessionState;
  readonly #terms: ExclusiveTerms;
  readonly #work: Work<D, T>;
  readonly #waitsUntil: number;
  /** What the request had changed as it asked for this. */
  readonly #before: Changes;
  /** The session that the work is for, and what of it this request knew: others go their own way. */
  #id: SessionId | undefined;
  readonly #version: CommitId | undefined;
  /** Who had been done last when this request read the session: what they did, it knows. */
  #seen: HolderId | undefined;
  #overdue: HolderId | undefined;

  constructor(engine: Engine, state: SessionState, terms: ExclusiveTerms, work: Work<D, T>) {
    this.#engine = engine;
    this.#state = state;
    this.#terms = terms;
    this.#work = work;
    if (state.writesNeedHeaders) throw inCookies();
    this.#waitsUntil = performance.now() + terms.waitMs;
    this.#before = state.changes();
    this.#id = state.record?.id;
    this.#version = state.record?.version;
    this.#seen = leaseIn(state.record?.notes, terms.name).done;
  }

  /** Resolves to what the work came to. */
  async result(): Promise<T> {
    const { leases, origin } = this.#engine;
    if (origin.store.profile.readYourWrites === "bounded") await this.#catchUp();
    const result = await leases.in(this.#state.id, this.#terms.name, (line) => this.#in(line));
    // Whoever looked whether there is anything to do has read what the work was to change.
    this.#state.draft.readAgain();
    return result;
  }

  /**
   * Where reads may be late, this request may have begun after what it does not know to be done: that
   * is not its result.
   */
  async #catchUp(): Promise<void> {
    if (this.#id === undefined) return;
    const { notes } = await this.#newest();
    this.#seen = leaseIn(notes, this.#terms.name).done;
  }

  async #in(line: LeaseLine): Promise<T> {
    const cameAt = line.moment();
    for (;;) {
      const { turn } = line;
      if (turn === undefined) return (await line.lead(() => this.#lead(line))).value;
      const told = await this.#waitFor(turn);
      // Who came while the answer was on its way may have read the session later than it shows it.
      const isNews = told !== undefined && told.askedAt > cameAt;
      const done = isNews ? this.#doneIn(told.record, told.askedAt) : undefined;
      if (done === undefined) continue;
      await this.#takeUp(done.record);
      return done.value;
    }
  }

  /** The one of this process who asks the store: takes the lease, or waits for whoever has it. */
  async #lead(line: LeaseLine): Promise<Outcome<T>> {
    for (;;) {
      const hold = await this.#claimed();
      if (hold !== undefined) return this.#hold(hold, line);
      const done = await this.#doneByAnother(line);
      if (done !== undefined) return done;
    }
  }

  /** Resolves to `undefined` where somebody else is at it, or has been. */
  #claimed(): Promise<Hold | undefined> {
    return this.#step(async (deadline) => {
      const { name, leaseMs, runAnyway } = this.#terms;
      const hold = new Hold(name, newCommitId(this.#engine.environment.random), leaseMs);
      const { holder } = hold;
      const overdue = this.#overdue;
      const claim: Claim = { name, holder, leaseMs, overdue, seen: this.#seen, runAnyway };
      try {
        const { id } = await this.#commit(new LeaseClaim(claim, deadline.now), deadline);
        this.#id = id;
        return hold;
      } catch (error) {
        if (error instanceof NotFreeError) return undefined;
        throw error;
      }
    });
  }

  /** Waits until the lease is free, or somebody else is done whose result there is. */
  async #doneByAnother(line: LeaseLine): Promise<Outcome<T> | undefined> {
    let bell: Bell | undefined;
    try {
      for (;;) {
        const askedAt = line.moment();
        const record = await this.#newest();
        const done = this.#doneIn(record, askedAt);
        if (done !== undefined || this.#isFree(record, line)) return done;
        const { holder } = leaseIn(record.notes, this.#terms.name);
        const isNewHolder = holder !== undefined && holder !== bell?.holder;
        if (isNewHolder && this.#engine.endings.announces) {
          bell?.takeDown();
          bell = new Bell(this.#engine, { id: record.id, holder });
        }
        await this.#pause(bell);
      }
    } finally {
      bell?.takeDown();
    }
  }

  /** What somebody else has done since this request read the session, if there is its result. */
  #doneIn(record: SessionRecord, askedAt: number): Outcome<T> | undefined {
    const { name, runAnyway } = this.#terms;
    const entry = leaseIn(record.notes, name);
    const now = this.#engine.environment.now();
    if (runAnyway || !isDoneSince(entry, this.#seen, now)) return undefined;
    const { result } = entry;
    if (result !== undefined) return { record, result, askedAt, value: copyOfResult(result) };
    this.#seen = entry.done;
    return undefined;
  }

  #isFree({ notes }: SessionRecord, line: LeaseLine): boolean {
    const entry = leaseIn(notes, this.#terms.name);
    this.#overdue = line.overdue(entry);
    return isFree(entry, this.#overdue, this.#engine.environment.now());
  }

  /** The session as it is in the store, which this request goes on with. */
  #newest(): Promise<SessionRecord> {
    return this.#step((deadline) => this.#load(deadline));
  }

  /** What somebody else has stored, unless this request has stored something itself meanwhile. */
  #takeUp(record: SessionRecord): Promise<unknown> {
    return this.#step(async (deadline) => {
      this.#refuseOther();
      const isNewer = this.#state.record?.version === this.#version;
      if (!isNewer || !this.#state.takeUp(record)) await this.#load(deadline);
    });
  }

  async #load(deadline: Deadline): Promise<SessionRecord> {
    this.#refuseOther();
    const stored = this.#id && (await this.#engine.origin.loadNewest(this.#id, deadline));
    if (stored?.kind === "live" && this.#state.takeUp(stored)) return stored;
    this.#state.detach();
    throw ended();
  }

  #commit(edit: Edit, deadline: Deadline): Promise<SessionRecord> {
    this.#refuseOther();
    return this.#state.commitEdit(edit, deadline);
  }

  /** The request may have gone on with another session meanwhile, where the work has no business. */
  #refuseOther(): void {
    if (this.#id !== undefined && this.#state.record?.id !== this.#id) throw ended();
  }

  async #hold(hold: Hold, line: LeaseLine): Promise<Outcome<T>> {
    const { record } = this.#state;
    if (record === undefined) throw ended();
    const session = new ExclusiveObject<D>(this.#engine, record, hold);
    try {
      const value = await hold.whileHeld(() => this.#work(session, this.#leaseOf(hold, record)));
      const edits = session.gathered();
      const result = shareable(value);
      const askedAt = line.moment();
      const done = await this.#step((deadline) => {
        const last = completed(deadline.now, result);
        return this.#commit(new LeaseEdit(hold, deadline.now, last, edits), deadline);
      });
      return { record: done, result, askedAt, value };
    } catch (error) {
      await this.#giveBack(hold);
      throw error === hold.loss ? this.#state.failures.told(error) : error;
    } finally {
      hold.end();
      // Nobody waits for that: it only wakes those who would look by themselves.
      void ringBell(this.#engine, { id: record.id, holder: hold.holder });
    }
  }

  #leaseOf(hold: Hold, record: SessionRecord): Lease {
    const { previous, intent } = leaseIn(record.notes, hold.name);
    const intend = async (next: JsonValue): Promise<void> => {
      const checked = checkedIntent(next);
      await this.#step((deadline) =>
        this.#commit(new LeaseEdit(hold, deadline.now, intending(checked)), deadline),
      );
    };
    return { signal: hold.signal, previous, intent, intend };
  }

  /** Lets the next one begin at once. Where that fails, the lease runs out. */
  #giveBack(hold: Hold): Promise<void> {
    const { turns, failures } = this.#state;
    return turns.take(async () => {
      const { draft } = this.#state;
      if (hold.isOver || this.#state.record?.id !== this.#id) return;
      const deadline = failures.startDeadline();
      const giving = this.#commit(new LeaseEdit(hold, deadline.now, failed), deadline);
      await giving.catch((error: unknown) => {
        // Whoever awaits the work hears of its own failure: nobody would be told of what is dropped with this.
        if (error instanceof SessionEndedError) this.#state.repeatLate(draft);
        // Its last commit has come through after all: only the answer was lost.
        const isGiven = error instanceof ExclusiveError;
        if (!isGiven) failures.report(error, "background");
      });
    });
  }

  /** What asks the store, as one of the request's transitions: between two of them others go on. */
  #step<Result>(work: (deadline: Deadline) => Promise<Result>): Promise<Result> {
    const { turns, failures } = this.#state;
    return turns.take(async () => {
      const { draft } = this.#state;
      try {
        return await work(failures.startDeadline());
      } catch (error) {
        if (error instanceof SessionEndedError) this.#state.repeatLate(draft, this.#before);
        throw failures.told(error);
      }
    });
  }

  async #waitFor<Result>(work: Promise<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const timer = setTimeout(() => reject(this.#busy()), this.#waitsUntil - performance.now());
    work.then(resolve, reject);
    return promise.finally(() => clearTimeout(timer));
  }

  async #pause(bell: Bell | undefined): Promise<void> {
    const leftMs = this.#waitsUntil - performance.now();
    if (leftMs <= 0) throw this.#busy();
    const [byte = 0] = this.#engine.environment.random(1);
    const usualMs = bell?.isHung === true ? PAUSE_OF_THE_TOLD_MS : PAUSE_MS;
    const pauseMs = Math.min(usualMs * (1 + byte / 256), leftMs);
    if (bell === undefined) await new Promise((resume) => setTimeout(resume, pauseMs));
    else await bell.rung(pauseMs);
  }

  #busy(): unknown {
    return this.#state.failures.told(new ExclusiveError("busy", this.#terms.name));
  }
}

/** A result as others are told of it; `undefined` for what has no JSON form, or is too long. */
function shareable(value: unknown): readonly JsonValue[] | undefined {
  if (value === undefined) return [];
  if (!isStorable(value)) return undefined;
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) > MAX_NOTED_BYTES ? undefined : [JSON.parse(text)];
}

/** A copy for each who is told. */
function copyOfResult<T>([value]: readonly JsonValue[]): T {
  const copy: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
  return copy as T;
}

function checkedIntent(intent: JsonValue): JsonValue {
  const text = encode(intent, "intent");
  if (Buffer.byteLength(text) <= MAX_NOTED_BYTES) return JSON.parse(text);
  throw new OptionsError("intend(intent)", `must be at most ${MAX_NOTED_BYTES} bytes as JSON.`);
}

function ended(): SessionEndedError {
  return new SessionEndedError("do exclusive work");
}

function inCookies(): OptionsError {
  return new OptionsError(
    "session.exclusive",
    "sessions in cookies lie in no store, where one request could wait for another. Keep them in " +
      'one: sqliteStore("sessions.db") from "sojourn/sqlite".',
  );
}
