/** What a cookie says beside its name and value. */
export interface CookieAttributes {
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
  readonly expires?: unknown;
  readonly httpOnly?: boolean | undefined;
  readonly secure?: boolean | "auto" | undefined;
  readonly partitioned?: boolean | undefined;
  readonly priority?: string | undefined;
  readonly sameSite?: boolean | string | undefined;
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DOMAIN =
  /^\.?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const PATH = /^[\u0020-\u003A\u003D-\u007E]*$/;
const PRIORITIES: Readonly<Record<string, string>> = { low: "Low", medium: "Medium", high: "High" };
const SAME_SITES: Readonly<Record<string, string>> = {
  true: "Strict",
  strict: "Strict",
  lax: "Lax",
  none: "None",
};

/**
 * A `Set-Cookie` line as express-session writes it: the same attributes, in the same order.
 *
 * @throws TypeError for a name or an attribute that no cookie can have, in the words that its
 * users' error handlers know.
 */
export function cookieText(name: string, value: string, attributes: CookieAttributes): string {
  if (!NAME.test(name)) throw new TypeError("argument name is invalid");
  const { domain, path, httpOnly, secure, partitioned, priority, sameSite } = attributes;
  let text = `${name}=${encodeURIComponent(value)}`;
  if (domain) text += `; Domain=${matching("domain", DOMAIN, domain)}`;
  if (path) text += `; Path=${matching("path", PATH, path)}`;
  text += expiry(attributes.expires);
  if (httpOnly) text += "; HttpOnly";
  if (secure) text += "; Secure";
  if (partitioned) text += "; Partitioned";
  if (priority) text += `; Priority=${word("priority", PRIORITIES, priority)}`;
  if (sameSite) text += `; SameSite=${word("sameSite", SAME_SITES, sameSite)}`;
  return text;
}

function expiry(expires: unknown): string {
  if (!expires) return "";
  if (!isDate(expires) || Number.isNaN(expires.valueOf())) {
    throw new TypeError("option expires is invalid");
  }
  return `; Expires=${expires.toUTCString()}`;
}

/** Not by `instanceof`: a test runner's realm has a Date of its own. */
export function isDate(value: unknown): value is Date {
  return value instanceof Date || Object.prototype.toString.call(value) === "[object Date]";
}

function matching(option: string, pattern: RegExp, text: string): string {
  if (!pattern.test(text)) throw new TypeError(`option ${option} is invalid`);
  return text;
}

function word(option: string, words: Readonly<Record<string, string>>, key: unknown): string {
  const text = typeof key === "string" ? key.toLowerCase() : String(key);
  const found = Object.hasOwn(words, text) ? words[text] : undefined;
  if (found === undefined) throw new TypeError(`option ${option} is invalid`);
  return found;
}
