import { currentGeneration } from "./admission.ts";
import { absoluteEndOf, expiredBy } from "./clocks.ts";
import { type Base, IdTakenError } from "./commit-queue.ts";
import type { Deadline } from "./deadline.ts";
import { Draft } from "./draft.ts";
import { type Edit, type Gathered, gatheredEdit, NO_EDIT, notedEdit, parseFlash } from "./edit.ts";
import { endRecord } from "./endings.ts";
import type { Engine } from "./engine.ts";
import { SessionEndedError } from "./errors.ts";
import type { Rejection } from "./events.ts";
import { anonymousFields, Shown, type SignIn, signedInFields } from "./fields.ts";
import { endMissed, judgeWrite, type Verdict } from "./guards.ts";
import { parse } from "./json.ts";
import { generationOf, type NoteEdit } from "./notes.ts";
import type { EndReason, EpochMs, SessionRecord } from "./record.ts";
import type { Reading } from "./shape.ts";
import { type Continuation, continueUnder } from "./succession.ts";
import type { SessionToken } from "./token.ts";
import { type Fields, type Issued, issue, MAX_TOKENS, repeatingTokens } from "./transitions.ts";
import { Turns } from "./turns.ts";
import { UpdateEdit, type Updater } from "./update-edit.ts";

/** What the response tells the browser to do with the cookie. */
export type CookieAction = "none" | "send" | "expire";

/**
 * Where the session stands: `new` has no record yet, `detached` was ended by another request,
 * `destroyed` by this one.
 */
export type Condition = "new" | "live" | "detached" | "destroyed";

/** What is told of a session that has ended. */
export interface Former {
  readonly id: string;
  readonly userId?: string | undefined;
  readonly reason?: EndReason | "expired";
}

const NO_EDITS: readonly NoteEdit[] = [];

/** The state of one visitor's session within one request, and how it changes. */
export class Stay {
  readonly #engine: Engine;
  #draft: Draft | undefined;
  #condition: Condition = "new";
  #cookie: CookieAction = "none";
  /** What a record begins with, once one is needed. */
  #fields: Fields | undefined;
  #openedAt: number;
  #issued: Issued | undefined;
  #token: SessionToken | undefined;
  #stored: SessionRecord | undefined;
  #former: Former | undefined;
  /** What the library notes of the session with its next commit. */
  #edits: readonly NoteEdit[] = NO_EDITS;
  /** The transitions of this request. */
  readonly turns: Turns = new Turns();

  constructor(engine: Engine, openedAt: number) {
    this.#engine = engine;
    this.#openedAt = openedAt;
  }

  /** Takes up the live session that the token stands for. */
  resume(
    token: SessionToken,
    record: SessionRecord,
    reading: Reading,
    edits: readonly NoteEdit[] = NO_EDITS,
  ): void {
    this.#condition = "live";
    this.#token = token;
    this.#stored = record;
    this.#edits = edits;
    this.#draft = new Draft(this.#engine.shape, {
      ...reading,
      flash: parseFlash(record.flash),
    });
  }

  /** The session ended in another request: it reads as empty, and no cookie may go out. */
  detach(former: Former | undefined = this.#stored): void {
    this.#former = former;
    this.#condition = "detached";
    this.#forget();
    this.#cookie = "none";
  }

  get draft(): Draft {
    this.#draft ??= new Draft(this.#engine.shape, new Shown(this.#engine.shape, this.facts));
    return this.#draft;
  }

  get condition(): Condition {
    return this.#condition;
  }

  get cookie(): CookieAction {
    return this.#cookie;
  }

  get token(): SessionToken | undefined {
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

  /** Tells the browser to forget a cookie that leads nowhere, unless a new one is sent. */
  expireCookie(): void {
    if (this.#cookie === "none") this.#cookie = "expire";
  }

  /** Takes up what stands in the store by now. Resolves to why that is no session any more. */
  async refresh(deadline: Deadline): Promise<Rejection | undefined> {
    const old = this.#stored;
    if (old === undefined) return undefined;
    const { id, userId } = old;
    const newest = await this.#engine.keeper.load(id, deadline);
    if (newest?.kind === "live" && expiredBy(newest, deadline.now) === undefined) {
      this.#adopt(this.#token, newest);
      return undefined;
    }
    if (newest?.kind !== "ended") {
      this.detach({ id, userId, reason: "expired" });
      return newest === undefined ? "unknown" : "expired";
    }
    this.detach({ id, userId, reason: newest.reason });
    return newest.reason === "revoked" ? "revoked" : "ended";
  }

  /** Commits what was gathered. */
  commit(gathered: Gathered, deadline: Deadline): Promise<void> {
    return this.#apply(gatheredEdit(gathered), deadline, () => {
      this.draft.committed(gathered);
      if (gathered.persistent !== undefined) this.#cookie = "send";
    });
  }

  /** Whether there is something to note, be it with a commit of its own. */
  get hasEdits(): boolean {
    return this.#edits.length > 0;
  }

  /** Commits what is to be noted. */
  commitEdits(deadline: Deadline): Promise<void> {
    return this.#apply(NO_EDIT, deadline, () => undefined);
  }

  /** Changes one key by its newest value. */
  async update(key: string, updater: Updater, deadline: Deadline): Promise<unknown> {
    const { shape } = this.#engine;
    const edit = new UpdateEdit(shape, key, updater, this.draft.gatheredAt(key));
    await this.#apply(edit, deadline, () => this.draft.settle(key));
    return edit.text === undefined ? shape.defaultOf(key) : parse(edit.text);
  }

  /** Moves to a new token. Data and clocks stay. */
  async regenerate(deadline: Deadline): Promise<void> {
    const old = this.#stored;
    if (old === undefined) return;
    if (this.isPastEnd(deadline.now)) {
      this.detach({ ...old, reason: "expired" });
      this.#refuseEnded(deadline);
    }
    const continuation: Continuation = {
      derive: (newest) => newest,
      userId: old.userId,
      generation: generationOf(old),
      isLinked: true,
      isSignIn: false,
    };
    await this.#continueAs(continuation, deadline, () => {
      const event = { at: deadline.now, id: this.id, userId: old.userId, previousId: old.id };
      this.#engine.events.emit("regenerated", event);
    });
  }

  /** Moves to a new token that belongs to the user. */
  async signIn(signIn: SignIn, deadline: Deadline): Promise<void> {
    const { now } = deadline;
    const { userId, keep } = signIn;
    const old = this.#stored;
    const generation = await currentGeneration(this.#engine, userId, deadline);
    const continuation: Continuation = {
      derive: (newest) => signedInFields(this.#engine, newest, signIn, now),
      userId,
      generation,
      // The pointer leads only to the same visitor's session: never from one user to another.
      isLinked: old?.userId === undefined || old.userId === userId,
      isSignIn: true,
    };
    await this.#continueAs(continuation, deadline, () => {
      if (keep !== "all") this.draft.keepOnly(new Set(keep === "none" ? [] : keep));
      const event = { at: now, id: this.id, userId, previousId: old?.id };
      this.#engine.events.emit("signedIn", event);
    });
  }

  /** Ends the session. What follows is a new one with the kept values. */
  async signOut(keep: readonly string[], deadline: Deadline): Promise<void> {
    const values = new Map(keep.map((key) => [key, this.draft.get(key)]));
    const { userId } = this.facts;
    if (!(await this.#end(userId === undefined ? "destroyed" : "signedOut", deadline))) return;
    this.#condition = "new";
    for (const [key, value] of values) if (value !== undefined) this.draft.set(key, value);
    const gathered = this.draft.gathered();
    if (gathered !== undefined) await this.commit(gathered, deadline);
  }

  /** Ends the session for good. */
  async destroy(deadline: Deadline): Promise<void> {
    await this.#end("destroyed", deadline);
    this.#condition = "destroyed";
  }

  /** After a sign-in form sent with a dead cookie: the visitor starts anew. */
  restart(now: number): void {
    this.#condition = "new";
    this.#forget(now);
  }

  async #apply(edit: Edit, deadline: Deadline, settle: () => void, tokens = 1): Promise<void> {
    this.#refuseEnded(deadline);
    const judged = this.#judged(deadline);
    if (judged !== undefined) await judged;
    const isFirst = this.#stored === undefined;
    const edits = this.#edits;
    const whole = edits === NO_EDITS ? edit : notedEdit(edit, edits);
    try {
      const record = await this.#engine.queue.commit(this.#base(), whole, deadline);
      this.#edits = NO_EDITS;
      if (isFirst || this.#engine.recordsIn === "cookie") this.#cookie = "send";
      this.#adopt(this.token, record);
      settle();
    } catch (error) {
      if (error instanceof SessionEndedError) this.detach();
      if (!(error instanceof IdTakenError)) throw error;
      if (tokens === MAX_TOKENS) throw repeatingTokens();
      this.#issued = undefined;
      await this.#apply(edit, deadline, settle, tokens + 1);
    }
  }

  #judged(deadline: Deadline): Promise<void> | undefined {
    const record = this.#stored;
    if (record === undefined) return undefined;
    return judgeWrite(this.#engine, record, this.#openedAt, deadline)?.then((told) =>
      this.#heed(told, record, deadline),
    );
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
      this.#cookie = "send";
      if (old === undefined) this.#emit("created", deadline);
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
  async #end(reason: "signedOut" | "destroyed", deadline: Deadline): Promise<boolean> {
    const record = this.#stored;
    if (record !== undefined) {
      const isSameVisitor = ({ userId }: Pick<SessionRecord, "userId">): boolean =>
        record.userId === undefined || userId === record.userId;
      const ending = { reason, accepts: isSameVisitor };
      const ended = await endRecord(this.#engine, record, ending, deadline);
      if (ended === undefined) {
        this.detach();
        return false;
      }
      this.#emit(reason, deadline);
      this.#cookie = "expire";
    }
    this.#forget(deadline.now);
    return true;
  }

  #emitLate({ now }: Deadline): void {
    if (this.#former === undefined) return;
    const { id, userId, reason = "unknown" } = this.#former;
    this.#engine.events.emit("lateWrite", { at: now, id, userId, attempt: "write", reason });
  }

  #emit(name: "created" | "signedOut" | "destroyed", { now }: Deadline): void {
    this.#engine.events.emit(name, { at: now, id: this.id, userId: this.facts.userId });
  }

  #adopt(token: SessionToken | undefined, record: SessionRecord): void {
    this.#condition = "live";
    this.#token = token;
    this.#issued = undefined;
    this.#stored = record;
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

  #base(): Base {
    if (this.#stored !== undefined) {
      return { record: this.#stored, isStored: true, stored: this.#draft?.stored };
    }
    this.#issued ??= issue(this.#engine, this.facts);
    return { record: this.#issued.record, isStored: false };
  }
}
