import { isTouchDue } from "../clocks.ts";
import type { Gathered } from "../commit/edit.ts";
import type { Deadline } from "../deadline.ts";
import { type Engine, engineOn, keychainFor } from "../engine.ts";
import { type CrossSiteError, HeadersSentError, PrefetchError } from "../errors.ts";
import { type Exchange, isPrefetch, type RequestHead } from "../exchange.ts";
import { forgetPage } from "../failed-page.ts";
import type { Passage } from "../passage.ts";
import type { EpochMs } from "../record.ts";
import type { ErrorContext } from "../report.ts";
import type { Session } from "../session.ts";
import { arrivalOf, type Live } from "./arrival.ts";
import { Beside } from "./beside.ts";
import { Door, LATE_ARRIVAL_MS } from "./door.ts";
import type { Changes } from "./draft.ts";
import { Failures } from "./failures.ts";
import { cookieOf, writeFarewell } from "./farewell.ts";
import { foreignRefusal } from "./foreign.ts";
import { type Change, CONSEQUENCES, type Outcome, outcomeOf } from "./outcome.ts";
import { isRenewalDue, renewed } from "./renewal.ts";
import { requireOwnName } from "./same-name.ts";
import { SessionObject } from "./session-object.ts";
import { type ReplyPhase, SessionState } from "./session-state.ts";

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
export class Visit {
  /** Who keeps the response closed to everybody else while it waits. */
  holder: Holder | undefined;
  /** Whether what is being made now is kept for everybody, where a framework keeps answers. */
  isForEverybody: (() => boolean) | undefined;
  /** Whether it is proved otherwise that the visitor means this request, whoever's page has sent it. */
  isMeant = false;
  readonly #engine: Engine;
  readonly #exchange: Exchange;
  readonly #onOpen: ((visit: Visit) => void) | undefined;
  /** The request as the framework has it. */
  readonly #subject: object;
  readonly #arrivedAt: EpochMs;
  #failuresMet: Failures | undefined;
  #foreign: CrossSiteError | undefined;
  #opening: Promise<Session<object>> | undefined;
  /** Both are there once the session is open. */
  #passage: Passage | undefined;
  #state: SessionState | undefined;
  /** The application's own cookies, once one is asked for. */
  #beside: Beside | undefined;
  #phase: ReplyPhase = "open";
  /** Whether the response tells that nothing is stored. */
  #isFailure = false;
  #isMisplaced = false;
  #isKnown = false;
  #openDoor: Door | undefined;
  /** What the request has brought, where its session was given a new token on the way. */
  #cameAs: Live | undefined;
  /** What is being stored of the changes after the first byte. It does not reject. */
  #keeping: Promise<void> | undefined;
  /** Whether the reader has left: no end of the response may come that stores what changes now. */
  #hasLeft = false;
  #isKeepingSoon = false;
  /** Whether the response was out of our hands before anybody asked for the session. */
  #isLate = false;

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

  /**
   * Whether the request asked for its session, or for a cookie beside it. If not, the response is none
   * of our business.
   */
  get isOpened(): boolean {
    return this.#opening !== undefined || this.#beside !== undefined;
  }

  /** The application's own cookies. From here on the response matters, as from the first `open`. */
  get beside(): Beside {
    if (this.#beside !== undefined) return this.#beside;
    if (this.#phase !== "ended") this.#begin();
    this.#beside = new Beside(this.#exchange);
    return this.#beside;
  }

  get request(): RequestHead {
    return this.#exchange.request;
  }

  /** Whether a cookie waits for the response: of a transition that is completed already. */
  get hasCookie(): boolean {
    return this.#state !== undefined && cookieOf(this.#state) !== "keep";
  }

  /** What the application was told of last that failed; its framework may have answered for it. */
  get failure(): unknown {
    return this.#failuresMet?.lastTold;
  }

  /** How far the response is. */
  get phase(): ReplyPhase {
    return this.#phase;
  }

  /** The session: loaded at the first call, the same one at each further call. */
  open(isFresh = false, crossSite?: "refuse" | "allow"): Promise<Session<object>> {
    const refusal = this.#refusal(crossSite);
    if (refusal !== undefined) return unawaited(Promise.reject(this.failed(refusal)));
    if (this.#opening !== undefined) {
      return isFresh ? this.#refreshed(this.#opening) : this.#opening;
    }
    if (this.#phase === "ended") this.outlive();
    try {
      this.#begin();
    } catch (error) {
      return unawaited(Promise.reject(this.failed(error)));
    }
    this.#opening = this.#load(isFresh);
    return this.#opening;
  }

  /** What the request has changed so far; `undefined` where its session is not open. */
  changes(): Changes | undefined {
    return this.#state?.changes();
  }

  /** As {@link Failures.startDeadline}. */
  startDeadline(): Deadline {
    return this.#failures.startDeadline();
  }

  /** Notes a failure that the application is told of, and gives it back. */
  failed(error: unknown): unknown {
    return this.#failures.told(error);
  }

  /** As {@link Failures.report}. */
  report(error: unknown, outcome: ErrorContext["outcome"], isPrinted = false): void {
    this.#failures.report(error, outcome, isPrinted);
  }

  /** As {@link Failures.reportAnswered}. */
  reportAnswered(): void {
    this.#failuresMet?.reportAnswered();
  }

  /** The first byte was out before the session was opened: what needs a cookie comes too late. */
  headersSent(): void {
    if (this.#phase === "open") this.#enter("headersSent");
  }

  /**
   * The response is out, and only now the session is asked for: it can be read, and what changes is
   * stored by itself, as long as no cookie has to go.
   */
  outlive(): void {
    this.#isLate = true;
    this.#hasLeft = true;
  }

  /** The response is out of the adapter's hands: what is not committed now never will be. */
  end(): void {
    this.#enter("ended");
  }

  /**
   * Stores what was gathered and writes the response's headers. After a rejection nothing of it
   * will be stored, and the adapter answers with the error's status instead.
   */
  beforeHeaders(status: number): Promise<void> | undefined {
    if (status >= 500) {
      this.#beside?.drop();
      this.reportAnswered();
    }
    if (this.#opening === undefined) return this.#leaveUnopened(status);
    const state = this.#state;
    if (state === undefined) return this.#afterOpening(status);
    const busy = state.whenIdle();
    if (busy !== undefined) return busy.then(() => this.beforeHeaders(status));
    this.#isFailure = isFailure(status, state);
    if (this.#isFailure) this.#drop(state);
    // A transition would change what the headers say of the cookie, behind the commit's back.
    const next = this.#phase === "open" ? "closing" : undefined;
    const kept = this.#keep(state, next, status);
    if (kept === undefined) this.#finishHeaders(status);
    return kept;
  }

  /** Stores what changed after the first byte. After a rejection the response must be cut. */
  beforeEnd(): Promise<void> | undefined {
    // What is changed from here on would not be stored any more, so it is refused.
    return this.#keepRest("ended");
  }

  /**
   * Stores what changed until now, for a reader who has left. The handler may go on, and what it
   * changes then is stored before its response ends.
   */
  afterLeaving(): Promise<void> | undefined {
    this.#hasLeft = true;
    if (this.#state !== undefined) this.#state.onChange = () => this.#keepSoon();
    return this.#keepRest();
  }

  /**
   * Stores what changed until now, for a reader who has left before the answer, which may never come. If it
   * does, it waits for this and goes on from there. Does not reject.
   */
  async keepUnanswered(): Promise<void> {
    const state = this.#state;
    if (state === undefined) return;
    // Whoever has begun something hears by itself of its failure.
    for (let busy = state.whenIdle(); busy !== undefined; busy = state.whenIdle()) {
      await busy.catch(ignored);
    }
    if (this.#phase !== "open") return;
    try {
      await this.#keep(state, undefined);
    } catch (error) {
      this.report(error, "left");
    }
  }

  /** Before anything counts as opened: after a throw, whoever asks next tries to hold it again. */
  #begin(): void {
    if (!this.isOpened) this.#onOpen?.(this);
  }

  get #failures(): Failures {
    this.#failuresMet ??= new Failures(this.#engine, this.request);
    return this.#failuresMet;
  }

  get #door(): Door {
    this.#openDoor ??= new Door(this.#engine, this.request, this.#arrivedAt, () => this.#mayAct());
    return this.#openDoor;
  }

  /** Whether the session may be changed before the application asks for it. */
  #mayAct(): boolean {
    return this.#phase === "open" && !isPrefetch(this.request);
  }

  #enter(phase: ReplyPhase): void {
    this.#phase = phase;
    if (this.#state !== undefined) this.#state.phase = phase;
  }

  /** Why this caller gets no session. Another one of the same request may know who has sent it. */
  #refusal(crossSite: "refuse" | "allow" | undefined): CrossSiteError | undefined {
    const { isAllowed } = this.#engine.crossSite;
    if (this.isMeant || (crossSite === undefined ? isAllowed : crossSite === "allow"))
      return undefined;
    this.#foreign ??= foreignRefusal(this.#engine, this.request);
    return this.#foreign;
  }

  #load(isFresh: boolean): Promise<Session<object>> {
    try {
      requireOwnName(this.#subject, this.#engine);
      const passage = this.#engine.carrier.arrive(this.#exchange, this.#engine.home, isFresh);
      const engine = engineOn(this.#engine, passage);
      const now = engine.environment.now();
      this.#failures.keychain = keychainFor(engine, passage);
      const state = new SessionState(engine, passage, this.#failures, now);
      for (const reason of passage.rejected) this.#door.rejected(reason);
      const { presented, rejected, untried = 0 } = passage;
      if (presented.length === 0 && passage.inheritance === undefined) {
        if (rejected.includes("duplicate")) state.meetStray();
        return Promise.resolve(this.#opened(engine, passage, state));
      }
      const deadline = this.#failures.startDeadline(now);
      const arrival = arrivalOf(engine, passage, deadline, this.#door, this.request);
      const renewing = engine.protections?.tokens && this.#renewing(engine, passage, deadline);
      return unawaited(
        (renewing === undefined ? arrival : arrival.then(renewing)).then(
          (live) => {
            this.#take(live, state, untried > 0);
            return this.#opened(engine, passage, state);
          },
          (error: unknown) => {
            throw this.failed(error);
          },
        ),
      );
    } catch (error) {
      return unawaited(Promise.reject(this.failed(error)));
    }
  }

  /** Gives a session a new token on the way, where that is due. */
  #renewing(
    engine: Engine,
    passage: Passage,
    deadline: Deadline,
  ): (live: Live | undefined) => Promise<Live | undefined> {
    const canAct = (): boolean => this.#mayAct() && passage.obstacle === undefined;
    return async (live) => {
      if (live === undefined || !isRenewalDue(engine, live, deadline)) return live;
      if (!canAct()) return live.by === "own" ? live : undefined;
      const next = await renewed(engine, passage, live, deadline, this.request);
      if (next === undefined) return this.#followed(engine, passage, deadline);
      if (next !== live) this.#cameAs = live;
      return next;
    };
  }

  /** A parallel request was first: this one goes on with what it has made of the session. */
  async #followed(engine: Engine, passage: Passage, deadline: Deadline): Promise<Live | undefined> {
    const live = await arrivalOf(engine, passage, deadline, this.#door, this.request);
    return live?.by === "lost" ? undefined : live;
  }

  #opened(engine: Engine, passage: Passage, state: SessionState): Session<object> {
    this.#isKnown = state.condition !== "new";
    state.phase = this.#isLate ? "headersSent" : this.#phase;
    if (this.#hasLeft) state.onChange = () => this.#keepSoon();
    this.#passage = passage;
    this.#state = state;
    // No end of a response comes that would note the visit.
    if (this.#isLate) this.#keepSoon();
    return new SessionObject(engine, state);
  }

  #take(live: Live | undefined, state: SessionState, isCrowded: boolean): void {
    this.#isMisplaced = live?.isMisplaced === true;
    if (live?.isLocked === true) state.lock(live);
    else if (live !== undefined) state.resume(live, this.#cameAs);
    else if (this.#door.lately !== undefined) state.detach(this.#door.lately);
    // More than a browser gathers by itself, ours among them or not: all of them go.
    else if (isCrowded) state.meetStray();
    if (live === undefined && isCrowded) this.#door.rejected("duplicate");
  }

  /** What was opened by a copy is compared with the store; what comes from there stays. */
  async #refreshed(opening: Promise<Session<object>>): Promise<Session<object>> {
    const session = await opening;
    const state = this.#state;
    if (state?.isOfCopies !== true) return session;
    const id = state.record?.id;
    const reason = await state.turns.take(() => state.refresh(this.#failures.startDeadline()));
    if (reason !== undefined) this.#door.rejected(reason, id);
    return session;
  }

  /** The handler answers before its `open` has come back: the answer waits for it. */
  async #afterOpening(status: number): Promise<void> {
    await this.#opening?.catch(() => undefined);
    if (this.#state !== undefined) return this.beforeHeaders(status);
    if (status >= 500) this.reportAnswered();
    // Nobody may have waited for the session.
    else this.#failures.reportUnawaited();
    this.#enter("headersSent");
    this.holder?.unlock();
    this.#beside?.leave(this.#engine.cacheControl);
    this.#forgetPage(status);
    this.holder?.lock();
  }

  /** The response of a request that has not asked for its session. */
  #leaveUnopened(status: number): undefined {
    if (this.#phase !== "open") return;
    this.#enter("headersSent");
    this.#beside?.leave(this.#engine.cacheControl);
    this.#forgetPage(status);
  }

  #finishHeaders(status: number): void {
    const state = this.#state;
    const passage = this.#passage;
    const isToCome = this.#phase === "open" || this.#phase === "closing";
    if (!isToCome || state === undefined || passage === undefined) return;
    this.#enter("headersSent");
    this.holder?.unlock();
    writeFarewell(this.#engine, this.#exchange, passage, state, this.#isMisplaced);
    this.#beside?.leave(this.#engine.cacheControl);
    this.#forgetPage(status);
    this.holder?.lock();
  }

  /** The answer to a failure carries nothing of the page that met it. */
  #forgetPage(status: number): void {
    if (this.#failuresMet?.isTold !== true || status < 400) return;
    const { reply } = this.#exchange;
    forgetPage(reply);
    this.#failuresMet.leave(reply);
  }

  /** The last words of a stream, for one: a generator may wait before it says them. */
  #keepSoon(): void {
    if (this.#isKeepingSoon) return;
    this.#isKeepingSoon = true;
    // With what else is changed in one go.
    queueMicrotask(() => {
      this.#isKeepingSoon = false;
      this.#keepRest()?.catch((error: unknown) => this.report(error, "left"));
    });
  }

  #keepRest(next?: ReplyPhase): Promise<void> | undefined {
    const state = this.#state;
    if (state === undefined) return undefined;
    const busy = this.#keeping ?? state.whenIdle();
    if (busy !== undefined) {
      const goOn = (): Promise<void> | undefined => this.#keepRest(next);
      if (next !== undefined) return busy.then(goOn);
      // What fails beside it is told of, and takes nothing else along: no answer could tell of that.
      return busy.catch((error: unknown) => this.report(error, "left")).then(goOn);
    }
    if (this.#isFailure) this.#drop(state);
    const kept = this.#keep(state, next);
    if (kept === undefined) return undefined;
    const done = (): void => {
      this.#keeping = undefined;
    };
    this.#keeping = kept.then(done, done);
    return kept;
  }

  /**
   * Sees to it that what is still to be kept is kept; `undefined` where nothing is.
   *
   * @param next - How far the response is from then on.
   * @param status - That of headers which wait for it.
   */
  #keep(
    state: SessionState,
    next: ReplyPhase | undefined,
    status?: number,
  ): Promise<void> | undefined {
    let gathered: Gathered | undefined;
    try {
      gathered = state.gathered();
    } catch (error) {
      // A value changed in place can no longer be kept.
      if (next !== undefined) this.#enter(next);
      return this.#giveUp(state, error);
    }
    const change = this.#changeOf(state, gathered, status === undefined && !this.#isLate);
    const isReachable = change === "none" || state.condition !== "new" || !state.obstacle;
    const outcome = outcomeOf(state.condition, change, isReachable);
    if (outcome === "unreachable") state.draft.drop();
    if (CONSEQUENCES[outcome].store === "nothing") return undefined;
    if (next !== undefined) this.#enter(next);
    return this.#carryOut(state, outcome, gathered, status);
  }

  #changeOf(state: SessionState, gathered: Gathered | undefined, isRest: boolean): Change {
    if (gathered !== undefined) return "data";
    const { record } = state;
    if (record === undefined || isRest) return "none";
    const { now } = this.#engine.environment;
    const hasEdits = state.hasEdits || this.#isTokenDoubtful(state, now());
    if (!hasEdits && !isTouchDue(record, now())) return "none";
    if (!this.#failures.hasTimeLeft || state.isPrefetch) return "none";
    return hasEdits ? "notes" : "seen";
  }

  /**
   * Whether the browser, which waits for its new token, may have been given a newer one meanwhile: the
   * commit tells, and then this one must not take its place.
   */
  #isTokenDoubtful({ isCurrent }: SessionState, now: EpochMs): boolean {
    if (isCurrent || this.#engine.protections?.tokens === undefined) return false;
    // Requests with the old token go on under the new one, or later under another one.
    return this.#cameAs !== undefined || now - this.#arrivedAt >= LATE_ARRIVAL_MS;
  }

  #carryOut(
    state: SessionState,
    outcome: Outcome,
    gathered: Gathered | undefined,
    status: number | undefined,
  ): Promise<void> {
    return this.#stored(state, outcome, gathered, status === undefined).then(
      () => {
        if (status !== undefined) this.#finishHeaders(status);
      },
      (error: unknown) => this.#giveUp(state, error),
    );
  }

  #stored(
    state: SessionState,
    outcome: Outcome,
    gathered: Gathered | undefined,
    isRest: boolean,
  ): Promise<void> {
    const deadline = this.#failures.startDeadline();
    switch (CONSEQUENCES[outcome].store) {
      case "touch":
        return state.touch(deadline, this.#arrivedAt);
      case "note":
        return state.commitEdits(deadline);
      default: {
        if (gathered === undefined) return Promise.resolve();
        // A value changed in place is found only now: `set` would have refused it at once.
        const refusal = refusalInPlace(state, isRest);
        if (refusal !== undefined) return Promise.reject(refusal);
        // What begins meanwhile would store it once more, over what others have stored since.
        return state.turns.take(() => state.commit(gathered, deadline));
      }
    }
  }

  /** Nothing of what was gathered is stored or sent. */
  #drop(state: SessionState): void {
    state.draft.drop();
    this.#beside?.drop();
  }

  /** An answer to the failure follows, with headers of its own. */
  async #giveUp(state: SessionState, error: unknown): Promise<never> {
    this.#drop(state);
    if (this.#phase === "closing") this.#enter("open");
    throw this.failed(error);
  }
}

/** Who awaits it later still hears of a failure; that nobody does yet must not end the process. */
function unawaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignored);
  return promise;
}

const ignored = (): void => undefined;

/** Whether the response tells that nothing was stored: an error, or 409 for an ended session. */
function isFailure(status: number, { condition }: SessionState): boolean {
  return status >= 500 || (status === 409 && condition === "detached");
}

/** Why a value changed in place cannot be stored any more. */
function refusalInPlace(state: SessionState, isRest: boolean): Error | undefined {
  const attempt = "change a value in place";
  if (state.isPrefetch) return new PrefetchError(attempt);
  return isRest && state.isTooLate ? new HeadersSentError(attempt) : undefined;
}
