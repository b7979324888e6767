import { classicSession } from "./classic/classic-session.ts";
import { Cookie as CookieOfSession } from "./cookie.ts";
import type { ExpressHandler } from "./express-types.ts";
import { MemoryStore as StoreInMemory } from "./memory-store.ts";
import type { SessionOptions as Options } from "./options.ts";
import { Session as SessionOfRequest } from "./session.ts";
import type { SessionData as Data } from "./session-data.ts";
import { Store as BaseStore } from "./store.ts";

/**
 * express-session's middleware: the same call, the same options, the same `req.session`.
 *
 * @throws TypeError for an option that express-session refuses.
 * @example
 * app.use(session({ secret: "keyboard cat", resave: false, saveUninitialized: false }));
 */
function session(options: Options = {}): ExpressHandler {
  return classicSession(options) as unknown as ExpressHandler;
}

Object.assign(session, {
  Cookie: CookieOfSession,
  MemoryStore: StoreInMemory,
  Session: SessionOfRequest,
  Store: BaseStore,
});

/** What `session` has on it, as express-session has. */
declare namespace session {
  export type SessionData = Data;
  export type SessionOptions = Options;
  export type Cookie = CookieOfSession;
  export let Cookie: typeof CookieOfSession;
  export type MemoryStore = StoreInMemory;
  export let MemoryStore: typeof StoreInMemory;
  export type Session = SessionOfRequest;
  export let Session: typeof SessionOfRequest;
  export type Store = BaseStore;
  export let Store: typeof BaseStore;
}

export type { ConnectStore, Done } from "./connect-store.ts";
export { Cookie, type CookieData, type CookieOptions } from "./cookie.ts";
export { MemoryStore } from "./memory-store.ts";
export type { SessionOptions } from "./options.ts";
export { Session, type SessionCallback } from "./session.ts";
export * from "./session-data.ts";
export type { Secret } from "./signature.ts";
export { Store } from "./store.ts";
export { session as default, session as "module.exports" };
