import { isStore } from "../../core/option-checks.ts";
import type { SessionStore } from "../../core/store.ts";
import { classicSession } from "./classic/classic-session.ts";
import { Cookie as CookieOfSession, type CookieOptions as OptionsOfCookie } from "./cookie.ts";
import { engineSession } from "./engine/engine-session.ts";
import type { ExpressHandler, SessionMiddleware } from "./express-types.ts";
import { MemoryStore as StoreInMemory } from "./memory-store.ts";
import type { EngineSessionOptions, SessionOptions as Options } from "./options.ts";
import { Session as SessionOfRequest } from "./session.ts";
import type { SessionData as Data } from "./session-data.ts";
import { Store as BaseStore } from "./store.ts";

/**
 * The middleware of express-session: the same call, the same options, the same `req.session`.
 *
 * @throws TypeError for an option that express-session refuses.
 * @example
 * import express from "express";
 * import session from "sojourn/express-session";
 *
 * const app = express();
 * app.use(session({ secret: "keyboard cat", resave: false, saveUninitialized: false }));
 */
function session(options: EngineSessionOptions): SessionMiddleware;
function session(options?: Options): ExpressHandler;
function session(options: Options | EngineSessionOptions = {}): ExpressHandler {
  const handler = isOurs(options) ? engineSession(options) : classicSession(options);
  return handler as unknown as ExpressHandler;
}

function isOurs(options: Options | EngineSessionOptions): options is EngineSessionOptions {
  return isStore(options.store as SessionStore | undefined);
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
  export type CookieOptions = OptionsOfCookie;
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
export type { SessionMiddleware } from "./express-types.ts";
export { MemoryStore } from "./memory-store.ts";
export type { EngineSessionOptions, SessionOptions, SojournSessionOptions } from "./options.ts";
export { Session, type SessionCallback } from "./session.ts";
export * from "./session-data.ts";
export type { Secret } from "./signature.ts";
export { Store } from "./store.ts";
export { session as default, session as "module.exports" };
