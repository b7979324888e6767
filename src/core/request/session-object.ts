import {
  type AskedLifetime,
  absoluteEndOf,
  type Clocked,
  endOf,
  idleEndOf,
  policyOnWish,
} from "../clocks.ts";
import type { Label } from "../commit/edit.ts";
import { type Duration, durationMs } from "../duration.ts";
import type { Engine } from "../engine.ts";
import {
  HeadersSentError,
  InsecureConnectionError,
  OptionsError,
  SessionEndedError,
  SessionLockedError,
} from "../errors.ts";
import { type Factors, factorsIn, provedFactors } from "../factors.ts";
import { isFreshAt } from "../freshness.ts";
import { checkKey, describeKey, type JsonValue } from "../json.ts";
import type { Keep } from "../keeping.ts";
import type { SignIn } from "../lifecycle/new-record.ts";
import { namingText } from "../naming.ts";
import { namingIn } from "../notes.ts";
import { checkKeys, checkUserId, requireKnownKeys } from "../option-checks.ts";
import type { EpochMs } from "../record.ts";
import {
  type ExclusiveOptions,
  type FreshOptions,
  REMOVE,
  type Session,
  type SignInOptions,
  type SignOutOptions,
  type ValueOptions,
} from "../session.ts";
import type { Present, StorableItem } from "../storable.ts";
import { newCommitId } from "../token.ts";
import { refuseAssignments } from "./assignments.ts";
import { deviceOf } from "./device.ts";
import type { Wishes } from "./draft.ts";
import { Exclusive, type Work } from "./exclusive.ts";
import { exclusiveTerms } from "./exclusive-terms.ts";
import { checkPrefetch, inTurn, type Transition } from "./in-turn.ts";
import type { SessionState } from "./session-state.ts";
import { Turns } from "./turns.ts";
import { dueAtOf } from "./value-options.ts";

const LIFETIME_OPTIONS = ["idleTimeout", "absoluteTimeout", "endsAt"] as const;
const NAMING_OPTIONS = ["label", "place"] as const;
const SIGN_IN_OPTIONS: readonly string[] = [
  "keep",
  "factors",
  "authenticatedAt",
  "persistent",
  ...LIFETIME_OPTIONS,
  ...NAMING_OPTIONS,
];

type DoWork<D extends object, R> = (...given: Parameters<Work<D, R>>) => R;

/** What stands behind a session object. */
export interface Behind {
  readonly engine: Engine;
  readonly state: SessionState;
  /** Whether the visitor came with a session that had ended. */
  readonly wasDetached: boolean;
}

/** The session that the application sees: each call is checked, then handed to the state. */
export class SessionObject<D extends object> implements Session<D> {
  readonly #engine: Engine;
  readonly #state: SessionState;
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

  /** What stands behind a session of ours, for what the manager does with it. */
  static behind(session: object): Behind | undefined {
    if (!(#state in session)) return undefined;
    return { engine: session.#engine, state: session.#state, wasDetached: session.#wasDetached };
  }

  constructor(engine: Engine, state: SessionState) {
    this.#engine = engine;
    this.#state = state;
    this.#isNew = state.condition === "new";
    this.#wasDetached = state.condition === "detached";
    this.#lastSeenAt = state.facts.lastSeenAt;
  }

  get<K extends keyof D & string>(key: K): D[K] {
    return this.#state.draft.get(key) as D[K];
  }

  has(key: keyof D & string): boolean {
    return this.#state.draft.has(key);
  }

  *entries<K extends keyof D & string = keyof D & string>(): IterableIterator<[K, D[K]]> {
    for (const key of this.#state.draft.keys() as K[]) yield [key, this.get(key)];
  }

  get id(): string {
    return this.#state.id;
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  get isEnded(): boolean {
    return this.#state.condition === "detached" || this.#state.condition === "destroyed";
  }

  get userId(): string | undefined {
    return this.#state.facts.userId;
  }

  get createdAt(): number {
    return this.#state.facts.createdAt;
  }

  get lastSeenAt(): number {
    return this.#lastSeenAt;
  }

  get expiresAt(): number {
    return endOf(this.#clocks());
  }

  get idleEndsAt(): number {
    return idleEndOf(this.#clocks());
  }

  get endsAt(): number {
    return absoluteEndOf(this.#clocks());
  }

  get authenticatedAt(): number | undefined {
    return this.#state.facts.authenticatedAt;
  }

  get factors(): Factors {
    return factorsIn(this.#state.facts);
  }

  isFresh(maxAge: Duration, options: FreshOptions = {}): boolean {
    const { notes } = this.#state;
    return isFreshAt(
      { authenticatedAt: this.authenticatedAt, notes },
      maxAge,
      options,
      this.#engine.environment.now(),
    );
  }

  get persistent(): boolean {
    return this.#state.draft.persistent ?? this.#state.facts.persistent;
  }

  set persistent(value: boolean) {
    const attempt = "change persistent";
    this.#checkChange(attempt);
    this.#checkCookie(attempt);
    if (typeof value !== "boolean") throw new OptionsError("persistent", "it is true or false.");
    this.#checkRemembers(value);
    const isAsStored = value === this.#state.facts.persistent && !this.#state.isBusy;
    this.#state.draft.persistent = isAsStored ? undefined : value;
  }

  get label(): string | undefined {
    const wish = this.#state.draft.label;
    return wish === undefined ? namingIn(this.#state.facts).label : wish.text;
  }

  set label(value: string | undefined) {
    this.#checkChange("change label");
    const text = this.#told(() => namingText("session.label", value));
    const isAsStored = text === namingIn(this.#state.facts).label && !this.#state.isBusy;
    this.#state.draft.label = isAsStored ? undefined : { text };
  }

  get place(): string | undefined {
    return namingIn(this.#state.facts).place;
  }

  set<K extends keyof D & string>(
    key: K,
    value: Exclude<D[K], undefined>,
    options?: ValueOptions,
  ): void {
    this.#checkChange("set a value");
    this.#told(() => {
      const { now } = this.#engine.environment;
      const dueAt = dueAtOf("set", options, now);
      this.#state.draft.set(key, value, dueAt);
    });
  }

  delete(key: keyof D & string): void {
    this.#checkChange("delete a key");
    this.#state.draft.delete(key);
  }

  clear(): void {
    this.#checkChange("clear the data");
    this.#state.draft.clear();
  }

  flash<V>(key: string, value: V & StorableItem<V>): void {
    this.#checkChange("leave a message");
    const copy = this.#told((): JsonValue => {
      checkKey(key, `flash.${describeKey(key)}`);
      return JSON.parse(this.#engine.shape.codec.encode(value, `flash.${key}`));
    });
    this.#state.draft.flash([newCommitId(this.#engine.environment.random), key, copy]);
  }

  take<V = JsonValue>(key: string): V | undefined {
    const message: unknown = this.#state.draft.take(key, this.#staysWaiting());
    if (message !== undefined) this.#state.onChange?.();
    return message as V | undefined;
  }

  takeAll<V = JsonValue>(key: string): V[];
  takeAll<V = JsonValue>(): Record<string, V[]>;
  takeAll(only?: string): unknown[] | Record<string, unknown[]> {
    const taken = this.#state.draft.takeAll(only, this.#staysWaiting());
    if (taken.length > 0) this.#state.onChange?.();
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
    options?: ValueOptions,
  ): Promise<D[K]> {
    const asked = this.#state.draft.concerning(key);
    return this.#inTurn("update a value", async (deadline) => {
      checkKey(key, describeKey(key));
      this.#checkInTime("update a value");
      this.#checkReach("update a value");
      const dueAt = dueAtOf("update", options, () => deadline.now);
      const updater = (newest: unknown): unknown => fn(newest as D[K]);
      return (await this.#state.update(key, updater, asked, deadline, dueAt)) as D[K];
    });
  }

  consume<K extends keyof D & string>(key: K): Promise<D[K] | undefined> {
    const asked = this.#state.draft.concerning(key);
    const wasOwn = this.#state.draft.isOwn(key);
    return this.#inTurn("consume a value", async (deadline) => {
      if (!wasOwn && !this.#state.draft.isOwn(key)) return undefined;
      this.#checkInTime("consume a value");
      this.#checkReach("consume a value");
      let consumed: D[K] | undefined;
      const remove = (value: unknown, isStored: boolean): typeof REMOVE => {
        consumed = isStored ? (value as D[K]) : undefined;
        return REMOVE;
      };
      await this.#state.update(key, remove, asked, deadline);
      return consumed;
    });
  }

  async exclusive<R>(
    name: string,
    ...rest: readonly [DoWork<D, R>] | readonly [ExclusiveOptions, DoWork<D, R>]
  ): Promise<Awaited<R>> {
    const exclusive = this.#told(() => {
      const attempt = "do exclusive work";
      const [options, work] = rest.length === 1 ? [{}, rest[0]] : rest;
      const terms = exclusiveTerms(name, options, work);
      checkPrefetch(this.#state, attempt);
      this.#refuseEnded(attempt);
      this.#refuseLocked(attempt);
      this.#checkInTime(attempt);
      this.#checkReach(attempt);
      const doWork: Work<D, Awaited<R>> = (...given) => Promise.resolve(work(...given));
      return new Exclusive(this.#engine, this.#state, terms, doWork);
    });
    return exclusive.result();
  }

  signIn(userId: string, options: SignInOptions<D> = {}): Promise<void> {
    return this.#inTurnForCookie("sign in", async (deadline, before) => {
      checkUserId("signIn(userId)", userId);
      requireKnownKeys("signIn", options, SIGN_IN_OPTIONS);
      if (options.keep !== undefined) checkKeys("signIn(keep)", options.keep, ["all", "none"]);
      this.#checkRemembers(options.persistent);
      this.#checkCookie("sign in");
      this.#checkReach("sign in");
      // The form was sent with a cookie that had already died: the visitor means to start anew.
      const isDead = this.#wasDetached && this.isEnded;
      if (isDead || this.#state.isPastEnd(deadline.now)) this.#state.restart(deadline.now, before);
      this.#refuseEnded("sign in");
      const { now } = deadline;
      const authenticatedAt = authenticatedIn(options, now);
      const factors =
        options.factors && provedFactors("signIn(factors)", options.factors, now, authenticatedAt);
      const lifetime = lifetimeIn(options, deadline.now);
      const device = deviceOf(this.#state.request);
      const { locked } = this.#state;
      // Who reads nothing in it, nor whose it is, cannot mean that its data go over to somebody else.
      const isOthers = locked !== undefined && locked.userId !== userId;
      const asked: SignInOptions<D> = isOthers ? { ...options, keep: "none" } : options;
      await this.#state.unlocking(() => {
        const wishes = this.#state.draft.takeWishes(before);
        const choices = this.#choicesFor(userId, asked, wishes);
        const signIn = { userId, device, lifetime, factors, authenticatedAt, ...choices };
        return this.#state.signIn(signIn, deadline, before);
      });
    });
  }

  signOut(options: SignOutOptions<D> = {}): Promise<void> {
    return this.#inTurnForCookie("sign out", async (deadline, before) => {
      if (this.isEnded) return;
      requireKnownKeys("signOut", options, ["keep"]);
      const { keep = [] } = options;
      checkKeys("signOut(keep)", keep);
      this.#checkCookie("sign out");
      // What a new session would hold is lost where no cookie leads to it.
      const isReachable = this.#state.record !== undefined || this.#state.obstacle === undefined;
      await this.#state.signOut(isReachable ? keep : [], deadline, before);
    });
  }

  regenerate(): Promise<void> {
    return this.#inTurnForCookie("regenerate", async (deadline) => {
      this.#checkCookie("regenerate");
      this.#refuseEnded("regenerate");
      this.#refuseLocked("regenerate");
      await this.#state.regenerate(deadline);
    });
  }

  destroy(): Promise<void> {
    return this.#inTurnForCookie("destroy the session", async (deadline, before) => {
      if (this.isEnded) return;
      this.#checkCookie("destroy the session");
      await this.#state.destroy(deadline, before);
    });
  }

  save(): Promise<void> {
    return this.#inTurn("save", async (deadline, before) => {
      // A sign-out that waits behind it must not find what is to be the next session's.
      const gathered = this.#state.draft.gatheredBy(before);
      if (gathered === undefined) return;
      this.#checkInTime("save");
      this.#checkReach("save");
      await this.#state.commit(gathered, deadline);
    });
  }

  #inTurn<T>(attempt: string, transition: Transition<T>): Promise<T> {
    return inTurn(this.#state, attempt, transition);
  }

  /** Once the response has begun it comes too late, which need not wait for what is under way. */
  #inTurnForCookie<T>(attempt: string, transition: Transition<T>): Promise<T> {
    const isTooLate = this.#state.phase !== "open";
    return inTurn(this.#state, attempt, transition, isTooLate ? new Turns() : this.#state.turns);
  }

  /** Whether a message is to be shown again, as nobody may have seen it. */
  #staysWaiting(): boolean {
    const { request, isPrefetch, isTooLate } = this.#state;
    return request.method === "HEAD" || isPrefetch || isTooLate;
  }

  #checkChange(attempt: string): void {
    this.#told(() => {
      checkPrefetch(this.#state, attempt);
      if (this.#state.phase === "ended") throw new HeadersSentError(attempt);
      if (this.#state.condition === "destroyed") throw new SessionEndedError(attempt);
      this.#refuseLocked(attempt);
      if (this.#state.isTooLateToGather) throw new HeadersSentError(attempt);
      this.#state.onChange?.();
    });
  }

  /** Notes the failure that the application is told of at once. */
  #told<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw this.#state.failures.told(error);
    }
  }

  #checkInTime(attempt: string): void {
    if (this.#state.isTooLate) throw new HeadersSentError(attempt);
  }

  #checkCookie(attempt: string): void {
    if (this.#state.phase !== "open") throw new HeadersSentError(attempt);
  }

  /** Whoever has a session has come by a connection that carries its cookie. */
  #checkReach(attempt: string): void {
    if (this.#state.record !== undefined) return;
    const { obstacle } = this.#state;
    if (obstacle !== undefined) throw new InsecureConnectionError(attempt, obstacle);
  }

  #checkRemembers(persistent: boolean | undefined): void {
    if (persistent !== true || this.#engine.policies.remembersNobody !== true) return;
    throw new OptionsError(
      "persistent",
      "createSessions says `persistent: false`, so that nobody is remembered beyond the browser's end.",
    );
  }

  #refuseLocked(attempt: string): void {
    if (this.#state.condition === "locked") throw new SessionLockedError(attempt);
  }

  #refuseEnded(attempt: string): void {
    if (this.isEnded) throw new SessionEndedError(attempt);
  }

  /** With what the visitor wishes about being remembered, once that is stored. */
  #clocks(): Clocked {
    const { facts } = this.#state;
    const wish = this.#state.draft.persistent;
    if (wish === undefined) return facts;
    const now = this.#engine.environment.now();
    const policy = policyOnWish(this.#engine.policies, facts, wish, now);
    return { ...facts, ...policy, lastSeenAt: Math.max(facts.lastSeenAt, now) };
  }

  #usualKeep(userId: string): Keep {
    const { userId: before } = this.#state.facts;
    if (before === undefined) return this.#engine.keepAtSignIn;
    return before === userId ? "all" : "none";
  }

  /** What a sign-in takes along, where the options leave it open. */
  #choicesFor(
    userId: string,
    options: SignInOptions<D>,
    { persistent, label }: Wishes,
  ): Pick<SignIn, "keep" | "persistent" | "label" | "place"> {
    const before = this.#state.facts;
    const isSameUser = before.userId === userId;
    const isSameVisitor = isSameUser || before.userId === undefined;
    // A wish of this request is the visitor's own, unless it was another user's.
    const wish = isSameVisitor ? persistent : undefined;
    return {
      keep: options.keep ?? this.#usualKeep(userId),
      persistent: options.persistent ?? wish ?? (isSameUser && before.persistent),
      label: named("label", options) ?? (isSameVisitor ? label : undefined),
      place: named("place", options),
    };
  }
}

/** What a sign-in says of the device, or of the place; `undefined` if nothing. */
function named(
  option: (typeof NAMING_OPTIONS)[number],
  { [option]: value }: Pick<SignInOptions<object>, (typeof NAMING_OPTIONS)[number]>,
): Label | undefined {
  return value === undefined ? undefined : { text: namingText(`signIn(${option})`, value) };
}

/** When the user proved who they are, if that is said. */
function authenticatedIn(
  { authenticatedAt }: Pick<SignInOptions<object>, "authenticatedAt">,
  now: EpochMs,
): EpochMs | undefined {
  if (authenticatedAt === undefined) return undefined;
  const isPast = Number.isFinite(authenticatedAt) && authenticatedAt >= 0 && authenticatedAt <= now;
  if (isPast) return Math.floor(authenticatedAt);
  throw new OptionsError(
    "signIn(authenticatedAt)",
    "it is no moment that has been. Write epoch milliseconds: of an ID token, auth_time * 1000.",
  );
}

/** The lifetime that a sign-in asks for; `undefined` if none. */
function lifetimeIn(
  {
    idleTimeout,
    absoluteTimeout,
    endsAt,
  }: Pick<SignInOptions<object>, (typeof LIFETIME_OPTIONS)[number]>,
  now: EpochMs,
): AskedLifetime | undefined {
  if (idleTimeout === undefined && absoluteTimeout === undefined && endsAt === undefined) {
    return undefined;
  }
  if (endsAt !== undefined && !(Number.isFinite(endsAt) && endsAt > now)) {
    throw new OptionsError(
      "signIn(endsAt)",
      "it is no moment to come. Write epoch milliseconds: of a JWT, exp * 1000.",
    );
  }
  const msOf = (option: string, value: Duration | undefined): number | undefined =>
    value === undefined ? undefined : durationMs(`signIn(${option})`, value);
  return {
    idleTimeoutMs: msOf("idleTimeout", idleTimeout),
    absoluteTimeoutMs: msOf("absoluteTimeout", absoluteTimeout),
    endsAt: endsAt && Math.floor(endsAt),
  };
}
