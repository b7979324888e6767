import { OptionsError } from "../core/errors.ts";
import { type CookieSettings, isCookieName } from "./set-cookie.ts";

/**
 * The start of a cookie's name by which browsers refuse to store it without certain attributes
 * (RFC 6265bis §4.1.3; `Http` from draft-ietf-httpbis-layered-cookies).
 */
export type CookiePrefix = "__Host-Http-" | "__Host-" | "__Http-" | "__Secure-" | "";

/** Strictest first; a longer one stands before what it begins with. */
export const COOKIE_PREFIXES: readonly CookiePrefix[] = [
  "__Host-Http-",
  "__Host-",
  "__Http-",
  "__Secure-",
  "",
];

interface Demand {
  readonly option: string;
  readonly concerns: (prefix: CookiePrefix) => boolean;
  readonly isMet: (settings: CookieSettings) => boolean;
  readonly problem: string;
}

const DEMANDS: readonly Demand[] = [
  {
    option: "cookie.secure",
    concerns: (prefix) => prefix !== "",
    isMet: ({ secure }) => secure,
    problem: "must be true (development on localhost needs no setting)",
  },
  {
    option: "cookie.httpOnly",
    concerns: (prefix) => prefix.endsWith("Http-"),
    isMet: ({ httpOnly }) => httpOnly,
    problem: "must be true",
  },
  {
    option: "cookie.domain",
    concerns: (prefix) => prefix.startsWith("__Host-"),
    isMet: ({ domain }) => domain === undefined,
    problem: "cannot be set",
  },
  {
    option: "cookie.path",
    concerns: (prefix) => prefix.startsWith("__Host-"),
    isMet: ({ path }) => path === "/",
    problem: 'must be "/"',
  },
];

/**
 * Makes sure that browsers store a cookie with these settings under this prefix.
 *
 * @throws {@link OptionsError} naming the first setting in the way, and the prefix that fits.
 */
export function requirePrefixRules(prefix: CookiePrefix, settings: CookieSettings): void {
  const unmet = unmetDemand(prefix, settings);
  if (unmet === undefined) return;
  const fitting = COOKIE_PREFIXES.find((other) => unmetDemand(other, settings) === undefined);
  throw new OptionsError(
    unmet.option,
    `${unmet.problem} under the cookie prefix "${prefix}"; browsers drop the cookie otherwise. ` +
      `Leave it out, or write prefix: "${fitting ?? ""}".`,
  );
}

function unmetDemand(prefix: CookiePrefix, settings: CookieSettings): Demand | undefined {
  return DEMANDS.find(({ concerns, isMet }) => concerns(prefix) && !isMet(settings));
}

/**
 * The full name of a cookie: prefix and name.
 *
 * @throws {@link OptionsError} if the name is no token, or brings a prefix of its own.
 */
export function prefixedName(prefix: CookiePrefix, name: string): string {
  if (!isCookieName(name)) {
    throw new OptionsError(
      "name",
      "must be a cookie name: one or more letters, digits, hyphens, underscores or dots, " +
        'such as "session".',
    );
  }
  // Asked of both: "__Host-" and "Http-x" would together make a "__Host-Http-" cookie.
  if (prefixOf(name) !== "" || prefixOf(prefix + name) !== prefix) {
    throw new OptionsError(
      "name",
      `${JSON.stringify(name)} must not bring a cookie prefix of its own; ` +
        'choose it by cookie.prefix, and write a plain name such as "session".',
    );
  }
  return prefix + name;
}

/** The prefix that a browser sees, which compares without regard to case (RFC 6265bis §5.4). */
function prefixOf(name: string): CookiePrefix {
  const lower = name.toLowerCase();
  return COOKIE_PREFIXES.find((prefix) => lower.startsWith(prefix.toLowerCase())) ?? "";
}
