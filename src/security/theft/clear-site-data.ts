import type { Departure, Hooks, Protection } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";

/** What a browser can be told to forget of a site. */
export type SiteData = "cache" | "cookies" | "storage" | "executionContexts";

const KINDS: readonly SiteData[] = ["cache", "cookies", "storage", "executionContexts"];
const USUAL: readonly SiteData[] = ["cache", "cookies", "storage"];

/**
 * Lets the browser forget what it holds of the site when a signed-in session ends in a request:
 * `signOut`, `destroy` (`Clear-Site-Data`; OWASP ASVS 5.0, 14.3.1). It is said over HTTPS only, as
 * browsers do not listen elsewhere, and not where the same request signs somebody in again.
 *
 * `"cookies"` is for the whole registrable domain, with every cookie of yours there, also one that the same
 * response sets: values that `signOut({ keep })` keeps are lost with it.
 *
 * @param kinds - What is to be forgotten; `["cache", "cookies", "storage"]` if left out.
 * @throws {@link OptionsError} for what is no list of these.
 * @example
 * import { createSessions } from "sojourn";
 * import { clearSiteData } from "sojourn/theft";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({
 *   store: sqliteStore("sessions.db"),
 *   protections: [clearSiteData(["cache", "storage"])],
 * });
 */
export function clearSiteData(kinds: readonly SiteData[] = USUAL): Protection {
  const isList = Array.isArray(kinds) && kinds.length > 0;
  if (!isList || kinds.some((kind) => !KINDS.includes(kind))) {
    const known = KINDS.map((kind) => JSON.stringify(kind)).join(", ");
    throw new OptionsError("clearSiteData(kinds)", `must be a list of some of ${known}.`);
  }
  const line = [...new Set(kinds)].map((kind) => JSON.stringify(kind)).join(", ");
  const leaving = ({ engine, exchange, record, hasSignedOut }: Departure): void => {
    if (!hasSignedOut || record?.userId !== undefined) return;
    if (!engine.environment.addressOf(exchange.request).isSecure) return;
    exchange.reply.set("Clear-Site-Data", line);
  };
  return { name: "clearSiteData", protect: (): Hooks => ({ leaving }) };
}
