import { EventEmitter } from "node:events";
import { callable } from "./callable.ts";
import type { Done } from "./connect-store.ts";
import { Cookie, type CookieOptions } from "./cookie.ts";
import type { Failure } from "./failure.ts";
import { type RequestOfSession, Session } from "./session.ts";
import type { SessionData } from "./session-data.ts";

abstract class BaseStore extends EventEmitter {
  /** Gives the session with this id, or nothing where there is none. */
  abstract get(sid: string, callback: (error: Failure, session?: SessionData | null) => void): void;

  /** Stores a session under this id, whatever stands there. */
  abstract set(sid: string, session: SessionData, callback?: Done): void;

  /** Removes the session with this id. */
  abstract destroy(sid: string, callback?: Done): void;

  /** Gives all sessions. */
  all?(
    callback: (
      error: Failure,
      sessions?: SessionData[] | { [sid: string]: SessionData } | null,
    ) => void,
  ): void;

  /** Says how many sessions there are. */
  length?(callback: (error: Failure, length?: number) => void): void;

  /** Removes all sessions. */
  clear?(callback?: Done): void;

  /** Lets a session live as long again, without storing its data. */
  touch?(sid: string, session: SessionData, callback?: () => void): void;

  /** Begins a new session for a request. The middleware puts it here. */
  declare generate: (request: never) => void;

  /** Ends a request's session and begins another. */
  regenerate(request: RequestOfSession, callback: Done): void {
    this.destroy(request.sessionID as string, (error) => {
      this.generate(request as never);
      callback(error);
    });
  }

  /** Gives the session with this id as a `Session`, for who has no request. */
  load(sid: string, callback: (error?: Failure, session?: Session & SessionData) => void): void {
    this.get(sid, (error, data) => {
      if (error) callback(error);
      else if (!data) callback();
      else callback(null, this.createSession({ sessionID: sid, sessionStore: this }, data));
    });
  }

  /** Makes a request's `session` of what was stored. */
  createSession(request: RequestOfSession, data: SessionData): Session & SessionData {
    // Not destructured: what is said of a record without a cookie is known to handlers out there.
    const expires = data.cookie.expires;
    const originalMaxAge = data.cookie.originalMaxAge;
    const cookie = new Cookie(data.cookie as CookieOptions);
    if (typeof expires === "string") cookie.expires = new Date(expires);
    cookie.originalMaxAge = originalMaxAge;
    data.cookie = cookie;
    const session = new Session(request, data) as Session & SessionData;
    request.session = session;
    return session;
  }
}

/**
 * What a store for express-session inherits from: by `extends`, or by `Store.call(this)` and
 * `util.inherits`.
 *
 * @example
 * import { type SessionData, Store } from "sojourn/express-session";
 *
 * class MapStore extends Store {
 *   readonly #kept = new Map<string, string>();
 *
 *   get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
 *     callback(null, JSON.parse(this.#kept.get(sid) ?? "null"));
 *   }
 *
 *   set(sid: string, session: SessionData, callback?: () => void): void {
 *     this.#kept.set(sid, JSON.stringify(session));
 *     callback?.();
 *   }
 *
 *   destroy(sid: string, callback?: () => void): void {
 *     this.#kept.delete(sid);
 *     callback?.();
 *   }
 * }
 */
export type Store = BaseStore;
/**
 * What a store for express-session inherits from: by `extends`, or by `Store.call(this)` and
 * `util.inherits`.
 *
 * @example
 * import { MemoryStore, Store } from "sojourn/express-session";
 *
 * console.log(new MemoryStore() instanceof Store); // true
 */
export const Store: typeof BaseStore = callable("Store", BaseStore, (store) => {
  EventEmitter.call(store as unknown as EventEmitter);
});
