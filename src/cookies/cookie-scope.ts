import { OptionsError } from "../core/errors.ts";

export const MAX_HOST_LENGTH = 253;
/** Browsers ignore a longer attribute (RFC 6265bis §5.6), and the cookie then has another path. */
export const MAX_PATH_LENGTH = 1024;

const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})+$`);
/** A last label that is a number makes it an IPv4 address (WHATWG URL, "ends in a number"). */
const IPV4 = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i;
const IPV6 = /^\[?[\da-f]*:[\da-f]*:[\da-f:.]*\]?$/i;
const PATH = /^\/[\x21-\x3a\x3c-\x7e]*$/;

/**
 * The domain in lower case, if browsers accept it as the `Domain` of a cookie. Whether it is a
 * public suffix such as `co.uk` is not looked up.
 *
 * @throws {@link OptionsError} otherwise.
 */
export function cookieDomain(domain: string): string {
  const problem = domainProblem(domain);
  if (problem !== undefined) throw new OptionsError("cookie.domain", problem);
  return domain.toLowerCase();
}

function domainProblem(domain: unknown): string | undefined {
  if (typeof domain !== "string" || domain.length > MAX_HOST_LENGTH) return NOT_A_HOST;
  if (domain.startsWith(".")) {
    return "must not begin with a dot. Leave the dot out; subdomains are included all the same.";
  }
  if (IPV4.test(domain) || IPV6.test(domain)) {
    return "must not be an IP address. Leave it out; the cookie then belongs to that host alone.";
  }
  return HOST_NAME.test(domain) ? undefined : NOT_A_HOST;
}

const NOT_A_HOST =
  'must be a host name with a dot, such as "example.com": no scheme, port or path, and other ' +
  "scripts in their ASCII form (xn--…). For one host alone, such as localhost, leave it out.";

/**
 * The path, if browsers accept it as the `Path` of a cookie.
 *
 * @throws {@link OptionsError} otherwise.
 */
export function cookiePath(path: string): string {
  if (typeof path === "string" && path.length <= MAX_PATH_LENGTH && PATH.test(path)) return path;
  throw new OptionsError(
    "cookie.path",
    `must begin with "/" and hold no space, semicolon or character beyond ASCII (write those as ` +
      `in the address bar's URL, %20), in at most ${MAX_PATH_LENGTH} characters.`,
  );
}
