import { type Duration, durationMs } from "../core/duration.ts";
import { OptionsError } from "../core/errors.ts";
import { flag, oneOf, requireKnownKeys } from "../core/option-checks.ts";
import {
  COOKIE_PREFIXES,
  type CookiePrefix,
  prefixedName,
  requirePrefixRules,
} from "./cookie-prefix.ts";
import { cookieDomain, cookiePath } from "./cookie-scope.ts";
import {
  type CookieAttributes,
  type CookieSettings,
  cookieAttributes,
  MAX_COOKIE_AGE_MS,
} from "./set-cookie.ts";

/** The attributes of a cookie. Left out, they are the strictest that sign-in by link allows. */
export interface CookieOptions {
  /**
   * Start of the cookie's name, by which browsers enforce its protection: nobody but this host,
   * over HTTPS and never by script, can set a `__Host-Http-` cookie. Older browsers read it as
   * `__Host-` (RFC 6265bis §4.1.3, draft-ietf-httpbis-layered-cookies).
   *
   * @defaultValue "__Host-Http-"
   */
  readonly prefix?: CookiePrefix | undefined;
  /**
   * Shares the cookie with every subdomain of this host, and so with whoever runs one: each of them
   * can plant a cookie of the same name. It needs the prefix `"__Http-"`, `"__Secure-"` or `""`
   * (RFC 6265 §4.1.2.3).
   *
   * @defaultValue none: this host alone
   */
  readonly domain?: string | undefined;
  /**
   * Sends the cookie only below this path. It tidies, and protects nothing (RFC 6265 §8.5).
   *
   * @defaultValue "/"
   */
  readonly path?: string | undefined;
  /**
   * Sends the cookie over HTTPS only. Each prefix but `""` needs it (RFC 6265 §4.1.2.5).
   *
   * @defaultValue true
   */
  readonly secure?: boolean | undefined;
  /**
   * Hides the cookie from scripts. The `Http` prefixes need it (RFC 6265 §4.1.2.6).
   *
   * @defaultValue true
   */
  readonly httpOnly?: boolean | undefined;
  /**
   * Whether other sites' pages make the browser send it: `"lax"` only when a visitor follows a
   * link, `"strict"` never, `"none"` always, which needs Secure (RFC 6265bis §4.1.2.7).
   *
   * @defaultValue "lax"
   */
  readonly sameSite?: "lax" | "strict" | "none" | undefined;
  /**
   * Keeps one cookie per embedding site, for a widget in other sites' frames (CHIPS). It needs
   * Secure, and `sameSite: "none"` to be of use.
   *
   * @defaultValue false
   */
  readonly partitioned?: boolean | undefined;
  /**
   * Which cookies Chromium gives up last when a site has too many. Other browsers ignore it
   * (draft-west-cookie-priority).
   *
   * @defaultValue none, which counts as "medium"
   */
  readonly priority?: "low" | "medium" | "high" | undefined;
  /**
   * Keeps the cookie beyond the end of the browser, for at most 400 days (RFC 6265bis §5.5), counted
   * from the first write and from sign-in: use does not send it anew. It changes no timeout on the
   * server. Write the absolute timeout, or longer.
   *
   * @defaultValue none: ends with the browser, unless the session is persistent
   */
  readonly maxAge?: Duration | undefined;
}

/** A cookie's name and attributes, checked and ready to be written. */
export interface ResolvedCookie {
  /** The full name, prefix included, as it stands in the header. */
  readonly name: string;
  readonly prefix: CookiePrefix;
  /** The name without its prefix. */
  readonly baseName: string;
  readonly attributes: CookieAttributes;
}

const KNOWN: Readonly<Record<keyof CookieOptions, true>> = {
  prefix: true,
  domain: true,
  path: true,
  secure: true,
  httpOnly: true,
  sameSite: true,
  partitioned: true,
  priority: true,
  maxAge: true,
};

/**
 * Checks a cookie's name and options, once, and prepares what every write of it repeats.
 *
 * @param name - The name without its prefix.
 * @throws {@link OptionsError} naming the option that is wrong and what to write instead.
 * @example
 * const cookie = resolveCookie("session", { sameSite: "strict" });
 * cookie.name; // "__Host-Http-session"
 */
export function resolveCookie(name: string, options: CookieOptions = {}): ResolvedCookie {
  requireKnownKeys("cookie", options, Object.keys(KNOWN));
  const prefix = oneOf("cookie.prefix", options.prefix, COOKIE_PREFIXES) ?? "__Host-Http-";
  const settings = resolveSettings(options);
  const fullName = prefixedName(prefix, name);
  requirePrefixRules(prefix, settings);
  requireSecureUse(settings);
  return Object.freeze({
    name: fullName,
    prefix,
    baseName: name,
    attributes: cookieAttributes(settings),
  });
}

/**
 * The plain variant of a cookie, for development over plain HTTP on a loopback address.
 *
 * Nothing of it needs HTTPS: no prefix, not Secure, not Partitioned, and `SameSite=None` becomes
 * Lax. It has no Domain either, as no loopback host lies in one and browsers would drop the cookie.
 */
export function developmentCookie({ baseName, attributes }: ResolvedCookie): ResolvedCookie {
  const plain = cookieAttributes({
    ...attributes,
    domain: undefined,
    secure: false,
    sameSite: attributes.sameSite === "none" ? "lax" : attributes.sameSite,
    partitioned: false,
  });
  return Object.freeze({ name: baseName, prefix: "", baseName, attributes: plain });
}

// An option that is `undefined` counts as left out, so that it cannot erase a safe default.
function resolveSettings(options: CookieOptions): CookieSettings {
  const { domain, path = "/", maxAge } = options;
  return {
    domain: domain === undefined ? undefined : cookieDomain(domain),
    path: cookiePath(path),
    secure: flag("cookie.secure", options.secure) ?? true,
    httpOnly: flag("cookie.httpOnly", options.httpOnly) ?? true,
    sameSite: oneOf("cookie.sameSite", options.sameSite, ["lax", "strict", "none"]) ?? "lax",
    partitioned: flag("cookie.partitioned", options.partitioned) ?? false,
    priority: oneOf("cookie.priority", options.priority, ["low", "medium", "high"]),
    maxAgeMs: maxAge === undefined ? undefined : cookieMaxAgeMs(maxAge),
  };
}

function cookieMaxAgeMs(maxAge: Duration): number {
  const ms = durationMs("cookie.maxAge", maxAge);
  if (ms <= MAX_COOKIE_AGE_MS) return ms;
  throw new OptionsError(
    "cookie.maxAge",
    'must not exceed 400 days, as browsers keep no cookie longer. Write "400d" or less.',
  );
}

function requireSecureUse({ secure, sameSite, partitioned }: CookieSettings): void {
  if (secure) return;
  const advice = "needs Secure; browsers drop the cookie otherwise. Leave cookie.secure out";
  if (sameSite === "none") {
    throw new OptionsError("cookie.sameSite", `"none" ${advice}, or write sameSite: "lax".`);
  }
  if (partitioned) {
    throw new OptionsError("cookie.partitioned", `${advice}, or leave partitioned out.`);
  }
}
