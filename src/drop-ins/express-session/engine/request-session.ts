import { HeadersSentError } from "../../../core/errors.ts";
import { SessionObject } from "../../../core/request/session-object.ts";
import type { SessionState } from "../../../core/request/session-state.ts";
import type { Visit } from "../../../core/request/visit.ts";
import type { Session as EngineSession } from "../../../core/session.ts";
import type { CommitId } from "../../../core/token.ts";
import { Cookie, type CookieOptions } from "../cookie.ts";
import {
  type CookieSource,
  KEPT,
  type SeenRequest,
  type SessionExchange,
} from "./session-exchange.ts";
import { isSession, retireSession, type SessionKeeper, showSession } from "./session-face.ts";
import { COOKIE_KEY, LiveValues } from "./session-values.ts";
import { type EngineSettings, newCookie } from "./settings.ts";

type Untyped = Record<string, unknown>;

/** What stands behind a request's session. */
interface Opened {
  readonly session: EngineSession<Untyped>;
  readonly visit: Visit;
  /** Ends a session by its id. */
  readonly revoke: (id: string) => Promise<unknown>;
}

/** One request's session, between `req.session` and the engine. */
export class RequestSession implements SessionKeeper, CookieSource {
  readonly request: SeenRequest;
  readonly #settings: EngineSettings;
  readonly #exchange: SessionExchange;
  readonly #session: EngineSession<Untyped>;
  readonly #state: SessionState;
  readonly #visit: Visit;
  readonly #revoke: Opened["revoke"];
  #values: LiveValues | undefined;
  /** What was stored as the request came, and whose that was by its data. */
  readonly #loadedVersion: CommitId | undefined;
  #knownUserId: string | undefined;
  #cookie: Cookie | undefined;
  /** As the cookie was before the application has seen it. */
  #usualMaxAge: number | null | undefined;
  #hasNewCookie = false;
  #isDrawing = false;
  /** Over when the last `save` is, well or not. */
  #saving: Promise<void> | undefined;

  constructor(
    settings: EngineSettings,
    exchange: SessionExchange,
    { session, visit, revoke }: Opened,
  ) {
    const behind = SessionObject.behind(session);
    if (behind === undefined) throw new TypeError("The session is of another copy of sojourn.");
    this.request = exchange.raw;
    this.#settings = settings;
    this.#exchange = exchange;
    this.#session = session;
    this.#state = behind.state;
    this.#visit = visit;
    this.#revoke = revoke;
    this.#loadedVersion = this.#state.record?.version;
    this.#knownUserId = settings.userIdOf(this.#state.draft.stored.view);
  }

  /** Gives the request its session. Whatever it had for one holds what it held. */
  show(): void {
    retireSession(this.request.session);
    this.#values = new LiveValues(this.#session, this.#state);
    this.request.session = showSession(this, this.#values);
    // That of a new session has still to be drawn: it is, where somebody asks for it.
    const { record } = this.#state;
    if (record === undefined) Object.defineProperty(this.request, "sessionID", DRAWN_ID);
    else if (this.#isDrawing) Object.defineProperty(this.request, "sessionID", drawn(record.id));
    else this.request.sessionID = record.id;
    this.#isDrawing = record === undefined;
  }

  get id(): string {
    return this.#session.id;
  }

  get cookie(): Cookie {
    if (this.#cookie !== undefined) return this.#cookie;
    const cookie = newCookie(this.#settings, this.#exchange);
    const own = this.#storedCookie;
    this.#usualMaxAge = cookie.originalMaxAge;
    if (own !== undefined) {
      const { originalMaxAge } = own;
      cookie.maxAge = typeof originalMaxAge === "number" ? originalMaxAge : null;
    }
    this.#cookie = cookie;
    return cookie;
  }

  set cookie(cookie: Cookie) {
    const { originalMaxAge } = this.cookie;
    if (cookie instanceof Cookie) this.#cookie = cookie;
    else this.#cookie = new Cookie(cookie);
    if (this.#cookie.originalMaxAge === undefined) this.#cookie.originalMaxAge = originalMaxAge;
  }

  get attributes(): CookieOptions {
    return this.#cookie ?? this.#options;
  }

  get isDue(): boolean {
    const { record } = this.#state;
    if (record === undefined) return false;
    if (this.#settings.rolling || this.#hasNewCookie) return true;
    return record.version !== this.#loadedVersion && this.#isLasting;
  }

  /** Whether the browser keeps the cookie when it is closed. */
  get #isLasting(): boolean {
    if (this.#cookie !== undefined) return this.#cookie.expires instanceof Date;
    const own = this.#storedCookie;
    const { maxAge, expires } = this.#options;
    return own === undefined ? Boolean(maxAge || expires) : typeof own.originalMaxAge === "number";
  }

  get #options(): CookieOptions {
    return this.#settings.cookieOptions(this.request);
  }

  get #storedCookie(): Partial<Cookie> | undefined {
    return this.#state.draft.stored.view[COOKIE_KEY] as Partial<Cookie> | undefined;
  }

  async save(): Promise<void> {
    const lost = this.#values?.lost;
    if (lost !== undefined) throw lost;
    const saved = this.#settleAndSave();
    this.#saving = saved.catch(() => {});
    await saved;
  }

  async #settleAndSave(): Promise<void> {
    await this.#settle();
    await this.#session.save();
  }

  async reload(): Promise<void> {
    retireSession(this.request.session);
    try {
      // What nobody waited for is not to be taken away before it is stored.
      await this.#saving;
      const isStored = this.#state.record !== undefined;
      const reason = await this.#readAnew();
      if (!isStored || reason !== undefined) throw new Error("failed to load session");
    } finally {
      this.#cookie = undefined;
      this.show();
    }
  }

  #readAnew(): Promise<unknown> {
    const state = this.#state;
    return state.turns.take(() => {
      state.draft.drop();
      return state.refresh(state.failures.startDeadline());
    });
  }

  async destroy(): Promise<void> {
    retireSession(this.request.session);
    delete this.request.session;
    await this.#end();
  }

  async regenerate(): Promise<void> {
    retireSession(this.request.session);
    await this.#end();
    this.show();
  }

  /** Begins another session in the place of this one, as `store.generate` does: nothing is ended. */
  generate(): void {
    retireSession(this.request.session);
    this.#session.clear();
    this.#cookie = undefined;
    this.show();
  }

  /**
   * What is to be done before the response's headers, and before anything is stored; `undefined`
   * where there is nothing.
   */
  beforeHeaders(status: number): Promise<void> | undefined {
    if (status >= 500 || this.#visit.phase !== "open" || this.#state.isPrefetch) return undefined;
    const { session } = this.request;
    if (!session) return this.#unset();
    if (isSession(session)) return this.#settle();
    if (this.#session.isEnded) return undefined;
    throw new TypeError(REPLACED);
  }

  /** What `req.session = null` means. */
  #unset(): Promise<void> | undefined {
    if (this.#settings.destroysUnset) return this.#end();
    this.#state.draft.drop();
    return undefined;
  }

  async #end(): Promise<void> {
    this.#state.draft.drop();
    try {
      await this.#session.signOut();
    } catch (error) {
      if (!(error instanceof HeadersSentError)) throw error;
      await this.#endLate();
    }
    this.#knownUserId = undefined;
    this.#cookie = undefined;
  }

  /** The cookie cannot be taken back any more: what it opens can. */
  async #endLate(): Promise<void> {
    const { record } = this.#state;
    if (record === undefined) return;
    await this.#revoke(record.id);
    await this.#readAnew();
  }

  /** Brings the engine's own words up to what the data and the cookie say. */
  #settle(): Promise<void> | undefined {
    if (this.#session.isEnded) return undefined;
    this.#settleCookie();
    return this.#settleUser();
  }

  #settleCookie(): void {
    const cookie = this.#cookie;
    if (cookie === undefined) return;
    const own = this.#state.draft.get(COOKIE_KEY) as Partial<Cookie> | undefined;
    const stored = own === undefined ? this.#usualMaxAge : own.originalMaxAge;
    const { originalMaxAge } = cookie;
    if (originalMaxAge === stored || this.#isNothing) return;
    this.#hasNewCookie = true;
    if (originalMaxAge === this.#usualMaxAge) this.#session.delete(COOKIE_KEY);
    else {
      // What is no number no cookie can be made of: this response says so, and none after it.
      const isTime = typeof originalMaxAge === "number";
      this.#session.set(COOKIE_KEY, { originalMaxAge: isTime ? originalMaxAge : null });
    }
    const isRemembered =
      typeof originalMaxAge === "number" && typeof this.#usualMaxAge !== "number";
    if (isRemembered !== this.#session.persistent) this.#session.persistent = isRemembered;
  }

  /** Whether there is no session but for its cookie, which alone is none. */
  get #isNothing(): boolean {
    const { record, draft } = this.#state;
    return record === undefined && draft.gathered() === undefined;
  }

  /** Signs in, or out, whom the data says so of: passport knows no other words. */
  #settleUser(): Promise<void> | undefined {
    const known = this.#knownUserId;
    const wanted = this.#wantedUserId;
    const { userId } = this.#session;
    if (wanted === undefined) {
      const isOver = known !== undefined && userId === known;
      return isOver ? this.#moveTo(undefined) : undefined;
    }
    const isDecided = wanted === known && userId !== undefined;
    return userId === wanted || isDecided ? undefined : this.#moveTo(wanted);
  }

  get #wantedUserId(): string | undefined {
    const { session } = this.request;
    return session ? this.#settings.userIdOf(session as unknown as Untyped) : undefined;
  }

  async #moveTo(userId: string | undefined): Promise<void> {
    const keys = this.#state.draft.keys();
    if (userId === undefined) await this.#session.signOut({ keep: keys });
    else await this.#session.signIn(userId, { keep: "all" });
    this.#knownUserId = userId;
  }
}

const REPLACED =
  "req.session was replaced by an object that is no session, and cannot be stored. Write " +
  "Object.assign(req.session, { … }), after regenerate() where it is to hold nothing else.";

const DRAWN_ID: PropertyDescriptor & ThisType<SeenRequest> = {
  configurable: true,
  enumerable: true,
  get() {
    return this[KEPT]?.id;
  },
  set(value: string) {
    Object.defineProperty(this, "sessionID", drawn(value));
  },
};

function drawn(value: string): PropertyDescriptor {
  return { configurable: true, enumerable: true, writable: true, value };
}
