import { refuseAssignments } from "./assignments.ts";
import { endOf, policyOnWish } from "./clocks.ts";
import type { Deadline } from "./deadline.ts";
import { type Duration, durationMs } from "./duration.ts";
import type { Engine } from "./engine.ts";
import {
  HeadersSentError,
  InsecureConnectionError,
  OptionsError,
  PrefetchError,
  SessionEndedError,
} from "./errors.ts";
import type { RequestHead } from "./exchange.ts";
import type { SignIn } from "./fields.ts";
import { checkKey, describeKey, encode, type JsonValue } from "./json.ts";
import { checkKeys, checkUserId, requireKnownKeys } from "./option-checks.ts";
import { REMOVE, type Session, type SignInOptions, type SignOutOptions } from "./session.ts";
import type { Stay } from "./stay.ts";
import type { Present, StorableItem } from "./storable.ts";
import { newCommitId } from "./token.ts";

/** Longer ones are no description of a browser. */
const MAX_DEVICE_LENGTH = 200;

/**
 * How far the response is: with its headers goes the cookie, with its end every commit. `closing`
 * means that the headers wait for a commit, and that what they will say is settled.
 */
export type ReplyPhase = "open" | "closing" | "headersSent" | "ended";

/** What the session must know of the request around it. */
export interface RequestState {
  readonly request: RequestHead;
  /** Whether the visitor has not asked for it yet. */
  readonly isPrefetch: boolean;
  readonly phase: ReplyPhase;
  /** Why no cookie can reach the visitor; `undefined` where one can. */
  readonly obstacle: string | undefined;
  /** A deadline that starts now, within what the request may still wait for the store. */
  startDeadline(): Deadline;
  /** Notes a failure that the application is told of, and gives it back. */
  failed(error: unknown): unknown;
  /** Hears of each change, before it is made. */
  changing(): void;
}

/** Makes the session that the application sees: each call is checked, then handed to the stay. */
export class SessionObject<D extends object> implements Session<D> {
  readonly #engine: Engine;
  readonly #stay: Stay;
  readonly #around: RequestState;
  readonly #isNew: boolean;
  readonly #wasDetached: boolean;
  readonly #lastSeenAt: number;

  static {
    refuseAssignments(
      SessionObject.prototype,
      (name) =>
        `it is no part of a session and would be lost. Write session.set("${name}", value).`,
    );
  }

  constructor(engine: Engine, stay: Stay, around: RequestState) {
    this.#engine = engine;
    this.#stay = stay;
    this.#around = around;
    this.#isNew = stay.condition === "new";
    this.#wasDetached = stay.condition === "detached";
    this.#lastSeenAt = stay.facts.lastSeenAt;
  }

  get<K extends keyof D & string>(key: K): D[K] {
    return this.#stay.draft.get(key) as D[K];
  }

  has(key: keyof D & string): boolean {
    return this.#stay.draft.has(key);
  }

  *entries<K extends keyof D & string = keyof D & string>(): IterableIterator<[K, D[K]]> {
    for (const key of this.#stay.draft.keys() as K[]) yield [key, this.get(key)];
  }

  get id(): string {
    return this.#stay.id;
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  get isEnded(): boolean {
    return this.#stay.condition === "detached" || this.#stay.condition === "destroyed";
  }

  get userId(): string | undefined {
    return this.#stay.facts.userId;
  }

  get createdAt(): number {
    return this.#stay.facts.createdAt;
  }

  get lastSeenAt(): number {
    return this.#lastSeenAt;
  }

  get expiresAt(): number {
    const { facts } = this.#stay;
    const wish = this.#stay.draft.persistent;
    if (wish === undefined) return endOf(facts);
    const now = this.#engine.environment.now();
    const policy = policyOnWish(this.#engine.policies, facts, wish, now);
    return endOf({ ...facts, ...policy, lastSeenAt: Math.max(facts.lastSeenAt, now) });
  }

  get authenticatedAt(): number | undefined {
    return this.#stay.facts.authenticatedAt;
  }

  isFresh(maxAge: Duration): boolean {
    const since = this.authenticatedAt;
    const ms = durationMs("isFresh(maxAge)", maxAge);
    return since !== undefined && this.#engine.environment.now() - since < ms;
  }

  get persistent(): boolean {
    return this.#stay.draft.persistent ?? this.#stay.facts.persistent;
  }

  set persistent(value: boolean) {
    const attempt = "change persistent";
    this.#checkChange(attempt);
    this.#checkCookie(attempt);
    if (typeof value !== "boolean") throw new OptionsError("persistent", "it is true or false.");
    const isAsStored = value === this.#stay.facts.persistent;
    this.#stay.draft.persistent = isAsStored ? undefined : value;
  }

  set<K extends keyof D & string>(key: K, value: Exclude<D[K], undefined>): void {
    this.#checkChange("set a value");
    this.#told(() => this.#stay.draft.set(key, value));
  }

  delete(key: keyof D & string): void {
    this.#checkChange("delete a key");
    this.#stay.draft.delete(key);
  }

  clear(): void {
    this.#checkChange("clear the data");
    this.#stay.draft.clear();
  }

  flash<V>(key: string, value: V & StorableItem<V>): void {
    this.#checkChange("leave a message");
    const copy = this.#told((): JsonValue => {
      checkKey(key, `flash.${describeKey(key)}`);
      return JSON.parse(encode(value, `flash.${key}`));
    });
    this.#stay.draft.flash([newCommitId(this.#engine.environment.random), key, copy]);
  }

  take<V = JsonValue>(key: string): V | undefined {
    const message: unknown = this.#stay.draft.take(key, this.#staysWaiting());
    return message as V | undefined;
  }

  takeAll<V = JsonValue>(key: string): V[];
  takeAll<V = JsonValue>(): Record<string, V[]>;
  takeAll(only?: string): unknown[] | Record<string, unknown[]> {
    const taken = this.#stay.draft.takeAll(only, this.#staysWaiting());
    if (only !== undefined) return taken.map(([, message]) => message);
    const byKey = Map.groupBy(taken, ([key]) => key);
    const keys = [...byKey].map(
      ([key, each]) => [key, each.map(([, message]) => message)] as const,
    );
    return Object.fromEntries(keys);
  }

  update<K extends keyof D & string>(
    key: K,
    fn: (value: D[K]) => Present<D[K]> | typeof REMOVE,
  ): Promise<D[K]> {
    return this.#inTurn("update a value", async (deadline) => {
      checkKey(key, describeKey(key));
      this.#checkInTime("update a value");
      this.#checkReach("update a value");
      const value = await this.#stay.update(key, (newest) => fn(newest as D[K]), deadline);
      return value as D[K];
    });
  }

  consume<K extends keyof D & string>(key: K): Promise<D[K] | undefined> {
    return this.#inTurn("consume a value", async (deadline) => {
      if (!this.#stay.draft.isOwn(key)) return undefined;
      this.#checkInTime("consume a value");
      this.#checkReach("consume a value");
      let consumed: D[K] | undefined;
      const remove = (value: unknown, isStored: boolean): typeof REMOVE => {
        consumed = isStored ? (value as D[K]) : undefined;
        return REMOVE;
      };
      await this.#stay.update(key, remove, deadline);
      return consumed;
    });
  }

  signIn(userId: string, options: SignInOptions<D> = {}): Promise<void> {
    return this.#inTurn("sign in", async (deadline) => {
      checkUserId("signIn(userId)", userId);
      requireKnownKeys("signIn", options, ["keep", "persistent"]);
      if (options.keep !== undefined) checkKeys("signIn(keep)", options.keep, ["all", "none"]);
      this.#checkCookie("sign in");
      this.#checkReach("sign in");
      // The form was sent with a cookie that had already died: the visitor means to start anew.
      const isDead = this.#wasDetached && this.isEnded;
      if (isDead || this.#stay.isPastEnd(deadline.now)) this.#stay.restart(deadline.now);
      this.#refuseEnded("sign in");
      const choices = this.#choicesFor(userId, options);
      this.#stay.draft.persistent = undefined;
      await this.#stay.signIn({ userId, device: this.#device(), ...choices }, deadline);
    });
  }

  signOut(options: SignOutOptions<D> = {}): Promise<void> {
    return this.#inTurn("sign out", async (deadline) => {
      if (this.isEnded) return;
      requireKnownKeys("signOut", options, ["keep"]);
      const { keep = [] } = options;
      checkKeys("signOut(keep)", keep);
      this.#checkCookie("sign out");
      // What a new session would hold is lost where no cookie leads to it.
      const isReachable = this.#stay.record !== undefined || this.#around.obstacle === undefined;
      await this.#stay.signOut(isReachable ? keep : [], deadline);
    });
  }

  regenerate(): Promise<void> {
    return this.#inTurn("regenerate", async (deadline) => {
      this.#checkCookie("regenerate");
      this.#refuseEnded("regenerate");
      await this.#stay.regenerate(deadline);
    });
  }

  destroy(): Promise<void> {
    return this.#inTurn("destroy the session", async (deadline) => {
      if (this.isEnded) return;
      this.#checkCookie("destroy the session");
      await this.#stay.destroy(deadline);
    });
  }

  save(): Promise<void> {
    return this.#inTurn("save", async (deadline) => {
      const gathered = this.#stay.draft.gathered();
      if (gathered === undefined) return;
      this.#checkInTime("save");
      this.#checkReach("save");
      await this.#stay.commit(gathered, deadline);
    });
  }

  #inTurn<T>(attempt: string, transition: (deadline: Deadline) => Promise<T>): Promise<T> {
    const deadline = this.#around.startDeadline();
    return this.#stay.turns.take(async () => {
      try {
        this.#checkPrefetch(attempt);
        return await transition(deadline);
      } catch (error) {
        throw this.#around.failed(error);
      }
    });
  }

  /** Whether a message is to be shown again, as nobody may have seen it. */
  #staysWaiting(): boolean {
    const { request, isPrefetch } = this.#around;
    return request.method === "HEAD" || isPrefetch || this.#isTooLate();
  }

  #checkChange(attempt: string): void {
    this.#told(() => {
      this.#checkPrefetch(attempt);
      if (this.#around.phase === "ended") throw new HeadersSentError(attempt);
      if (this.#stay.condition === "destroyed") throw new SessionEndedError(attempt);
      this.#checkInTime(attempt);
      this.#around.changing();
    });
  }

  /** Notes the failure that the application is told of at once. */
  #told<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw this.#around.failed(error);
    }
  }

  #checkInTime(attempt: string): void {
    if (this.#isTooLate()) throw new HeadersSentError(attempt);
  }

  /** Whether a write could not be told to the browser any more, which has to know of it. */
  #isTooLate(): boolean {
    const needsCookie = this.#stay.condition === "new" || this.#engine.recordsIn === "cookie";
    return needsCookie && this.#around.phase !== "open";
  }

  #checkPrefetch(attempt: string): void {
    if (this.#around.isPrefetch) throw new PrefetchError(attempt);
  }

  #checkCookie(attempt: string): void {
    if (this.#around.phase !== "open") throw new HeadersSentError(attempt);
  }

  /** Whoever has a session has come by a connection that carries its cookie. */
  #checkReach(attempt: string): void {
    if (this.#stay.record !== undefined) return;
    const { obstacle } = this.#around;
    if (obstacle !== undefined) throw new InsecureConnectionError(attempt, obstacle);
  }

  #refuseEnded(attempt: string): void {
    if (this.isEnded) throw new SessionEndedError(attempt);
  }

  /** What a sign-in takes along, where the options leave it open. */
  #choicesFor(userId: string, options: SignInOptions<D>): Pick<SignIn, "keep" | "persistent"> {
    const before = this.#stay.facts;
    const isSameUser = before.userId === userId;
    const isSameVisitor = isSameUser || before.userId === undefined;
    // A wish of this request is the visitor's own, unless it was another user's.
    const wish = isSameVisitor ? this.#stay.draft.persistent : undefined;
    return {
      keep: options.keep ?? (isSameVisitor ? "all" : "none"),
      persistent: options.persistent ?? wish ?? (isSameUser && before.persistent),
    };
  }

  #device(): string | undefined {
    const agent = this.#around.request.header("user-agent");
    return agent?.replace(/[^\x20-\x7e]+/g, " ").slice(0, MAX_DEVICE_LENGTH);
  }
}
