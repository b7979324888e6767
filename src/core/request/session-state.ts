import { absoluteEndOf, expiredBy, isTouchDue, storeExpiryOf } from "../clocks.ts";
import { Base, IdTakenError } from "../commit/commit-queue.ts";
import { type Edit, type Gathered, gatheredEdit, NO_EDIT, notedEdit } from "../commit/edit.ts";
import { Shown } from "../commit/shown.ts";
import { UpdateEdit, type Updater } from "../commit/update-edit.ts";
import type { Deadline } from "../deadline.ts";
import { withoutDue } from "../due.ts";
import type { Engine, SigningIn, Verdict } from "../engine.ts";
import { SessionEndedError, SessionLockedError } from "../errors.ts";
import type { Rejection } from "../events.ts";
import { isPrefetch, type RequestHead } from "../exchange.ts";
import { hasLeases, withLeasesOf } from "../leases.ts";
import { currentGeneration } from "../lifecycle/admission.ts";
import { endRecord } from "../lifecycle/endings.ts";
import {
  anonymousFields,
  type Fields,
  provedIn,
  type SignIn,
  signedInFields,
} from "../lifecycle/new-record.ts";
import { type Continuation, confirmNewToken, continueUnder } from "../lifecycle/succession.ts";
import { type Issued, MAX_TOKENS, repeatingTokens, unstored } from "../lifecycle/transitions.ts";
import { editNotes, generationOf, type NoteEdit } from "../notes.ts";
import type { Identity, Passage } from "../passage.ts";
import type { EndReason, EpochMs, SessionRecord } from "../record.ts";
import type { Home } from "../records.ts";
import type { Live } from "./arrival.ts";
import { type Changes, type Concerning, Draft } from "./draft.ts";
import type { Failures } from "./failures.ts";
import { endMissed, judge, judgeWrite } from "./guards.ts";
import type { Condition, Holding } from "./outcome.ts";
import { Turns } from "./turns.ts";

/** What is told of a session that has ended. */
export interface Former {
  readonly id: string;
  readonly userId?: string | undefined;
  readonly reason?: EndReason | "expired";
}

const NO_EDITS: readonly NoteEdit[] = [];
const NO_CHANGES: Changes = {
  pending: new Map(),
  flashed: [],
  spared: undefined,
  persistent: undefined,
  label: undefined,
};

/**
 * How far the response is: with its headers goes the cookie, with its end every commit. `closing`
 * means that the headers wait for a commit, and that what they will say is settled.
 */
export type ReplyPhase = "open" | "closing" | "headersSent" | "ended";

/**
 * The state of one visitor's session within one request, and how it changes. The visit pushes into
 * it how far the response is; the session's object asks it; it asks neither.
 */
export class SessionState implements Holding {
  readonly failures: Failures;
  /** How far the response is. */
  phase: ReplyPhase = "open";
  /** Whether the answer has a secret in it, which no cache may keep. */
  holdsSecret = false;
  /** Hears of each change as it is made. */
  onChange: (() => void) | undefined;
  readonly #engine: Engine;
  readonly #passage: Passage;
  #draft: Draft | undefined;
  #condition: Condition = "new";
  /** What the browser has sent, if that was live. */
  #came: Live | undefined;
  #holdsStray = false;
  /** What the browser has sent, where that waits for its user to unlock it. */
  #locked: Live | undefined;
  /** Whether this request has stored that the visitor is, or is not, to be remembered. */
  #hasWished = false;
  #wasSignedIn = false;
  #hasSignedOut = false;
  #isPrefetch: boolean | undefined;
  /** What a record begins with, once one is needed. */
  #fields: Fields | undefined;
  #openedAt: number;
  #issued: Issued | undefined;
  #token: string | undefined;
  #stored: SessionRecord | undefined;
  #former: Former | undefined;
  /** What the library notes of the session with its next commit. */
  #edits: readonly NoteEdit[] = NO_EDITS;
  #turns: Turns | undefined;

  constructor(engine: Engine, passage: Passage, failures: Failures, openedAt: EpochMs) {
    this.#engine = engine;
    this.#passage = passage;
    this.failures = failures;
    this.#openedAt = openedAt;
  }

  get request(): RequestHead {
    return this.failures.request;
  }

  /** Takes up a live session. The browser holds the token that came: a new one is still to be sent. */
  resume(live: Live, came: Live = live): void {
    const { token, record, reading, edits = NO_EDITS } = live;
    this.#condition = "live";
    this.#came = came;
    this.#wasSignedIn = record.userId !== undefined;
    this.#token = token;
    this.#stored = record;
    this.#edits = edits;
    this.#draft = this.#draftOn(new Shown(this.#engine.shape, record, reading));
  }

  /** The session waits for its user: it reads as empty, and nothing is written until it is unlocked. */
  lock(live: Live): void {
    this.#condition = "locked";
    this.#locked = live;
    this.#wasSignedIn = live.record.userId !== undefined;
    this.#came = undefined;
    this.#forget();
  }

  /** The session that waits for its user, while it does. */
  get locked(): SessionRecord | undefined {
    return this.#locked?.record;
  }

  /** The token that the browser will hold, of a session that waits for its user as well. */
  get heldToken(): string | undefined {
    return this.token ?? this.#locked?.token;
  }

  /** Opens a locked session for what unlocks it. Where that fails it stays as it was. */
  unlocking(transition: () => Promise<void>): Promise<void> {
    return this.#locked === undefined ? transition() : this.#unlock(this.#locked, transition);
  }

  async #unlock(locked: Live, transition: () => Promise<void>): Promise<void> {
    this.#locked = undefined;
    this.resume(locked);
    // Until then it shows nothing: whoever signs in may be somebody else.
    this.#draft = this.#draftOn(this.#nothing());
    try {
      await transition();
      this.draft.readAgain();
    } catch (error) {
      if (this.#stored?.id === locked.record.id) {
        const later = this.changes();
        this.lock(locked);
        this.draft.repeat(later);
      }
      throw error;
    }
  }

  /** The session ended in another request: it reads as empty, and no cookie may go out. */
  detach(former: Former | undefined = this.#stored): void {
    this.#former = former;
    this.#condition = "detached";
    this.#locked = undefined;
    // What the browser holds by now is another request's doing.
    this.#came = undefined;
    this.#forget();
  }

  /**
   * What was changed while something found out that the session has ended comes too late, and is told so.
   *
   * @param before - What whoever began that has changed by then: they hear of the end by themselves.
   */
  repeatLate(draft: Draft, before: Changes = NO_CHANGES): void {
    const isDropped = this.#condition === "detached" && this.#draft !== draft;
    if (isDropped) this.draft.repeat(draft.changesSince(before));
  }

  /** What came leads nowhere: the browser is told to forget it, unless a new one is sent. */
  meetStray(): void {
    this.#holdsStray = true;
  }

  /** Whether this request has ended a session that somebody was signed in to. */
  get hasSignedOut(): boolean {
    return this.#hasSignedOut;
  }

  /** Whether the session was a user's at any time of this request. */
  get wasSignedIn(): boolean {
    return this.#wasSignedIn;
  }

  /** The transitions of this request. */
  get turns(): Turns {
    this.#turns ??= new Turns();
    return this.#turns;
  }

  /** Whether a transition is under way, or a commit: what is stored may not stay as it is. */
  get isBusy(): boolean {
    return this.#turns?.isBusy === true;
  }

  /** As `turns.whenIdle()`. */
  whenIdle(): Promise<void> | undefined {
    return this.#turns?.whenIdle();
  }

  /** Whether the visitor has not asked for it yet: what is not asked for changes nothing. */
  get isPrefetch(): boolean {
    this.#isPrefetch ??= isPrefetch(this.request);
    return this.#isPrefetch;
  }

  /** Why no cookie can reach the visitor; `undefined` where one can. */
  get obstacle(): string | undefined {
    return this.#passage.obstacle;
  }

  /** Whether a write could not be told to the browser any more, which has to know of it. */
  get isTooLate(): boolean {
    const needsHeaders = this.#condition === "new" || this.#engine.writesNeedHeaders;
    return needsHeaders && this.phase !== "open";
  }

  /** Whether what is gathered from now on could not be told to the browser any more. */
  get isTooLateToGather(): boolean {
    // Headers that wait for a session to be made will have its cookie.
    const isBeingMade = this.phase === "closing" && !this.#engine.writesNeedHeaders;
    return this.isTooLate && !isBeingMade;
  }

  get isHeld(): boolean {
    return this.#holdsStray || this.#came !== undefined;
  }

  get isCurrent(): boolean {
    const came = this.#came;
    const stored = this.#stored;
    if (came === undefined || stored === undefined || came.token !== this.#token) return false;
    if (this.#engine.writesNeedHeaders) return stored === came.record;
    // Another request's wish goes out with its own response.
    return !this.#hasWished || stored.persistent === came.record.persistent;
  }

  get draft(): Draft {
    this.#draft ??= this.#draftOn(new Shown(this.#engine.shape, this.facts));
    return this.#draft;
  }

  /** What there is for a visitor without a session. */
  #nothing(): Shown {
    return new Shown(this.#engine.shape, anonymousFields(this.#engine, this.#openedAt));
  }

  #draftOn(stored: Shown): Draft {
    return new Draft(this.#engine.shape, stored, this.#engine.environment.now);
  }

  get condition(): Condition {
    return this.#condition;
  }

  get token(): string | undefined {
    return this.#token ?? this.#issued?.token;
  }

  /** The record as stored, if it is. */
  get record(): SessionRecord | undefined {
    return this.#stored;
  }

  /** The facts of the record, or those that it will begin with. */
  get facts(): Fields {
    if (this.#stored !== undefined) return this.#stored;
    this.#fields ??= anonymousFields(this.#engine, this.#openedAt);
    return this.#fields;
  }

  get id(): string {
    return this.#base().record.id;
  }

  /** Whether the absolute end has passed while the request ran. */
  isPastEnd(now: EpochMs): boolean {
    return this.#stored !== undefined && now >= absoluteEndOf(this.#stored);
  }

  /** What changed, as text; `undefined` where nothing did. @throws as {@link Draft.gathered}. */
  gathered(): Gathered | undefined {
    return this.#draft?.gathered();
  }

  /** Whether a change of the session reaches the browser with the response's headers only. */
  get writesNeedHeaders(): boolean {
    return this.#engine.writesNeedHeaders;
  }

  /** Whether it is a session of the manager that has these records. */
  isOf(home: Home): boolean {
    return this.#engine.home === home;
  }

  /** Whether what is read may be a copy, which the store can be asked to confirm. */
  get isOfCopies(): boolean {
    const { keeper, origin } = this.#engine;
    return keeper !== origin;
  }

  /** Takes up what stands in the store by now. Resolves to why that is no session any more. */
  async refresh(deadline: Deadline): Promise<Rejection | undefined> {
    const old = this.#stored;
    if (old === undefined) return undefined;
    const { id, userId } = old;
    const newest = await this.#engine.keeper.load(id, deadline);
    if (newest?.kind === "live" && expiredBy(newest, deadline.now) === undefined) {
      this.#adopt(this.#token, withoutDue(newest, deadline.now));
      return undefined;
    }
    // What the request has changed already comes too late, and is told so.
    const late = this.changes();
    if (newest?.kind !== "ended") {
      this.detach({ id, userId, reason: "expired" });
      this.draft.repeat(late);
      return newest === undefined ? "unknown" : "expired";
    }
    this.detach({ id, userId, reason: newest.reason });
    this.draft.repeat(late);
    return newest.reason === "revoked" ? "revoked" : "ended";
  }

  /** Commits what was gathered. */
  commit(gathered: Gathered, deadline: Deadline): Promise<void> {
    return this.#apply(gatheredEdit(gathered), deadline, () => {
      this.draft.committed(gathered);
      if (gathered.persistent !== undefined) this.#hasWished = true;
    });
  }

  /** What the library notes of the session, with what the next commit notes. */
  get notes(): string | undefined {
    return editNotes(this.facts.notes, this.#edits);
  }

  /** Whether there is something to note, be it with a commit of its own. */
  get hasEdits(): boolean {
    return this.#edits.length > 0;
  }

  /** Notes something at once. A session begins with it where there is none. */
  note(edit: NoteEdit, deadline: Deadline): Promise<void> {
    this.#edits = [...this.#edits, edit];
    return this.#apply(NO_EDIT, deadline, () => undefined);
  }

  /** Commits what is to be noted. What cannot be is found out by the next request. */
  commitEdits(deadline: Deadline): Promise<void> {
    return this.#apply(NO_EDIT, deadline, () => undefined).catch((error: unknown) =>
      this.#reportUnawaited(error),
    );
  }

  /**
   * Moves the idle clock. A touch that cannot be had costs the visitor nothing but a tenth of the
   * idle timeout.
   */
  async touch(deadline: Deadline, arrivedAt: EpochMs): Promise<void> {
    const record = this.#stored;
    if (record === undefined) return;
    const { keeper, events } = this.#engine;
    const { now } = deadline;
    const seen = { lastSeenAt: now, expiresAt: storeExpiryOf({ ...record, lastSeenAt: now }) };
    const isLive = await keeper.touch(record, seen, deadline).catch((error: unknown) => {
      this.#reportUnawaited(error);
      return true;
    });
    if (isLive) return this.#judgeLate(record, deadline, arrivedAt);
    const { id, userId } = record;
    events.emit(
      "lateWrite",
      { at: now, id, userId, attempt: "touch", reason: "unknown" },
      this.request,
    );
  }

  /** Asks what `open` had no reason to ask, where a touch has become due while the request ran. */
  async #judgeLate(record: SessionRecord, deadline: Deadline, arrivedAt: EpochMs): Promise<void> {
    if (isTouchDue(record, arrivedAt)) return;
    const verdict = await judge(this.#engine, record, deadline, this.request);
    if (verdict?.kind === "ended") await endMissed(this.#engine, record, deadline);
  }

  #reportUnawaited(error: unknown): void {
    this.failures.report(error, "background");
  }

  /**
   * Changes one key by its newest value.
   *
   * @param asked - What concerned the key as that was asked for.
   * @param dueAt - When it is due from now on; left out, it keeps the time that it has.
   */
  async update(
    key: string,
    updater: Updater,
    asked: Concerning,
    deadline: Deadline,
    dueAt?: EpochMs,
  ): Promise<unknown> {
    const { shape } = this.#engine;
    const before = this.draft.gatheredAt(key, asked);
    const edit = new UpdateEdit(shape, key, updater, before, dueAt);
    await this.#apply(edit, deadline, () => this.draft.settle(key, before));
    return edit.text === undefined ? shape.defaultOf(key) : shape.codec.decode(edit.text);
  }

  /** Commits an edit that is none of what was gathered. Resolves to the record as stored with it. */
  async commitEdit(edit: Edit, deadline: Deadline): Promise<SessionRecord> {
    await this.#apply(edit, deadline, () => undefined);
    if (this.#stored === undefined) throw new SessionEndedError("store the session's changes");
    return this.#stored;
  }

  /** Goes on with what the session has become, where it is this one still. Tells whether it is. */
  takeUp(newest: SessionRecord): boolean {
    if (this.#condition !== "live" || this.#stored?.id !== newest.id) return false;
    const now = this.#engine.environment.now();
    if (expiredBy(newest, now) !== undefined) return false;
    this.#adopt(this.#token, withoutDue(newest, now));
    return true;
  }

  /**
   * Moves to a new token. Data and clocks stay.
   *
   * @param edits - What is noted of the session from then on, which is activity.
   */
  async regenerate(deadline: Deadline, edits: readonly NoteEdit[] = NO_EDITS): Promise<void> {
    const old = this.#stored;
    if (old === undefined) return;
    if (this.isPastEnd(deadline.now)) {
      this.detach({ ...old, reason: "expired" });
      this.#refuseEnded(deadline);
    }
    const continuation: Continuation = {
      issue: () => this.#issue(),
      derive: (newest) => (edits === NO_EDITS ? newest : notedFields(newest, edits, deadline.now)),
      confirm: confirmNewToken(this.#engine, deadline),
      userId: old.userId,
      generation: generationOf(old),
      isLinked: true,
      why: "call",
      pending: this.#edits,
    };
    await this.#continueAs(continuation, deadline, () => {
      const event = { at: deadline.now, id: this.id, userId: old.userId, previousId: old.id };
      this.#engine.events.emit("regenerated", event, this.request);
    });
  }

  /** What the request has changed so far: whatever a transition drops, it is nothing that comes later. */
  changes(): Changes {
    return this.#draft?.changes() ?? NO_CHANGES;
  }

  /** Moves to a new token that belongs to the user. */
  async signIn(signIn: SignIn, deadline: Deadline, before: Changes): Promise<void> {
    const { now } = deadline;
    const { userId, keep, handedOff } = signIn;
    const old = this.#stored;
    const generation =
      handedOff?.generation ?? (await currentGeneration(this.#engine, userId, deadline));
    const { protections } = this.#engine;
    const signing = protections && this.#signing(signIn, deadline);
    const noted = (signing && (await protections?.signingIn?.(signing))) ?? NO_EDITS;
    const whole =
      noted.length === 0 ? signIn : { ...signIn, edits: [...(signIn.edits ?? NO_EDITS), ...noted] };
    const continuation: Continuation = {
      issue: () => this.#issue(),
      derive: (newest) => signedInFields(this.#engine, newest, whole, now),
      confirm: signing && ((record) => protections?.signedIn?.(record, signing)),
      userId,
      generation,
      // The pointer leads only to the same visitor's session: never from one user to another.
      isLinked: old?.userId === undefined || old.userId === userId,
      why: "signIn",
      pending: this.#edits,
    };
    await this.#continueAs(continuation, deadline, () => {
      // What this request itself has set before it signs in goes in as well.
      if (keep !== "all" && keep !== "usual") {
        this.draft.keepOnly(new Set(keep === "none" ? [] : keep), before);
      }
      const event = { at: now, id: this.id, userId, previousId: old?.id };
      this.#engine.events.emit("signedIn", event, this.request);
    });
  }

  #signing(signIn: SignIn, deadline: Deadline): SigningIn {
    const { userId, handedOff } = signIn;
    const factors = provedIn(this.facts, signIn);
    const { request, facts: before } = this;
    const handing = handedOff?.from;
    return { engine: this.#engine, userId, factors, request, before, handing, deadline };
  }

  /** Ends the session. What follows is a new one with the kept values. */
  async signOut(keep: readonly string[], deadline: Deadline, before: Changes): Promise<void> {
    if (this.#locked !== undefined) return this.#endLocked("signedOut", deadline);
    const { draft } = this;
    const kept = keep.map((key) => [key, ...draft.valueBy(before, key)] as const);
    const { userId, notes } = this.facts;
    const isEnded = await this.#end(userId === undefined ? "destroyed" : "signedOut", deadline);
    const later = draft.changesSince(before);
    if (!isEnded) {
      this.draft.repeat(later);
      return;
    }
    this.#condition = "new";
    // Whoever takes a value along knows what was begun with it.
    if (kept.length > 0 && hasLeases(notes)) this.#edits = [withLeasesOf(notes)];
    for (const [key, value, dueAt] of kept) {
      if (value !== undefined) this.draft.set(key, value, dueAt);
    }
    const gathered = this.draft.gathered();
    const along = this.draft.changes();
    this.draft.repeat(later);
    if (gathered === undefined) return;
    try {
      await this.commit(gathered, deadline);
    } catch (error) {
      // Or it would go into whatever session the request begins next, be it another user's.
      const own = this.draft.changesSince(along);
      this.draft.drop();
      this.draft.repeat(own);
      throw error;
    }
  }

  /** Ends the session for good. */
  async destroy(deadline: Deadline, before: Changes): Promise<void> {
    if (this.#locked !== undefined) return this.#endLocked("destroyed", deadline);
    const { draft } = this;
    await this.#end("destroyed", deadline);
    this.#condition = "destroyed";
    this.draft.repeat(draft.changesSince(before));
  }

  /** After a sign-in form sent with a dead cookie: the visitor starts anew, with what was changed since. */
  restart(now: number, before: Changes): void {
    const later = this.#draft?.changesSince(before);
    this.#condition = "new";
    this.#came = undefined;
    this.#forget(now);
    if (later !== undefined) this.draft.repeat(later);
  }

  #apply(edit: Edit, deadline: Deadline, settle: () => void): Promise<void> {
    try {
      this.#refuseEnded(deadline);
      const judged = this.#judged(deadline);
      if (judged === undefined) return this.#commit(edit, deadline, settle);
      return judged.then(() => this.#commit(edit, deadline, settle));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #commit(edit: Edit, deadline: Deadline, settle: () => void, tokens = 1): Promise<void> {
    const edits = this.#edits;
    const whole = edits === NO_EDITS ? edit : notedEdit(edit, edits);
    return this.#engine.queue.commit(this.#base(), whole, deadline).then(
      (record) => {
        this.#edits = NO_EDITS;
        this.#adopt(this.token, record);
        settle();
      },
      (error: unknown) => {
        if (error instanceof SessionEndedError) this.detach();
        if (!(error instanceof IdTakenError)) throw error;
        if (tokens === MAX_TOKENS) throw repeatingTokens();
        this.#issued = undefined;
        return this.#commit(edit, deadline, settle, tokens + 1);
      },
    );
  }

  #judged(deadline: Deadline): Promise<void> | undefined {
    const record = this.#stored;
    if (record === undefined) return this.#begins();
    return judgeWrite(this.#engine, record, this.#openedAt, deadline)?.then((told) =>
      this.#heed(told, record, deadline),
    );
  }

  /** Asks whether a visitor who has come without a session may have one. */
  #begins(): Promise<void> | undefined {
    const { protections } = this.#engine;
    if (protections?.creating === undefined || this.#came !== undefined) return undefined;
    return protections.creating({ engine: this.#engine, request: this.request });
  }

  async #heed(verdict: Verdict, record: SessionRecord, deadline: Deadline): Promise<void> {
    if (verdict.kind === "accepted") {
      if (verdict.edits.length > 0) this.#edits = [...this.#edits, ...verdict.edits];
      return;
    }
    await endMissed(this.#engine, record, deadline);
    this.detach({ ...record, reason: "revoked" });
    this.#refuseEnded(deadline);
  }

  #refuseEnded(deadline: Deadline): void {
    if (this.#condition === "new" || this.#condition === "live") return;
    if (this.#condition === "locked") throw new SessionLockedError("store the session's changes");
    this.#emitLate(deadline);
    throw new SessionEndedError("store the session's changes");
  }

  async #continueAs(
    continuation: Continuation,
    deadline: Deadline,
    settle: () => void,
  ): Promise<void> {
    const old = this.#stored;
    try {
      const from = old ?? this.facts;
      const continued = await continueUnder(this.#engine, from, continuation, deadline);
      this.#adopt(continued.token, continued.record);
      this.#edits = continued.edits;
      if (old === undefined) this.#emit("created", continued.record, deadline);
      settle();
      if (continued.unsettled !== undefined) throw continued.unsettled;
    } catch (error) {
      if (error instanceof SessionEndedError) this.detach();
      throw error;
    }
  }

  /**
   * Ends the session, or what a parallel request has made of it. Resolves to `false` where
   * somebody else had ended it: the browser may hold a newer cookie by now, which must stay.
   */
  async #end(
    reason: "signedOut" | "destroyed",
    deadline: Deadline,
    record: SessionRecord | undefined = this.#stored,
  ): Promise<boolean> {
    if (record !== undefined) {
      const sameVisitor = record.userId === undefined ? undefined : { userId: record.userId };
      const ending = { reason, owner: sameVisitor };
      const ended = await endRecord(this.#engine, record, ending, deadline);
      if (ended === undefined) {
        this.detach(record);
        return false;
      }
      this.#hasSignedOut ||= record.userId !== undefined;
      this.#emit(reason, record, deadline);
    }
    await this.#passage.inheritance?.end(deadline);
    this.#forget(deadline.now);
    return true;
  }

  /** Whoever cannot unlock it can end it. Of what it held nothing comes along. */
  async #endLocked(reason: "signedOut" | "destroyed", deadline: Deadline): Promise<void> {
    // While nobody knows whether it has ended, it stays locked.
    if (!(await this.#end(reason, deadline, this.#locked?.record))) return;
    this.#locked = undefined;
    this.#holdsStray = true;
    this.#condition = reason === "destroyed" ? "destroyed" : "new";
  }

  #emitLate({ now }: Deadline): void {
    if (this.#former === undefined) return;
    const { id, userId, reason = "unknown" } = this.#former;
    this.#engine.events.emit(
      "lateWrite",
      { at: now, id, userId, attempt: "write", reason },
      this.request,
    );
  }

  #emit(
    name: "created" | "signedOut" | "destroyed",
    { id, userId }: SessionRecord,
    { now }: Deadline,
  ): void {
    this.#engine.events.emit(name, { at: now, id, userId }, this.request);
  }

  #adopt(token: string | undefined, record: SessionRecord): void {
    this.#condition = "live";
    this.#token = token;
    this.#issued = undefined;
    this.#stored = record;
    this.#wasSignedIn ||= record.userId !== undefined;
    this.draft.rebase(new Shown(this.#engine.shape, record));
  }

  #forget(now: number = this.#openedAt): void {
    this.#token = undefined;
    this.#issued = undefined;
    this.#stored = undefined;
    this.#openedAt = now;
    this.#fields = undefined;
    this.#draft = undefined;
    this.#edits = NO_EDITS;
  }

  /** A fresh token, by which this request can open what it stores. */
  #issue(): Identity {
    const identity = this.#passage.issue();
    this.failures.keychain?.add(identity);
    return identity;
  }

  #base(): Base {
    if (this.#stored !== undefined) {
      return new Base(this.#stored, true, this.#draft?.stored);
    }
    this.#issued ??= unstored(this.#engine, this.#issue(), this.facts);
    return new Base(this.#issued.record, false);
  }
}

function notedFields(fields: Fields, edits: readonly NoteEdit[], lastSeenAt: EpochMs): Fields {
  return { ...fields, lastSeenAt, notes: editNotes(fields.notes, edits) };
}
