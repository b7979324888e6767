import { OptionsError } from "../../core/errors.ts";
import type { TokenTransport } from "../mount.ts";
import { BearerCarrier, type BearerHeaders } from "./bearer-carrier.ts";
import { EitherCarrier } from "./either-carrier.ts";
import { type BearerOptions, resolveHeaders } from "./options.ts";

export type { TokenTransport } from "../mount.ts";
export type { BearerOptions } from "./options.ts";

/**
 * Carries sessions in headers alone, for applications on telephones, programs and other servers: the
 * token comes as `Authorization: Bearer <token>`, a new one leaves in `Session-Token`, and an empty
 * `Session-Token` says that there is none any more. No cookie is read or sent.
 *
 * Whoever has no token yet sends `Authorization: Bearer` without one, or nothing.
 *
 * @throws {@link OptionsError} for a header that cannot be used.
 * @example
 * import { createSessions } from "sojourn";
 * import { bearer } from "sojourn/bearer";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({ store: sqliteStore("sessions.db"), transport: bearer() });
 */
export function bearer(options: BearerOptions = {}): TokenTransport {
  const headers = resolveHeaders("bearer", options);
  return {
    carry: (_cookies, { carrier, hasAdopted, settings, environment }) => {
      refuseOfCookies("cookie", carrier.cookie !== undefined);
      refuseOfCookies("adopt", hasAdopted);
      return new BearerCarrier(headers, { ...environment, ...settings }, carrier);
    },
  };
}

/**
 * Carries the sessions of browsers in their cookie and those of applications in headers, in one manager.
 * The answer goes the way the request came: whoever sends `Authorization: Bearer` is answered in
 * `Session-Token`, and its cookies count for nothing; everybody else is answered with a cookie.
 *
 * An application without a token says what it wants by `Authorization: Bearer` without one.
 *
 * @throws {@link OptionsError} for a header that cannot be used.
 * @example
 * import { createSessions } from "sojourn";
 * import { cookieOrBearer } from "sojourn/bearer";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({ store: sqliteStore("sessions.db"), transport: cookieOrBearer() });
 */
export function cookieOrBearer(options: BearerOptions = {}): TokenTransport {
  const headers: BearerHeaders = resolveHeaders("cookieOrBearer", options);
  return {
    carry: (cookies, { carrier, settings, environment }) =>
      new EitherCarrier(
        cookies,
        new BearerCarrier(
          headers,
          { ...environment, ...settings },
          { trustProxy: carrier.trustProxy },
        ),
      ),
  };
}

function refuseOfCookies(option: string, isGiven: boolean): void {
  if (!isGiven) return;
  throw new OptionsError(
    option,
    "is about cookies, and bearer() reads and sends none. Leave it out, or write transport: cookieOrBearer().",
  );
}
