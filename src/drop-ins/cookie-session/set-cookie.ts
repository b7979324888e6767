/** What a cookie of the `cookies` package may have beside its name and value. */
export interface CookieAttributes {
  /** How long the browser is to keep it, in ms from now. @defaultValue until it is closed */
  maxAge?: number | undefined;
  /** When the browser is to forget it. @defaultValue as it is closed */
  expires?: Date | undefined;
  /** @defaultValue "/" */
  path?: string | undefined;
  /** @defaultValue none: this host alone */
  domain?: string | undefined;
  /** `true` is `"strict"`. @defaultValue false: left out */
  sameSite?: "strict" | "lax" | "none" | boolean | undefined;
  /** @defaultValue whether the connection is encrypted */
  secure?: boolean | undefined;
  /** Says Secure though the connection does not look so, as behind a proxy. */
  secureProxy?: boolean | undefined;
  /** @defaultValue true */
  httpOnly?: boolean | undefined;
  /** One cookie per embedding site (CHIPS). @defaultValue false */
  partitioned?: boolean | undefined;
  /** @defaultValue none */
  priority?: "low" | "medium" | "high" | undefined;
  /** Whether it takes the place of those of its name in the same response. @defaultValue false */
  overwrite?: boolean | undefined;
}

/** Characters of a header field, without those that end a name or a value (RFC 9110 §5.5). */
const NAME = /^[\t !-:<>-~\u0080-\u00ff]+$/;
const VALUE = /^[\t -:<-~\u0080-\u00ff]*$/;
const PATH = /^[ -:=-~]*$/;
const DOMAIN = /^\.?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const PRIORITY = /^(?:low|medium|high)$/i;
const SAME_SITE = /^(?:lax|none|strict)$/i;

/** @throws TypeError for what cannot stand in the name or the value of a cookie. */
export function checkCookie(name: string, value: string): void {
  if (!NAME.test(name)) throw new TypeError("argument name is invalid");
  if (!VALUE.test(value)) throw new TypeError("argument value is invalid");
}

/**
 * What follows `name=value`, letter for letter as the `cookies` package writes it. Its lower case and its
 * `expires` in place of `max-age` are kept: whoever compares headers finds the same.
 *
 * @throws TypeError for an attribute that no header can have.
 */
export function attributesText(
  given: CookieAttributes,
  { isSecure, isOver, now }: Writing,
): string {
  // What a prototype says counts: a request's options are made over the application's.
  const { domain, priority, sameSite, partitioned } = given;
  const path = "path" in given ? given.path : "/";
  const httpOnly = "httpOnly" in given ? given.httpOnly : true;
  const expires = isOver ? new Date(0) : endOf(given, now);
  check("path", path, PATH);
  check("domain", domain, DOMAIN);
  check("priority", priority, PRIORITY);
  const parts = [
    path && `path=${path}`,
    expires && `expires=${expires.toUTCString()}`,
    domain && `domain=${domain}`,
    priority && `priority=${priority.toLowerCase()}`,
    sameSite && `samesite=${sameSiteText(sameSite)}`,
    isSecure && "secure",
    httpOnly && "httponly",
    partitioned && "partitioned",
  ];
  return parts.map((part) => (part ? `; ${part}` : "")).join("");
}

/** What is known when a cookie is written. */
interface Writing {
  readonly isSecure: boolean;
  /** Whether it is taken away. */
  readonly isOver: boolean;
  readonly now: number;
}

function endOf({ maxAge, expires }: CookieAttributes, now: number): Date | undefined {
  if (maxAge && !Number.isFinite(maxAge)) throw new TypeError("option maxAge is invalid");
  return maxAge ? new Date(now + maxAge) : expires;
}

function check(option: string, value: string | undefined, form: RegExp): void {
  if (value && !form.test(value)) throw new TypeError(`option ${option} is invalid`);
}

function sameSiteText(sameSite: string | true): string {
  if (sameSite === true) return "strict";
  check("sameSite", sameSite, SAME_SITE);
  return sameSite.toLowerCase();
}
