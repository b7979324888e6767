import { nameErrors } from "../../core/error-kinds.ts";
import { SessionError } from "../../core/errors.ts";

/** What is missing for what a visitor wants to do. */
export type AssuranceReason =
  /** Nobody is signed in. */
  | "signedOut"
  /** The user, or a factor, was not proved lately enough. */
  | "stale"
  /** The session is not elevated for this purpose, or not any more. */
  | "notElevated"
  /** The user has a better factor than was proved in this session. */
  | "belowBest"
  /** An operator acts as the user, and may not do this in their name. */
  | "impersonating"
  /** The user has no credentials, or is no user any more. */
  | "noCredentials";

const SENTENCES: Readonly<Record<AssuranceReason, string>> = {
  signedOut: "nobody is signed in. Ask the visitor to sign in.",
  stale:
    "the user has not proved who they are lately enough. Ask for the factor, and sign in anew.",
  notElevated: "the session is not elevated for that. Ask for the factors, and call elevate().",
  belowBest: "the user has a better factor. Ask for that one, and sign in anew.",
  impersonating: "an operator acts as the user. Call stopImpersonating() first.",
  noCredentials: "the user has no credentials by what `of` says.",
};

/**
 * What the visitor wants takes more proof than their session has: 401 where nobody can act until
 * somebody signs in (`signedOut`), else 403.
 *
 * @example
 * const assuranceErrors: ErrorRequestHandler = (error, _req, res, next) => {
 *   if (error instanceof AssuranceError && error.reason === "stale") res.redirect("/confirm");
 *   else next(error);
 * };
 */
export class AssuranceError extends SessionError {
  static {
    nameErrors(AssuranceError, "AssuranceError");
  }

  readonly code = "ERR_SESSION_ASSURANCE";
  readonly status: 401 | 403;
  readonly reason: AssuranceReason;

  /** @param attempt - What cannot be done, such as `sign in`. */
  constructor(reason: AssuranceReason, attempt: string) {
    super(`Cannot ${attempt}: ${SENTENCES[reason]}`);
    this.reason = reason;
    this.status = reason === "signedOut" ? 401 : 403;
  }
}
