import type { EpochMs } from "../core/record.ts";

/** What a browser may be told about a cookie, each within its closed set or checked grammar. */
export interface CookieSettings {
  readonly domain: string | undefined;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** `undefined` leaves it to the browser, which says "lax". */
  readonly sameSite: "lax" | "strict" | "none" | undefined;
  readonly partitioned: boolean;
  readonly priority: "low" | "medium" | "high" | undefined;
  /** `undefined` ends the cookie with the browser, unless a write says otherwise. */
  readonly maxAgeMs: number | undefined;
}

declare const brand: unique symbol;
/** Attributes as they stand in the header. Only {@link cookieAttributes} writes it. */
export type AttributeText = string & { readonly [brand]: "AttributeText" };

/** Checked settings with their header text, made once so that a write is one concatenation. */
export interface CookieAttributes extends CookieSettings {
  readonly text: AttributeText;
  /** `Max-Age` from the settings; a write that is given a {@link CookieLifetime} replaces it. */
  readonly maxAgeText: AttributeText;
}

/** How long the browser keeps one written cookie. */
export interface CookieLifetime {
  /** Zero or less deletes the cookie; more than 400 days becomes 400 days. */
  readonly maxAgeMs: number;
  readonly now: EpochMs;
}

/** Octets of name and value together that every browser keeps (RFC 6265bis §5.6). */
export const MAX_COOKIE_BYTES = 4096;
/**
 * What one cookie takes at most unless the application says otherwise: nginx has 4 KiB for the head
 * of a response, and this leaves a quarter of it to the other headers.
 */
export const USUAL_COOKIE_BYTES = 3072;
/** Browsers keep no cookie longer than 400 days (RFC 6265bis §5.5). */
export const MAX_COOKIE_AGE_MS: number = 400 * 24 * 3_600_000;

const SECOND_MS = 1000;
const COOKIE_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** `cookie-octet` of RFC 6265 §4.1.1: no control, space, quote, comma, semicolon, backslash. */
const COOKIE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

/** What can end no attribute and begin no header. */
const ATTRIBUTE_VALUE = /^[\x21-\x3a\x3c-\x7e]*$/;

const SAME_SITE_TEXT: Readonly<Record<NonNullable<CookieSettings["sameSite"]>, string>> = {
  lax: "; SameSite=Lax",
  strict: "; SameSite=Strict",
  none: "; SameSite=None",
};

const PRIORITY_TEXT: Readonly<Record<NonNullable<CookieSettings["priority"]>, string>> = {
  low: "; Priority=Low",
  medium: "; Priority=Medium",
  high: "; Priority=High",
};

/**
 * Writes the constant text of settings and freezes them. What the settings mean to browsers is
 * checked by `resolveCookie`; here only that nothing foreign gets into the header.
 *
 * @throws TypeError if the domain or the path holds what would.
 */
export function cookieAttributes(settings: CookieSettings): CookieAttributes {
  const { domain = "", path, maxAgeMs } = settings;
  if (!ATTRIBUTE_VALUE.test(domain + path)) {
    throw new TypeError("A cookie's Domain and Path must be visible ASCII without a semicolon.");
  }
  const maxAgeText = maxAgeMs === undefined ? "" : `; Max-Age=${maxAgeSeconds(maxAgeMs)}`;
  return Object.freeze({
    ...settings,
    text: (placeText(settings) + protectionText(settings)) as AttributeText,
    maxAgeText: maxAgeText as AttributeText,
  });
}

function placeText({ domain, path }: CookieSettings): string {
  return domain === undefined ? `; Path=${path}` : `; Domain=${domain}; Path=${path}`;
}

function protectionText(settings: CookieSettings): string {
  const { secure, httpOnly, sameSite, partitioned, priority } = settings;
  return [
    secure ? "; Secure" : "",
    httpOnly ? "; HttpOnly" : "",
    sameSite === undefined ? "" : SAME_SITE_TEXT[sameSite],
    partitioned ? "; Partitioned" : "",
    priority === undefined ? "" : PRIORITY_TEXT[priority],
  ].join("");
}

/**
 * Writes one `Set-Cookie` line.
 *
 * Without a `lifetime` the cookie keeps the `maxAge` of its options or ends with the browser; with
 * one it gets `Max-Age` and the equal `Expires`.
 *
 * @throws TypeError if the name is no token or the value holds what a cookie cannot carry.
 * @throws RangeError if name and value exceed 4096 octets, or the lifetime is not a number.
 * @example
 * serializeCookie(cookie.name, token, cookie.attributes, { maxAgeMs: 1_209_600_000, now });
 */
export function serializeCookie(
  name: string,
  value: string,
  attributes: CookieAttributes,
  lifetime?: CookieLifetime,
): string {
  requireWritable(name, value);
  const age = lifetime === undefined ? attributes.maxAgeText : lifetimeText(lifetime);
  return `${name}=${value}${attributes.text}${age}`;
}

/**
 * Writes the `Set-Cookie` line that deletes the cookie.
 *
 * It repeats every attribute: a browser deletes only what has the same name, Domain, Path and
 * partition, and ignores a prefixed name without what its prefix asks.
 */
export function expireCookie(name: string, attributes: CookieAttributes): string {
  return serializeCookie(name, "", attributes, { maxAgeMs: 0, now: 0 });
}

/** Where a browser keeps a cookie, beside its name. */
export type Place = Pick<CookieSettings, "domain" | "path" | "partitioned">;

/**
 * Writes the line that deletes a cookie of the same name in another place. Short, as there are many
 * of them: but for the place only what a browser asks for before it looks at the cookie.
 */
export function expireElsewhere(name: string, place: Place, attributes: CookieAttributes): string {
  const { secure, httpOnly, sameSite } = attributes;
  const { text } = cookieAttributes({
    ...place,
    secure,
    httpOnly: httpOnly && /^__(?:Host-)?Http-/i.test(name),
    sameSite: sameSite === "none" ? "none" : undefined,
    priority: undefined,
    maxAgeMs: undefined,
  });
  requireWritable(name, "");
  return `${name}=; Max-Age=0${text}`;
}

/** Whether `name` is a token of RFC 6265 §4.1.1, which every browser and server takes alike. */
export function isCookieName(name: unknown): name is string {
  return typeof name === "string" && COOKIE_NAME.test(name);
}

// The messages name the cookie and never show its value, which may be a secret.
function requireWritable(name: string, value: string): void {
  if (!isCookieName(name)) {
    throw new TypeError("A cookie's name must be a token of RFC 6265: letters, digits, - _ .");
  }
  const bytes = name.length + value.length;
  if (bytes > MAX_COOKIE_BYTES) {
    throw new RangeError(
      `The cookie "${name}" would take ${bytes} octets with its value; ` +
        `browsers drop it above ${MAX_COOKIE_BYTES}.`,
    );
  }
  if (!COOKIE_VALUE.test(value)) {
    throw new TypeError(`The value of the cookie "${name}" must be visible ASCII without " , ; \\`);
  }
}

function lifetimeText({ maxAgeMs, now }: CookieLifetime): string {
  const seconds = maxAgeSeconds(maxAgeMs);
  const expires = new Date(now + seconds * SECOND_MS);
  if (Number.isNaN(expires.getTime())) {
    throw new RangeError("A cookie's lifetime needs a number of milliseconds and a valid time.");
  }
  return `; Max-Age=${seconds}; Expires=${expires.toUTCString()}`;
}

/** Rounded up, as zero would delete a cookie that still has a moment to live. */
function maxAgeSeconds(maxAgeMs: number): number {
  const bounded = Math.min(Math.max(maxAgeMs, 0), MAX_COOKIE_AGE_MS);
  return Math.ceil(bounded / SECOND_MS);
}
