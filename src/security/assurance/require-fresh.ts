import type { Duration } from "../../core/duration.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { FreshOptions, SessionView } from "../../core/session.ts";
import { AssuranceError } from "./errors.ts";

/** How fresh a session has to be. */
export interface RequireFreshOptions extends FreshOptions {
  /** How long ago the sign-in, or each of the factors, may be. */
  readonly maxAge: Duration;
}

/**
 * Lets nobody pass whose sign-in, or factors, are older than `maxAge`: before a change of the password,
 * the mail address, the factors themselves (OWASP ASVS 5.0, 7.5.1).
 *
 * @throws {@link AssuranceError} `signedOut` (401) where nobody is signed in, `stale` (403) where it was
 * too long ago or the factor was not proved; {@link OptionsError} for options that are none.
 * @example
 * requireFresh(session, { maxAge: "10m", factors: ["totp"] });
 */
export function requireFresh(
  session: Pick<SessionView<object>, "userId" | "isFresh">,
  options: RequireFreshOptions,
): void {
  requireKnownKeys("requireFresh", options, ["maxAge", "factors"]);
  const { maxAge, factors } = options;
  const isFresh = session.isFresh(maxAge, { factors });
  if (session.userId === undefined) throw new AssuranceError("signedOut", "do this");
  if (!isFresh) throw new AssuranceError("stale", "do this");
}
