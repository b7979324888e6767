import type { DefaultContext, DefaultState, Middleware, ParameterizedContext } from "koa";
import type { Sessions } from "../../core/sessions.ts";
import type { SessionStore } from "../../core/store.ts";
import type { Untyped } from "../../create-sessions.ts";

/** A context of Koa, as hooks and stores are given it. */
// biome-ignore lint/suspicious/noExplicitAny: a body is whatever the application answers.
export type Context<S = DefaultState, C = DefaultContext> = ParameterizedContext<S, C, any>;

/** The session of a request: what the application puts there, and koa-session's own. */
export interface Session {
  /** Whether it did not come with the request. */
  readonly isNew: boolean;
  /** How many keys it has. */
  readonly length: number;
  /** Whether it has any. */
  readonly populated: boolean;
  /** The key of its record, where there is a store. */
  readonly externalKey?: string | undefined;
  /** How long it lives, in ms; `"session"`: until the browser is closed. Assigning saves it. */
  maxAge: number | "session" | undefined;
  /** What it holds, as JSON carries it. */
  toJSON(): object;
  /** Saves it, changed or not. */
  save(callback?: Callback): Promise<void>;
  /** Gives it a new key and keeps what it holds. */
  regenerate(callback?: Callback): Promise<void>;
  /** Does what is otherwise done when all middlewares are: for `autoCommit: false`. */
  manuallyCommit(): Promise<void>;
  /** Any value that JSON carries. */
  // biome-ignore lint/suspicious/noExplicitAny: as in the types of koa-session.
  [key: string]: any;
}

/** Called when it is done, or has failed. */
export type Callback = (error?: Error) => void;

/** What a session is in a store, or in its cookie: what it holds, and until when. */
export interface StoredSession {
  _expire?: number;
  _maxAge?: number;
  _session?: true;
  [key: string]: unknown;
}

/** Where records are kept, as koa-session asks it. Each may answer by a promise. */
export interface ExternalStore {
  /** The record of a key; nothing where there is none. */
  get(key: string, maxAge: number | "session" | undefined, about: AboutGet): unknown;
  /** Keeps a record for `maxAge` ms. */
  set(key: string, session: StoredSession, maxAge: number | "session", about: AboutSet): unknown;
  /** Forgets a record. */
  destroy(key: string, about: { ctx: Context }): unknown;
}

/** What a store is told of the request that reads. */
export interface AboutGet {
  readonly ctx: Context;
  readonly rolling: boolean | undefined;
}

/** What a store is told of the request that writes. */
export interface AboutSet extends AboutGet {
  readonly changed: boolean;
}

/** Where a key travels in place of the cookie. */
export interface ExternalKey {
  get(ctx: Context): string | undefined;
  set(ctx: Context, key: string): void;
}

/** The options of {@link createSession}, as koa-session has them; all of them go to Koa's cookies, too. */
export interface SessionOptions {
  /** The name of the cookie. @defaultValue `"koa.sess"` */
  key: string;
  /** How long a session lives, in ms; `"session"`: until the browser is closed. @defaultValue a day */
  maxAge?: number | "session" | undefined;
  /** Whether changes are saved when all middlewares are done. @defaultValue `true` */
  autoCommit: boolean;
  /** Whether it takes the place of cookies of its name in the same response. @defaultValue `true` */
  overwrite: boolean;
  /** Whether it is hidden from scripts. @defaultValue `true` */
  httpOnly: boolean;
  /** Whether a signature by `app.keys` stands beside it. @defaultValue `true` */
  signed: boolean;
  /** Whether each response begins the time anew. @defaultValue `false` */
  rolling: boolean;
  /** Whether a response does where half of the time is over. @defaultValue `false` */
  renew: boolean;
  /** Whether it is sent over HTTPS only. @defaultValue whether the connection is */
  secure?: boolean | undefined;
  /** Whether other sites' pages make the browser send it. @defaultValue left out */
  sameSite?: string | boolean | null | undefined;
  /** @defaultValue `"/"` */
  path?: string | undefined;
  /** @defaultValue none: this host alone */
  domain?: string | undefined;
  /** When the cookie ends, where `maxAge` does not say. */
  expires?: Date | undefined;
  /** @defaultValue none */
  priority?: "low" | "medium" | "high" | undefined;
  /** One cookie per embedding site (CHIPS). @defaultValue `false` */
  partitioned?: boolean | undefined;
  /** Where the key of a record travels. @defaultValue in the cookie */
  externalKey?: ExternalKey | undefined;
  /**
   * Where records are kept: a store made for koa-session, or one of ours, such as `redisStore(client)`.
   * Over one of ours no change is lost and nobody comes back after a sign-out.
   *
   * @defaultValue the session is in its cookie
   */
  store?: ExternalStore | SessionStore | undefined;
  /**
   * Sessions of `createSessions()`, to which `ctx.session` is another face: `sessions.open(ctx)` gives the
   * same session. Their options count; of those here, `autoCommit` and `beforeSave` do.
   *
   * @defaultValue none
   */
  sessions?: Sessions<object> | undefined;
  /** A class of stores, of which each request has its own. */
  ContextStore?: (new (ctx: Context) => ExternalStore) | undefined;
  /** What a cookie holds. @defaultValue JSON in base64 */
  encode: (session: StoredSession) => string;
  /** Reads what `encode` has made. */
  decode: (text: string) => unknown;
  /** Makes the key of a new record. @defaultValue a UUID */
  genid?: ((ctx: Context) => string) | undefined;
  /** What the keys of records begin with; not where there is a `genid`. */
  prefix?: string | undefined;
  /** Whether what was stored is to be believed. */
  valid?: ((ctx: Context, session: StoredSession) => unknown) | undefined;
  /** Called before a session is saved. */
  beforeSave?: ((ctx: Context, session: Session) => void) | undefined;
}

/** The same, all of which may be left out. */
export type CreateSessionOptions = Partial<SessionOptions>;

/** What {@link createSession} makes for `app.use`. */
export interface SessionMiddleware extends Middleware {
  /** Over a store of ours: the sessions themselves, to list, to revoke, and to open by `ctx`. */
  readonly sessions?: Sessions<Untyped>;
}

/** What is added to a context. */
export interface SessionContext {
  /** The session; `null` ends it, an object takes the place of what it holds. */
  get session(): Session | null;
  set session(session: object | null);
  /** The options of this request. */
  readonly sessionOptions: SessionOptions | undefined;
}

declare module "koa" {
  interface BaseContext extends SessionContext {}
}
