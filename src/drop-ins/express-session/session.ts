import type { Cookie } from "./cookie.ts";

/** Called when what was asked of a session is done, or has failed. */
export type SessionCallback = (error?: unknown) => void;

/** What a session asks of the store that its request brought. */
interface StoreOfRequest {
  get(sid: string, callback: (error?: unknown, data?: unknown) => void): unknown;
  set(sid: string, session: unknown, callback: SessionCallback): unknown;
  destroy(sid: string, callback: SessionCallback): unknown;
  regenerate(request: unknown, callback: SessionCallback): unknown;
  createSession(request: unknown, data: unknown): unknown;
}

/** What a session knows of its request. */
export interface RequestOfSession {
  session?: unknown;
  sessionID?: unknown;
  sessionStore?: unknown;
}

/** Who watches over a session within its request. */
export interface SessionWatcher {
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
  readonly #request: RequestOfSession;
  readonly #id: string;
  #watcher: SessionWatcher | undefined;
  /** The session's cookie. */
  declare cookie: Cookie;

  /**
   * @param request - What the session belongs to; its `sessionID` becomes the session's.
   * @param data - What it holds. What a session has by itself is not overwritten.
   */
  constructor(request: RequestOfSession, data?: unknown) {
    this.#request = request;
    this.#id = request.sessionID as string;
    if (typeof data !== "object" || data === null) return;
    const self = this as unknown as Record<string, unknown>;
    for (const key in data) {
      if (!(key in this)) self[key] = data[key as keyof typeof data];
    }
  }

  /** @internal */
  static watch(session: Session, watcher: SessionWatcher): void {
    session.#watcher = watcher;
  }

  /** The request's `sessionID`. */
  get id(): string {
    return this.#id;
  }

  /** The request that the session belongs to. */
  get req(): RequestOfSession {
    return this.#request;
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
    this.#watcher?.saving(this);
    return this.#answer(callback, (done) => this.#store.set(this.#id, this, done));
  }

  /** Reads the session from the store again: `req.session` is then a new object. */
  reload(callback: SessionCallback): this;
  reload(): Promise<void>;
  reload(callback?: SessionCallback): this | Promise<void> {
    return this.#answer(callback, (done) => this.#reload(done));
  }

  /** Ends the session, and takes it from the request. */
  destroy(callback: SessionCallback): this;
  destroy(): Promise<void>;
  destroy(callback?: SessionCallback): this | Promise<void> {
    delete this.#request.session;
    return this.#answer(callback, (done) => this.#store.destroy(this.#id, done));
  }

  /** Ends the session and begins another, empty one: `req.session` and `req.sessionID` are new. */
  regenerate(callback: SessionCallback): this;
  regenerate(): Promise<void>;
  regenerate(callback?: SessionCallback): this | Promise<void> {
    return this.#answer(callback, (done) => this.#store.regenerate(this.#request, done));
  }

  get #store(): StoreOfRequest {
    return this.#request.sessionStore as StoreOfRequest;
  }

  #reload(done: SessionCallback): void {
    const store = this.#store;
    store.get(this.#id, (error, data) => {
      if (!error && data) store.createSession(this.#request, data);
      this.#watcher?.reloaded(this);
      if (error || data) done(error || undefined);
      else done(new Error("failed to load session"));
    });
  }

  #answer(callback: SessionCallback | undefined, ask: (done: SessionCallback) => void) {
    if (typeof callback === "function") {
      ask(callback);
      return this;
    }
    return promised(ask);
  }
}

/**
 * A promise of what is answered by a callback.
 *
 * Who asks and does not look is not punished: `req.session.save();` never was an unhandled rejection.
 */
export function promised(ask: (done: SessionCallback) => void): Promise<void> {
  const promise = new Promise<void>((resolve, reject) => {
    ask((error) => (error ? reject(error) : resolve()));
  });
  promise.catch(() => {});
  return promise;
}
