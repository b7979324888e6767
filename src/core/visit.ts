import { betterOf, candidatesOf, isSameKind, type Live } from "./candidates.ts";
import { expiredBy, isTouchDue, storeExpiryOf } from "./clocks.ts";
import { type Budget, Deadline } from "./deadline.ts";
import type { Gathered } from "./edit.ts";
import { type Engine, engineFor } from "./engine.ts";
import { HeadersSentError, PrefetchError, SessionError, whenAnswered } from "./errors.ts";
import type { Rejection } from "./events.ts";
import { type Exchange, isPrefetch, type RequestHead } from "./exchange.ts";
import { forgetPage } from "./failed-page.ts";
import { endMissed, judge, type Verdict } from "./guards.ts";
import type { NoteEdit } from "./notes.ts";
import type { EpochMs, SessionRecord, Tombstone } from "./record.ts";
import { writeReply } from "./reply.ts";
import { type ErrorContext, pathOf } from "./report.ts";
import { requireOwnName } from "./same-name.ts";
import type { Session } from "./session.ts";
import { type ReplyPhase, type RequestState, SessionObject } from "./session-object.ts";
import { Stay } from "./stay.ts";
import { parseToken, type SessionId, type SessionToken, sessionId } from "./token.ts";

/**
 * How long after an end a request may still be on its way that was sent before it. Longer than any
 * network takes: whoever has no newer cookie can write nothing until then.
 */
const LATE_ARRIVAL_MS = 30_000;

/** One word for what a request did to its session: it decides what the store is asked. */
export type Change =
  | { readonly kind: "none" }
  | { readonly kind: "touched"; readonly record: SessionRecord }
  | { readonly kind: "written"; readonly gathered: Gathered }
  /** The library has something to note of the session, and nobody else to store it with. */
  | { readonly kind: "noted" }
  /** A value changed in place can no longer be kept. */
  | { readonly kind: "refused"; readonly error: unknown };

/** Keeps a response closed while it waits for its commit, but to the engine. */
export interface Holder {
  unlock(): void;
  lock(): void;
}

/**
 * One request and its session, from the first `open` to the last byte.
 *
 * An adapter calls `beforeHeaders` before the first byte and `beforeEnd` before the last, and
 * holds the response until what they return has resolved. `undefined` means: go on at once.
 */
export class Visit implements RequestState, Budget {
  #engine: Engine;
  readonly #exchange: Exchange;
  readonly #onOpen: ((visit: Visit) => void) | undefined;
  /** The request as the framework has it. */
  readonly #subject: object;
  /** Who keeps the response closed to everybody else while it waits. */
  holder: Holder | undefined;
  readonly #arrivedAt: EpochMs;
  #opening: Promise<Session<object>> | undefined;
  #stay: Stay | undefined;
  #phase: ReplyPhase = "open";
  #isPrefetch: boolean | undefined;
  #hasStaleCookies = false;
  #isMisplaced = false;
  #wasSignedIn = false;
  #isKnown = false;
  /** What failures of the store have left of the time that the request may wait for it. */
  #leftMs = Number.POSITIVE_INFINITY;
  /** What the application was told of last. */
  #failure: unknown;
  #reported: unknown;
  /** What is being stored of the changes after the first byte. It does not reject. */
  #keeping: Promise<void> | undefined;
  /** Whether the reader has left: no end of the response may come that stores what changes now. */
  #hasLeft = false;
  #isKeepingSoon = false;

  constructor(
    engine: Engine,
    exchange: Exchange,
    onOpen?: (visit: Visit) => void,
    subject: object = exchange,
  ) {
    this.#engine = engine;
    this.#exchange = exchange;
    this.#onOpen = onOpen;
    this.#subject = subject;
    this.#arrivedAt = engine.environment.now();
  }

  /** Whether it began with this exchange, whose adapter keeps its response then. */
  isOf(exchange: Exchange): boolean {
    return exchange === this.#exchange;
  }

  /** Whether the visitor came with a session that there is, or was. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether the request asked for its session. If not, the response is none of our business. */
  get isOpened(): boolean {
    return this.#opening !== undefined;
  }

  get request(): RequestHead {
    return this.#exchange.request;
  }

  get isPrefetch(): boolean {
    this.#isPrefetch ??= isPrefetch(this.request);
    return this.#isPrefetch;
  }

  /** Whether a cookie waits for the response: of a transition that is completed already. */
  get hasCookie(): boolean {
    return this.#stay !== undefined && this.#stay.cookie !== "none";
  }

  get obstacle(): string | undefined {
    return this.#engine.carrier.obstacle(this.request);
  }

  /** How far the response is. */
  get phase(): ReplyPhase {
    return this.#phase;
  }

  /** The session: loaded at the first call, the same one at each further call. */
  open(isFresh = false): Promise<Session<object>> {
    if (this.#opening !== undefined) return isFresh ? this.#refreshed() : this.#opening;
    if (this.#phase === "ended") return Promise.reject(new HeadersSentError("open the session"));
    this.#opening = this.#load(isFresh);
    // Who awaits it later still hears of a failure; that nobody does yet must not end the process.
    this.#opening.catch(ignored);
    this.#onOpen?.(this);
    return this.#opening;
  }

  /** A store that hangs costs the whole request `storeTimeout`, not each of its calls. */
  startDeadline(now: EpochMs = this.#engine.environment.now()): Deadline {
    return new Deadline(Math.min(this.#leftMs, this.#engine.storeTimeoutMs), now, this);
  }

  leave(ms: number): void {
    this.#leftMs = Math.min(this.#leftMs, ms);
  }

  changing(): void {
    if (this.#hasLeft && !this.#isKeepingSoon) this.#keepSoon();
  }

  /** Notes a failure that the application is told of, and gives it back. */
  failed(error: unknown): unknown {
    this.#failure = error;
    if (error instanceof SessionError) whenAnswered(error, () => this.report(error, "answered"));
    return error;
  }

  /**
   * Sees to it that a failure is heard of, once: whatever an adapter answers with a 5xx or cuts.
   *
   * @param isPrinted - Whether the framework prints it anyway. Then only `onError` is told.
   */
  report(error: unknown, outcome: ErrorContext["outcome"], isPrinted = false): void {
    // The session has ended meanwhile, which is news to the visitor and to nobody else.
    const isNews = error instanceof SessionError && error.status < 500 && outcome !== "cut";
    if (isNews || error === this.#reported) return;
    const { name, environment } = this.#engine;
    const { method, target } = this.request;
    const context = { name, method, path: pathOf(target), outcome };
    if (environment.report(error, context, isPrinted)) this.#reported = error;
  }

  /**
   * The application answers for a failure that it was told of, and prints what it likes of it. Of
   * several one is the answer's, which an adapter may have told of already.
   */
  reportAnswered(): void {
    if (this.#failure === undefined || this.#reported !== undefined) return;
    this.report(this.#failure, "answered", true);
  }

  /** The first byte was out before the session was opened: what needs a cookie comes too late. */
  headersSent(): void {
    if (this.#phase === "open") this.#phase = "headersSent";
  }

  /** The response is out of the adapter's hands: what is not committed now never will be. */
  end(): void {
    this.#phase = "ended";
  }

  /**
   * Stores what was gathered and writes the response's headers. After a rejection nothing of it
   * will be stored, and the adapter answers with the error's status instead.
   */
  beforeHeaders(status: number): Promise<void> | undefined {
    if (this.#opening === undefined) return undefined;
    if (status >= 500) this.reportAnswered();
    if (this.#stay === undefined) return this.#afterOpening(status);
    const busy = this.#stay.turns.whenIdle();
    if (busy !== undefined) return busy.then(() => this.beforeHeaders(status));
    if (isFailure(status, this.#stay)) this.#stay.draft.drop();
    const change = this.#decide(this.#stay);
    if (change.kind === "none") {
      this.#finishHeaders(status);
      return undefined;
    }
    // A transition would change what the headers say of the cookie, behind the commit's back.
    if (this.#phase === "open") this.#phase = "closing";
    return this.#carryOut(this.#stay, change, status);
  }

  /** Stores what changed after the first byte. After a rejection the response must be cut. */
  beforeEnd(): Promise<void> | undefined {
    return this.#keepRest(() => {
      // What is changed from here on would not be stored any more, so it is refused.
      this.#phase = "ended";
    });
  }

  /**
   * Stores what changed until now, for a reader who has left. The handler may go on, and what it
   * changes then is stored before its response ends.
   */
  afterLeaving(): Promise<void> | undefined {
    this.#hasLeft = true;
    return this.#keepRest();
  }

  /** The last words of a stream, for one: a generator may wait before it says them. */
  #keepSoon(): void {
    this.#isKeepingSoon = true;
    // With what else is changed in one go.
    queueMicrotask(() => {
      this.#isKeepingSoon = false;
      this.#keepRest()?.catch((error: unknown) => this.report(error, "left"));
    });
  }

  #keepRest(begin?: () => void): Promise<void> | undefined {
    const stay = this.#stay;
    if (stay === undefined) return undefined;
    const busy = this.#keeping ?? stay.turns.whenIdle();
    if (busy !== undefined) return busy.then(() => this.#keepRest(begin));
    const change = writtenBy(stay);
    if (change === undefined) return undefined;
    begin?.();
    const kept = this.#carryOut(stay, change);
    const done = (): void => {
      this.#keeping = undefined;
    };
    this.#keeping = kept.then(done, done);
    return kept;
  }

  /** The handler answers before its `open` has come back: the answer waits for it. */
  async #afterOpening(status: number): Promise<void> {
    await this.#opening?.catch(() => undefined);
    if (this.#stay !== undefined) return this.beforeHeaders(status);
    if (status >= 500) this.reportAnswered();
    // Nobody may have waited for the session.
    else this.report(this.#failure, "background");
    this.#phase = "headersSent";
    this.holder?.unlock();
    this.#forgetPage(status);
    this.holder?.lock();
  }

  #finishHeaders(status: number): void {
    const stay = this.#stay;
    const isToCome = this.#phase === "open" || this.#phase === "closing";
    if (!isToCome || stay === undefined) return;
    this.#phase = "headersSent";
    this.holder?.unlock();
    writeReply(this.#engine, this.#exchange, stay, {
      hasStaleCookies: this.#hasStaleCookies,
      isMisplaced: this.#isMisplaced,
      wasSignedIn: this.#wasSignedIn,
    });
    this.#forgetPage(status);
    this.holder?.lock();
  }

  /** The answer to a failure carries nothing of the page that met it. */
  #forgetPage(status: number): void {
    if (this.#failure !== undefined && status >= 400) forgetPage(this.#exchange.reply);
  }

  #decide(stay: Stay): Change {
    const written = writtenBy(stay);
    const { record } = stay;
    if (written !== undefined) {
      // A new session that no cookie leads to would be nobody's.
      const isLost = stay.condition === "new" && this.obstacle !== undefined;
      if (!isLost || written.kind === "refused") return written;
      stay.draft.drop();
      return { kind: "none" };
    }
    if (record === undefined || this.#leftMs <= 0 || this.isPrefetch) return { kind: "none" };
    if (stay.hasEdits) return { kind: "noted" };
    const isDue = isTouchDue(record, this.#engine.environment.now());
    return isDue ? { kind: "touched", record } : { kind: "none" };
  }

  async #carryOut(
    stay: Stay,
    change: Exclude<Change, { kind: "none" }>,
    status?: number,
  ): Promise<void> {
    try {
      switch (change.kind) {
        case "touched":
          await this.#touch(change.record, this.startDeadline());
          break;
        case "written":
          this.#checkInPlace(status !== undefined);
          await stay.commit(change.gathered, this.startDeadline());
          break;
        case "noted":
          // What cannot be noted now is found out by the next request.
          await stay
            .commitEdits(this.startDeadline())
            .catch((error: unknown) => this.report(error, "background"));
          break;
        case "refused":
          throw change.error;
        default:
          change satisfies never;
      }
    } catch (error) {
      stay.draft.drop();
      // An answer to the failure follows, with headers of its own.
      if (this.#phase === "closing") this.#phase = "open";
      throw this.failed(error);
    }
    if (status !== undefined) this.#finishHeaders(status);
  }

  /** A value changed in place is found only now: `set` would have refused it at once. */
  #checkInPlace(isBeforeHeaders: boolean): void {
    const attempt = "change a value in place";
    if (this.isPrefetch) throw new PrefetchError(attempt);
    if (!isBeforeHeaders && this.#engine.recordsIn === "cookie")
      throw new HeadersSentError(attempt);
  }

  /** A touch that cannot be had costs the visitor nothing but a tenth of the idle timeout. */
  async #touch(record: SessionRecord, deadline: Deadline): Promise<void> {
    const { keeper, events } = this.#engine;
    const { now } = deadline;
    const seen = { lastSeenAt: now, expiresAt: storeExpiryOf({ ...record, lastSeenAt: now }) };
    const isLive = await keeper.touch(record, seen, deadline).catch((error: unknown) => {
      this.report(error, "background");
      return true;
    });
    if (isLive) return this.#judgeLate(record, deadline);
    const { id, userId } = record;
    events.emit("lateWrite", { at: now, id, userId, attempt: "touch", reason: "unknown" });
  }

  /** Asks what `open` had no reason to ask, where a touch has become due while the request ran. */
  async #judgeLate(record: SessionRecord, deadline: Deadline): Promise<void> {
    if (isTouchDue(record, this.#arrivedAt)) return;
    const verdict = await judge(this.#engine, record, deadline);
    if (verdict?.kind === "ended") await endMissed(this.#engine, record, deadline);
  }

  /** What was opened by a copy is compared with the store; what comes from there stays. */
  async #refreshed(): Promise<Session<object>> {
    const session = await this.open();
    const stay = this.#stay;
    const { forRequest, recordsIn } = this.#engine;
    if (stay === undefined || forRequest === undefined || recordsIn === "cookie") return session;
    const id = stay.record?.id;
    const reason = await stay.turns.take(() => stay.refresh(this.startDeadline()));
    if (reason !== undefined) this.#reject(reason, id);
    return session;
  }

  async #load(isFresh: boolean): Promise<Session<object>> {
    try {
      requireOwnName(this.#subject, this.#engine);
      this.#engine = engineFor(this.#engine, this.#exchange, isFresh);
      const { environment, carrier } = this.#engine;
      const now = environment.now();
      const stay = new Stay(this.#engine, now);
      const { values, refused, hasSurplus } = carrier.read(this.request);
      if (refused !== undefined) this.#reject(refused);
      if (refused === "duplicate") stay.expireCookie();
      this.#hasStaleCookies = hasSurplus;
      if (values.length > 0) await this.#resume(stay, values, now);
      this.#wasSignedIn = stay.record?.userId !== undefined;
      this.#isKnown = stay.condition !== "new";
      this.#stay = stay;
      return new SessionObject(this.#engine, stay, this);
    } catch (error) {
      throw this.failed(error);
    }
  }

  /** Of several cookies all that may be the session's are looked up, and the best is taken up. */
  async #resume(stay: Stay, values: readonly string[], now: EpochMs): Promise<void> {
    const deadline = this.startDeadline(now);
    const tokens = this.#tokensIn(values);
    const candidates = candidatesOf(tokens);
    let best: Live | undefined;
    for (const token of candidates) {
      const found = await this.#live(stay, token, deadline);
      const better = betterOf(best, found);
      // What is expired elsewhere may be this very cookie; another's must not take its place.
      if (better !== best) this.#isMisplaced = true;
      else if (isSameKind(best, found)) this.#isMisplaced = false;
      best = better;
    }
    if (best !== undefined) stay.resume(best.token, best.record, best.reading, best.edits);
    // More than a browser gathers by itself, ours among them or not: all of them go.
    else if (candidates.length < tokens.length) {
      this.#reject("duplicate");
      stay.expireCookie();
    }
  }

  #tokensIn(values: readonly string[]): readonly SessionToken[] {
    const different = values.length > 1 ? [...new Set(values)] : values;
    const tokens = different.flatMap((value) => parseToken(value) ?? []);
    if (tokens.length < different.length) this.#reject("malformed");
    return tokens;
  }

  async #live(stay: Stay, token: SessionToken, deadline: Deadline): Promise<Live | undefined> {
    const { keeper, name, shape } = this.#engine;
    const id = sessionId(token, name);
    const stored = await keeper.load(id, deadline);
    if (stored === undefined || stored.id !== id) return this.#reject("unknown", id);
    if (stored.kind === "ended") return this.#meetTombstone(stay, stored);
    if (this.#isExpired(stored, deadline.now)) return this.#reject("expired", id);
    const verdict = judge(this.#engine, stored, deadline);
    const edits = verdict && (await this.#accepted(stored, await verdict, deadline));
    if (verdict !== undefined && edits === undefined) return undefined;
    const reading = shape.read(stored.data);
    if (typeof reading === "string") return this.#reject(reading, id);
    return { token, record: stored, reading, edits };
  }

  /** What is to be noted of a session; `undefined` if it is not to be opened. */
  async #accepted(
    record: SessionRecord,
    verdict: Verdict,
    deadline: Deadline,
  ): Promise<readonly NoteEdit[] | undefined> {
    if (verdict.kind === "accepted") return verdict.edits;
    if (verdict.kind === "ended") await endMissed(this.#engine, record, deadline);
    this.#reject(verdict.reason, record.id);
    return undefined;
  }

  /**
   * Where the browser was given a newer cookie, or none, the old token comes from a request that
   * was already on its way: its response must not disturb. A revoked one still has the old cookie,
   * and so has one that arrives later: the answer that would have replaced it was lost.
   */
  #meetTombstone(stay: Stay, { id, reason, endedAt }: Tombstone): undefined {
    if (reason === "revoked") return this.#reject("revoked", id);
    const isLate = this.#arrivedAt - endedAt < LATE_ARRIVAL_MS;
    if (isLate && stay.condition === "new") stay.detach({ id, reason });
    return this.#reject("ended", id);
  }

  #isExpired(record: SessionRecord, now: number): boolean {
    const timeout = expiredBy(record, now);
    if (timeout === undefined) return false;
    const { id, userId } = record;
    this.#engine.events.emit("expired", { at: now, id, userId, timeout });
    return true;
  }

  #reject(reason: Rejection, id?: SessionId): undefined {
    this.#engine.events.emit("rejected", { at: this.#engine.environment.now(), reason, id });
    return undefined;
  }
}

const ignored = (): void => undefined;

/** Whether the response tells that nothing was stored: an error, or 409 for an ended session. */
function isFailure(status: number, stay: Stay): boolean {
  return status >= 500 || (status === 409 && stay.condition === "detached");
}

function writtenBy(
  stay: Stay,
): Extract<Change, { readonly kind: "written" | "refused" }> | undefined {
  try {
    const gathered = stay.draft.gathered();
    return gathered === undefined ? undefined : { kind: "written", gathered };
  } catch (error) {
    return { kind: "refused", error };
  }
}
