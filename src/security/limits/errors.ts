import { nameErrors } from "../../core/error-kinds.ts";
import { SessionError } from "../../core/errors.ts";
import type { SessionInfo } from "../../core/sessions.ts";

/**
 * The user has as many sessions as {@link limitSessions} lets them have, so that nobody was signed in:
 * the new session was taken back, and the visitor's session until now goes on. Status 409.
 *
 * @example
 * const limitErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof SessionLimitError) res.status(409).json(error.sessions);
 *   else next(error);
 * };
 */
export class SessionLimitError extends SessionError {
  static {
    nameErrors(SessionLimitError, "SessionLimitError");
  }

  readonly code = "ERR_SESSION_LIMIT";
  readonly status = 409;
  /** How many sessions the user may have. */
  readonly limit: number;
  /**
   * The sessions of which one has to end first, the oldest sign-in first; empty unless `onLimit` is
   * `"ask"`. Whoever gets to see them has proved who they are: nobody else is told.
   */
  readonly sessions: readonly SessionInfo[];

  constructor(limit: number, sessions: readonly SessionInfo[]) {
    super(
      `Cannot sign in: the user has ${limit} sessions already, which is all that limitSessions ` +
        "allows. One of them has to end first.",
    );
    this.limit = limit;
    this.sessions = sessions;
  }

  override get sentence(): string {
    return "You are signed in on too many devices. Please sign out on one of them first.";
  }
}

/**
 * A client has asked for more new sessions, or has tried to sign in more often, than the limiter of
 * {@link limitCreation} lets it: nothing was stored. Status 429, with `Retry-After` where the limiter
 * says how long.
 *
 * @example
 * const rateErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof RateLimitError) res.status(429).set(error.headers).send("Slow down.");
 *   else next(error);
 * };
 */
export class RateLimitError extends SessionError {
  static {
    nameErrors(RateLimitError, "RateLimitError");
  }

  readonly code = "ERR_SESSION_RATE";
  readonly status = 429;
  /** Whole seconds, where the limiter has said how long. */
  readonly retryAfterSeconds: number | undefined;

  constructor(attempt: "begin" | "signIn", retryAfterSeconds: number | undefined) {
    const what = attempt === "begin" ? "begin a session" : "try to sign in";
    super(`Cannot ${what}: this client has done so too often. It may try again later.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }

  override get headers(): Readonly<Record<string, string>> {
    const { retryAfterSeconds } = this;
    return retryAfterSeconds === undefined ? {} : { "Retry-After": String(retryAfterSeconds) };
  }

  override get sentence(): string {
    return "Too many requests. Please try again later.";
  }
}
