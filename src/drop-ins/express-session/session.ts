import type { Cookie } from "./cookie.ts";
import type { Failure } from "./failure.ts";

/** Called when what was asked of a session is done, or has failed. */
export type SessionCallback = (error?: Failure) => void;

/** What a session asks of the store that its request brought. */
interface StoreOfRequest {
  get(sid: string, callback: (error?: unknown, data?: unknown) => void): unknown;
  set(sid: string, session: unknown, callback: SessionCallback): unknown;
  destroy(sid: string, callback: SessionCallback): unknown;
  regenerate(request: unknown, callback: SessionCallback): unknown;
  createSession(request: unknown, data: unknown): unknown;
}

/** Under it a session has who watches over it. A property: a Proxy over the session has it, too. */
export const WATCHER: unique symbol = Symbol("watcher");

/** What a session knows of its request. */
export interface RequestOfSession {
  session?: unknown;
  sessionID?: unknown;
  sessionStore?: unknown;
}

/** Who watches over a session. */
export interface SessionWatcher {
  /** Whether what it is told changes nothing any more. */
  readonly isOver: boolean;
  /** The session, as it is now, is being stored. */
  saving(session: Session): void;
  /** Another object may stand for the session. */
  reloaded(session: Session): void;
}

/**
 * The session of one request, as `req.session` has it.
 *
 * Each method that takes a callback gives a promise where none is passed.
 *
 * @example
 * import express from "express";
 * import session from "sojourn/express-session";
 *
 * const app = express().use(session({ secret: "keyboard cat" }));
 * app.post("/again", (req, res, next) => {
 *   req.session.regenerate((error) => {
 *     if (error) next(error);
 *     else req.session.save(() => res.redirect("/"));
 *   });
 * });
 */
export class Session {
  /** The request's `sessionID`. */
  declare readonly id: string;
  /** The request that the session belongs to. */
  declare readonly req: RequestOfSession;
  /** @internal */
  declare [WATCHER]?: SessionWatcher;
  /** The session's cookie. */
  declare cookie: Cookie;

  /**
   * @param request - What the session belongs to; its `sessionID` becomes the session's.
   * @param data - What it holds. What a session has by itself is not overwritten.
   */
  constructor(request: RequestOfSession, data?: unknown) {
    // Properties and no private fields: a Proxy over a session, or what inherits from it, has none of those.
    Object.defineProperties(this, { req: { value: request }, id: { value: request.sessionID } });
    if (typeof data !== "object" || data === null) return;
    const self = this as unknown as Record<string, unknown>;
    for (const key in data) {
      if (!(key in this)) self[key] = data[key as keyof typeof data];
    }
  }

  /** Lets the cookie live as long again as it was to live. */
  touch(): this {
    return this.resetMaxAge();
  }

  /** Sets the cookie's `maxAge` to its `originalMaxAge`. */
  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge;
    return this;
  }

  /** Stores the session now, rather than at the end of the response. */
  save(callback: SessionCallback): this;
  save(): Promise<void>;
  save(callback?: SessionCallback): this | Promise<void> {
    this[WATCHER]?.saving(this);
    return answer(this, callback, (done) => storeOf(this).set(this.id, this, done));
  }

  /** Reads the session from the store again: `req.session` is then a new object. */
  reload(callback: SessionCallback): this;
  reload(): Promise<void>;
  reload(callback?: SessionCallback): this | Promise<void> {
    return answer(this, callback, (done) => reload(this, done));
  }

  /** Ends the session, and takes it from the request. */
  destroy(callback: SessionCallback): this;
  destroy(): Promise<void>;
  destroy(callback?: SessionCallback): this | Promise<void> {
    delete this.req.session;
    return answer(this, callback, (done) => storeOf(this).destroy(this.id, done));
  }

  /** Ends the session and begins another, empty one: `req.session` and `req.sessionID` are new. */
  regenerate(callback: SessionCallback): this;
  regenerate(): Promise<void>;
  regenerate(callback?: SessionCallback): this | Promise<void> {
    return answer(this, callback, (done) => storeOf(this).regenerate(this.req, done));
  }
}

function storeOf({ req }: Session): StoreOfRequest {
  return req.sessionStore as StoreOfRequest;
}

function reload(session: Session, done: SessionCallback): void {
  const store = storeOf(session);
  store.get(session.id, (error, data) => {
    if (!error && data) store.createSession(session.req, data);
    session[WATCHER]?.reloaded(session);
    if (error) done(error);
    else if (data) done();
    else done(new Error("failed to load session"));
  });
}

function answer<Asked extends Session>(
  session: Asked,
  callback: SessionCallback | undefined,
  ask: (done: SessionCallback) => void,
): Asked | Promise<void> {
  if (typeof callback !== "function") return promised(ask);
  ask(callback);
  return session;
}

/**
 * A promise of what is answered by a callback.
 *
 * Who asks and does not look is not punished: `req.session.save();` never was an unhandled rejection.
 * What a store throws at once is thrown, as it always was: a rejection would be seen by nobody then.
 */
export function promised(ask: (done: SessionCallback) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  ask((error) => (error ? reject(error) : resolve()));
  return promise;
}
