import type { ConnectStore } from "./connect-store.ts";
import type { CookieOptions } from "./cookie.ts";
import type { ExpressRequest } from "./express-types.ts";
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
