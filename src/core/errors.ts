import { nameErrors } from "./error-kinds.ts";
import type { Reply } from "./exchange.ts";

/** Every code a Sojourn error can carry. */
export type SessionErrorCode =
  | "ERR_SESSION_OPTIONS"
  | "ERR_SESSION_STORE"
  | "ERR_SESSION_ENDED"
  | "ERR_SESSION_CODEC"
  | "ERR_SESSION_DATA_SIZE"
  | "ERR_SESSION_COOKIE_SIZE"
  | "ERR_SESSION_HEADERS_SENT"
  | "ERR_SESSION_PREFETCH"
  | "ERR_SESSION_EXCLUSIVE"
  | "ERR_SESSION_CROSS_SITE"
  | "ERR_SESSION_INSECURE"
  | "ERR_SESSION_LOCKED"
  | "ERR_SESSION_ASSURANCE"
  | "ERR_SESSION_LIMIT"
  | "ERR_SESSION_RATE"
  | "ERR_SESSION_FLOW"
  | "ERR_SESSION_DEVICE";

/** A call on the store, as a {@link StoreError} names it. */
export type StoreOperation =
  | "load"
  | "create"
  | "update"
  | "touch"
  | "end"
  | "generation"
  | "raiseGeneration"
  | "list"
  | "endAll"
  | "forget"
  | "scan"
  | "count"
  | "deleteExpired"
  | "prepare"
  | "subscribe";

/**
 * What is known of the store after a failure: `failed` left it as it was, `unknown` may have
 * written and could not be settled.
 */
export type StoreOutcome = "failed" | "unknown";

/**
 * What every error of this library has in common: a `code` to tell it by and the HTTP `status` it
 * deserves.
 *
 * @example
 * const shopErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof StoreError) res.status(error.status).send("Back in a minute.");
 *   else next(error);
 * };
 */
export abstract class SessionError extends Error {
  static {
    nameErrors(SessionError, "SessionError");
  }

  abstract readonly code: SessionErrorCode;
  /** The HTTP status that a response to this failure should have. */
  abstract readonly status: number;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    // Many loggers, Express's among them, print the stack and nothing else.
    if (this.cause !== undefined) this.stack = `${this.stack}${causesOf(this)}`;
  }

  /** The same as `status`, under the name that Fastify reads. */
  get statusCode(): number {
    return this.status;
  }

  /** That the message is for the log and not for the visitor, as Koa and Nest read it. */
  get expose(): boolean {
    return false;
  }

  /** What a response to this failure should say in its headers, as Express reads it. */
  get headers(): Readonly<Record<string, string>> {
    return {};
  }

  /** Adds to the headers of the answer, whoever writes that, what only this failure knows. */
  leave?(reply: Reply): void;

  /** The sentence for a visitor, where that of the status is not the right one. */
  get sentence(): string | undefined {
    return undefined;
  }

  /** A plain answer with this status and no detail, for Hono, which asks its errors for one. */
  getResponse(): Response {
    answering.get(this)?.shift()?.();
    const own = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" };
    return new Response(plainText(this.status, this), {
      status: this.status,
      headers: { ...this.headers, ...own },
    });
  }
}

/** What is to be done when an error is answered by its `getResponse`: each is done once. */
const answering = new WeakMap<SessionError, (() => unknown)[]>();

/**
 * Calls `listener` when the error is answered by `getResponse`: where the application has no error
 * page of its own, nobody else hears of it.
 */
export function whenAnswered(error: SessionError, listener: () => unknown): void {
  const listeners = answering.get(error) ?? [];
  // The requests of one commit share its error.
  answering.set(error, listeners);
  listeners.push(listener);
}

const MAX_CAUSES = 3;
const MAX_CAUSE_LENGTH = 300;

/** What an error was caused by, a line each, for logs. */
export function causesOf(error: Error): string {
  const lines: string[] = [];
  for (let cause = error.cause; cause !== undefined && lines.length < MAX_CAUSES; ) {
    lines.push(`\n    caused by ${inOneLine(causeText(cause)).slice(0, MAX_CAUSE_LENGTH)}`);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines.join("");
}

function causeText(cause: unknown): string {
  if (!(cause instanceof Error)) return `something that is no Error (${typeof cause})`;
  const { code } = cause as { readonly code?: unknown };
  const known = typeof code === "string" && !cause.message.includes(code) ? ` (${code})` : "";
  // Node's own, where a name has several addresses, says nothing itself.
  const several = cause instanceof AggregateError ? cause.errors.map(String).join("; ") : "";
  return [`${cause.name}: ${cause.message}${known}`, several].filter(Boolean).join(" ");
}

/** A text from outside, that it may not pass for lines of a log. */
export function inOneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}

/** The sentence a visitor reads where the application has no error page of its own. */
export function plainText(status: number, error?: unknown): string {
  const sentence = error instanceof SessionError ? error.sentence : undefined;
  if (sentence !== undefined) return `${sentence}\n`;
  if (status === 503) return "Service unavailable. Please try again in a moment.\n";
  if (status === 409) {
    return "This session has ended. Please wait half a minute and reload the page.\n";
  }
  if (status === 403) {
    return "This request did not come from a page of this site. Please go back and reload the page.\n";
  }
  return "Something went wrong.\n";
}

/** Enough for any name that a person has chosen. */
const MAX_NAME_LENGTH = 200;
const MAX_PROBLEM_LENGTH = 800;

/**
 * A text that may hold what a client has chosen: it forges no line of a log, turns no terminal
 * upside down, and does not fill either.
 */
export function printable(text: string, maxLength: number): string {
  const escaped = shortened(text, maxLength).replace(/[\p{C}\p{Z}]/gu, (character) =>
    character === " " ? character : escapeOf(character),
  );
  return shortened(escaped, maxLength);
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Without its middle, where it is longer. */
function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const half = Math.floor(maxLength / 2);
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

/** A setting, or the way the library is mounted or called, is a slip of the program. */
export class OptionsError extends SessionError {
  static {
    nameErrors(OptionsError, "OptionsError");
  }

  readonly code = "ERR_SESSION_OPTIONS";
  readonly status = 500;
  /** The option or the call that is wrong, such as `cookie.domain`. */
  readonly option: string;

  constructor(option: string, problem: string, cause?: ErrorOptions) {
    const name = printable(option, MAX_NAME_LENGTH);
    super(`${name}: ${printable(problem, MAX_PROBLEM_LENGTH)}`, cause);
    this.option = option;
  }
}

/** The store could not answer in time, or at all. The `cause` is the driver's own error. */
export class StoreError extends SessionError {
  static {
    nameErrors(StoreError, "StoreError");
  }

  readonly code = "ERR_SESSION_STORE";
  readonly status = 503;
  readonly operation: StoreOperation;
  readonly outcome: StoreOutcome;

  constructor(
    operation: StoreOperation,
    outcome: StoreOutcome,
    detail: string,
    cause?: ErrorOptions,
  ) {
    const effect =
      outcome === "failed" ? "nothing was written" : "whether it was written is unknown";
    super(`The session store could not ${operation}: ${detail} (${effect}).`, cause);
    this.operation = operation;
    this.outcome = outcome;
  }
}

/** The session was ended elsewhere (signed out, revoked, regenerated) while this request ran. */
export class SessionEndedError extends SessionError {
  static {
    nameErrors(SessionEndedError, "SessionEndedError");
  }

  readonly code = "ERR_SESSION_ENDED";
  readonly status = 409;

  constructor(attempt: string) {
    super(
      `Cannot ${attempt}: the session has ended meanwhile. A request with the browser's newer ` +
        "cookie goes on from there; one that still brings the old cookie starts anew 30 seconds " +
        "after the end.",
    );
  }
}

/**
 * A value cannot be kept: JSON would change or lose it, or the schema refuses it.
 *
 * @example
 * const bodyErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof CodecError && error.reason !== "type") res.sendStatus(422);
 *   else next(error);
 * };
 */
export class CodecError extends SessionError {
  static {
    nameErrors(CodecError, "CodecError");
  }

  readonly code = "ERR_SESSION_CODEC";
  /** 422 for what no program would make, else 500: a program checks what it is sent. */
  readonly status: 422 | 500;
  /**
   * Who may have made it: `type` the program alone, as JSON cannot hold such a value (a Date, a
   * cycle); `input` a client, as JSON can (the key `__proto__`, 200 levels), but no session does;
   * `schema` either, as the schema refuses the value.
   */
  readonly reason: "type" | "input" | "schema";
  /** Where the value stands, such as `cart[2].addedAt`. Fit for a log, whoever chose the keys. */
  readonly path: string;

  constructor(path: string, problem: string, reason: CodecError["reason"] = "type") {
    const place = printable(path, MAX_NAME_LENGTH);
    super(`Cannot store "${place}": ${printable(problem, MAX_PROBLEM_LENGTH)}`);
    this.path = place;
    this.reason = reason;
    this.status = reason === "input" ? 422 : 500;
  }
}

/** The session's data would outgrow `maxDataBytes`. */
export class DataTooLargeError extends SessionError {
  static {
    nameErrors(DataTooLargeError, "DataTooLargeError");
  }

  readonly code = "ERR_SESSION_DATA_SIZE";
  readonly status = 500;
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(bytes: number, maxBytes: number) {
    super(
      `The session's data would take ${bytes} bytes, more than maxDataBytes (${maxBytes}). ` +
        "Keep large things in a database and their key in the session.",
    );
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}

/** A session, or a value, would outgrow what browsers keep as a cookie. Nothing of it was sent. */
export class CookieTooLargeError extends SessionError {
  static {
    nameErrors(CookieTooLargeError, "CookieTooLargeError");
  }

  readonly code = "ERR_SESSION_COOKIE_SIZE";
  readonly status = 500;
  readonly bytes: number;
  readonly maxBytes: number;

  /**
   * @param what - What would take so many bytes.
   * @param advice - What to do about it.
   */
  constructor(bytes: number, maxBytes: number, what: string, advice: string) {
    super(
      `${what} would take ${bytes} bytes as a cookie, more than the ${maxBytes} there is room for. ` +
        advice,
    );
    this.bytes = bytes;
    this.maxBytes = maxBytes;
  }
}

/** The change needs a cookie, and the response's headers have already been sent. */
export class HeadersSentError extends SessionError {
  static {
    nameErrors(HeadersSentError, "HeadersSentError");
  }

  readonly code = "ERR_SESSION_HEADERS_SENT";
  readonly status = 500;

  constructor(attempt: string) {
    super(
      `Cannot ${attempt} after the response has begun: its cookie could not be sent. ` +
        "Do it before the first byte.",
    );
  }
}

/**
 * A session would begin, or get a new token, on a connection that cannot carry its cookie: plain
 * HTTP. Nothing was stored, as nobody could come back to it.
 */
export class InsecureConnectionError extends SessionError {
  static {
    nameErrors(InsecureConnectionError, "InsecureConnectionError");
  }

  readonly code = "ERR_SESSION_INSECURE";
  readonly status = 500;

  /** @param obstacle - Why no token can be sent, and what to do about it. */
  constructor(attempt: string, obstacle: string) {
    super(`Cannot ${attempt}, as no token can be sent: ${obstacle}`);
  }
}

/**
 * A prefetch tried to change the session; what a visitor has not asked for must not change
 * anything. The status makes the browser drop the prefetch and ask again when it is needed.
 */
export class PrefetchError extends SessionError {
  static {
    nameErrors(PrefetchError, "PrefetchError");
  }

  readonly code = "ERR_SESSION_PREFETCH";
  readonly status = 503;

  constructor(attempt: string) {
    super(
      `Cannot ${attempt} in a prefetch (Sec-Purpose or Purpose header): the visitor has not ` +
        "asked for this page yet.",
    );
  }
}

/**
 * The session is locked, as nobody has used it for too long: it reads as empty, and can be changed once its user
 * has unlocked it (`sojourn/assurance`). Signing in, and signing out, are possible.
 *
 * @example
 * const lockErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof SessionLockedError) res.redirect(303, "/unlock");
 *   else next(error);
 * };
 */
export class SessionLockedError extends SessionError {
  static {
    nameErrors(SessionLockedError, "SessionLockedError");
  }

  readonly code = "ERR_SESSION_LOCKED";
  readonly status = 401;

  constructor(attempt: string) {
    super(
      `Cannot ${attempt}: the session is locked. Ask its user for a factor, and call unlock().`,
    );
  }
}

/**
 * Work that one holder at a time does for a session could not be done: see `session.exclusive`. What
 * it changed is not stored.
 *
 * @example
 * const refreshErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof ExclusiveError) res.status(error.status).set("Retry-After", "5").end();
 *   else next(error);
 * };
 */
export class ExclusiveError extends SessionError {
  static {
    nameErrors(ExclusiveError, "ExclusiveError");
  }

  readonly code = "ERR_SESSION_EXCLUSIVE";
  readonly status = 503;
  /**
   * `lost`: the work took longer than its lease, so that somebody else may be doing it. `busy`:
   * somebody else was at it for as long as this request was to wait.
   */
  readonly reason: "lost" | "busy";

  constructor(reason: ExclusiveError["reason"], name: string) {
    const work = `The exclusive work "${printable(name, MAX_NAME_LENGTH)}"`;
    super(
      reason === "lost"
        ? `${work} took longer than its lease, and somebody else may be doing it: nothing that it ` +
            "changed was stored. Give it a longer lease, and end it when its signal says so."
        : `${work} is being done for this session by somebody else, and was not over within the ` +
            "time that this request was to wait. Give it a longer wait, or try again later.",
    );
    this.reason = reason;
  }
}

/** What a request says of the page that has sent it. */
interface Sender {
  /** `Sec-Fetch-Site`. */
  readonly site?: string | undefined;
  readonly origin?: string | undefined;
}

/**
 * Nothing shows that a page of the application has sent a request that may change something (CSRF).
 * Nothing was loaded or stored for it. It is told to the visitor with 403, to the event `refused`, and
 * not to the log.
 *
 * @example
 * const foreignErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof CrossSiteError) res.status(error.status).send("Please reload the page.");
 *   else next(error);
 * };
 */
export class CrossSiteError extends SessionError {
  static {
    nameErrors(CrossSiteError, "CrossSiteError");
  }

  readonly code = "ERR_SESSION_CROSS_SITE";
  readonly status = 403;
  /**
   * `site`: the browser says that another site's page has sent it. `token`: the CSRF token that it
   * should bring is missing, or not this session's.
   */
  readonly reason: "site" | "token";
  /** The origin of the page, fit for a log, where the browser tells it. */
  readonly origin: string | undefined;

  constructor(reason: CrossSiteError["reason"], method: string, sender: Sender) {
    const what = `Refused a ${printable(method, MAX_NAME_LENGTH)}`;
    super(
      reason === "site"
        ? `${what} that another site's page has sent (${toldBy(sender)}). Where that site is yours, ` +
            "name it: crossSite: { trustedOrigins: [origin] }. A route that others post to by design " +
            'opens its session with { crossSite: "allow" }, and checks by itself who began.'
        : `${what} without a CSRF token of this session. Write csrfField(session) into the form, or ` +
            "send the token as X-CSRF-Token. A sign-in ends the tokens that were made before it.",
    );
    this.reason = reason;
    this.origin =
      sender.origin === undefined ? undefined : printable(sender.origin, MAX_NAME_LENGTH);
  }
}

function toldBy({ site, origin }: Sender): string {
  const told = { "Sec-Fetch-Site": site, Origin: origin };
  return Object.entries(told)
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} ${printable(value, MAX_NAME_LENGTH)}`],
    )
    .join(", ");
}

/** Any error of this library, for a `switch` on its `code`. */
export type AnySessionError =
  | OptionsError
  | StoreError
  | SessionEndedError
  | CodecError
  | DataTooLargeError
  | CookieTooLargeError
  | HeadersSentError
  | PrefetchError
  | ExclusiveError
  | CrossSiteError
  | SessionLockedError
  | InsecureConnectionError;
