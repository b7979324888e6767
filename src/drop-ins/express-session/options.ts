import type { SessionStore } from "../../core/store.ts";
import type { SessionOptions as SojournOptions } from "../../create-sessions.ts";
import type { ConnectStore } from "./connect-store.ts";
import type { CookieOptions } from "./cookie.ts";
import type { ExpressRequest } from "./express-types.ts";
import type { SessionData } from "./session-data.ts";
import type { Secret } from "./signature.ts";

/** What `session(options)` takes: express-session's options. */
export interface SessionOptions {
  /** Signs the cookie; of several the first one signs, and all verify. */
  secret?: Secret | Secret[] | undefined;
  /** Attributes of the cookie, or a function of the request that gives them. */
  cookie?: CookieOptions | ((request: ExpressRequest) => CookieOptions) | undefined;
  /** Makes the id of a new session. @defaultValue 24 random bytes */
  genid?: ((request: ExpressRequest) => string) | undefined;
  /** The name of the cookie. @defaultValue `"connect.sid"` */
  name?: string | undefined;
  /** `name`, as it was called before. */
  key?: string | undefined;
  /** Whether `X-Forwarded-Proto` is believed. @defaultValue what Express's `trust proxy` says */
  proxy?: boolean | undefined;
  /** Whether what has not changed is stored too. @defaultValue `true`, with a warning */
  resave?: boolean | undefined;
  /** Whether each response sends the cookie again. @defaultValue `false` */
  rolling?: boolean | undefined;
  /** Whether a new session is stored though nothing is in it. @defaultValue `true`, with a warning */
  saveUninitialized?: boolean | undefined;
  /** Where sessions are kept. @defaultValue a new `MemoryStore` */
  store?: ConnectStore | undefined;
  /** What `req.session = null` does to what is stored. @defaultValue `"keep"` */
  unset?: "destroy" | "keep" | undefined;
}

/** What goes beyond express-session's options, over a store of ours. */
export interface SojournSessionOptions
  extends Omit<SojournOptions, "store" | "transport" | "cookie" | "keys" | "audience" | "adopt"> {
  /**
   * Whose a session is, by its data. It is signed in as that user then, so that `sessions.list` and
   * `sessions.revokeAll` know it.
   *
   * @defaultValue what passport keeps: `passport.user`, or its `id` or `_id`
   */
  readonly userId?: ((session: Partial<SessionData>) => string | undefined) | undefined;
}

/** What `session(options)` takes over a store of ours. */
export interface EngineSessionOptions extends Omit<SessionOptions, "store"> {
  /** A store of ours, such as `redisStore(client)`. */
  store: SessionStore;
  /** Timeouts, protections and all else that `createSessions` takes. */
  sojourn?: SojournSessionOptions | undefined;
}
