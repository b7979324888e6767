import type { RequestHead } from "../../core/exchange.ts";

/**
 * The one value that a request brings under a name; `undefined` where it brings none, or more than
 * one. Names are compared byte for byte, and nothing is decoded.
 */
export function cookieIn(request: RequestHead, name: string): string | undefined {
  const header = request.header("cookie");
  if (header?.includes(name) !== true) return undefined;
  const start = `${name}=`;
  const pairs = header.split(";").map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ""));
  const [value, other] = pairs.filter((pair) => pair.startsWith(start));
  return other === undefined ? value?.slice(start.length) : undefined;
}

/**
 * What the browser compares a bound cookie with: what it is told of it, and what it is set with, are
 * this one text.
 */
export const BOUND_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax";

/** The line that sets a cookie of ours. */
export function setCookie(name: string, value: string, maxAgeMs: number): string {
  return `${name}=${value}; ${BOUND_ATTRIBUTES}; Max-Age=${Math.ceil(maxAgeMs / 1_000)}`;
}

/** The line that lets the browser forget it: it proves its key for a new one then. */
export function dropCookie(name: string): string {
  return setCookie(name, "", 0);
}
