import type { Request, RequestHandler } from "express";
import type { Sessions } from "../../core/sessions.ts";
import type { Session } from "./session.ts";
import type { SessionData } from "./session-data.ts";
import type { Store } from "./store.ts";

/** Express's request, with a session. */
export type ExpressRequest = Request;

/** Express's middleware. */
export type ExpressHandler = RequestHandler;

/** The middleware over a store of ours. */
export interface SessionMiddleware extends RequestHandler {
  /**
   * The manager behind it: `sessions.open(req)` and `req.session` are the same session, and `list`,
   * `revokeAll` and all else know those that began here.
   */
  readonly sessions: Sessions<Partial<Omit<SessionData, "cookie">>>;
}

/** What the middleware puts on a request. */
export interface WithSession {
  /** This request's session. It is not there before the middleware has run. */
  session: Session & Partial<SessionData>;
  /** The id that the session's cookie carries. */
  sessionID: string;
  /** Where the session is kept. */
  sessionStore: Store & { generate: (request: Request) => void };
}

declare global {
  namespace Express {
    /** Which drop-ins are loaded. */
    interface DropIns {
      readonly expressSession: true;
    }
    // By inheritance: beside `@types/express-session`, which a connect store's types may bring,
    // properties of the same names would contradict each other.
    interface Request extends WithSession {}
  }
}
