import type { IncomingMessage, ServerResponse } from "node:http";
import type { Key, Keygrip } from "./keygrip.ts";
import type { CookieAttributes } from "./set-cookie.ts";

/** How {@link cookieSession} signs and sends its cookie. */
export interface CookieSessionOptions extends CookieAttributes {
  /** The name of the cookie. @defaultValue `"session"` */
  name?: string | undefined;
  /**
   * The keys of the signature, or a Keygrip: the first one signs, all of them are believed. Needed
   * unless `signed` is `false`, or there is a `secret`.
   */
  keys?: readonly Key[] | Keygrip | undefined;
  /** The only key, where `keys` are left out. */
  secret?: string | undefined;
  /** Whether a signature stands beside the cookie, as `<name>.sig`. @defaultValue `true` */
  signed?: boolean | undefined;
  /** Whether it takes the place of cookies of its name in the same response. @defaultValue `true` */
  overwrite?: boolean | undefined;
}

/** The session of a request: its keys, and three facts. */
export interface CookieSessionObject {
  /** Whether it has been changed during the request. */
  isChanged?: boolean | undefined;
  /** Whether it did not come with the request. */
  isNew?: boolean | undefined;
  /** Whether it has any keys. */
  isPopulated?: boolean | undefined;
  /** Any value that JSON carries. */
  // biome-ignore lint/suspicious/noExplicitAny: as in the types of cookie-session.
  [key: string]: any;
}

/** What {@link cookieSession} adds to a request. */
export interface CookieSessionRequest {
  /** The session; `null` takes it away. */
  session?: CookieSessionInterfaces.CookieSessionObject | null | undefined;
  /** The options of this request, to be changed for it alone. */
  sessionOptions: CookieSessionInterfaces.CookieSessionOptions;
}

/** A middleware for Express, connect and their like. */
export type CookieSessionMiddleware = (
  req: IncomingMessage & Partial<CookieSessionRequest>,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void;

// The names of @types/cookie-session. Each extends what is described above, so that both may be installed.
declare global {
  namespace CookieSessionInterfaces {
    interface CookieSessionObject extends SessionOfCookie {}
    interface CookieSessionOptions extends OptionsOfCookie {}
    interface CookieSessionRequest extends RequestWithCookie {}
  }
  namespace Express {
    /** Which drop-ins are loaded. */
    interface DropIns {}
    interface Request extends RequestOfExpress {}
  }
}

// What two interfaces that a third one extends say of one property must be the same: where
// express-session's drop-in is loaded, too, `req.session` is of its type.
type RequestOfExpress = Pick<CookieSessionRequest, "sessionOptions"> &
  (Express.DropIns extends { readonly expressSession: true }
    ? unknown
    : Pick<CookieSessionRequest, "session">);

type SessionOfCookie = CookieSessionObject;
type OptionsOfCookie = CookieSessionOptions;
type RequestWithCookie = CookieSessionRequest;
