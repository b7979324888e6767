import fc from "fast-check";
import {
  type CookieOptions,
  type ResolvedCookie,
  resolveCookie,
} from "../../src/cookies/cookie-options.ts";

/** The plainest way to say what `cookieValues` must find; slow, and obviously right. */
export function plainCookieValues(header: string, name: string): string[] {
  return header
    .split(";")
    .filter((pair) => pair.includes("="))
    .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)].map(trim))
    .filter(([key]) => key !== "" && key === name)
    .map(([, value]) => value ?? "");
}

function trim(text: string): string {
  return text.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "");
}

/** A `Set-Cookie` line as a browser takes it apart (RFC 6265bis §5.6), attributes in lower case. */
export function parseSetCookie(line: string): {
  name: string;
  value: string;
  attributes: Record<string, string>;
} {
  const [pair = "", ...rest] = line.split("; ");
  const attributes = rest.map((part) => {
    const [key = "", ...value] = part.split("=");
    return [key.toLowerCase(), value.join("=")];
  });
  const equals = pair.indexOf("=");
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    attributes: Object.fromEntries(attributes),
  };
}

/** Calls `resolveCookie` as JavaScript may: with anything. */
export function resolveUntyped(name: unknown, options: unknown): ResolvedCookie {
  return Reflect.apply(resolveCookie, undefined, [name, options]);
}

/** A cookie with no prefix, so that each attribute can be tried by itself. */
export function plainCookie(options: CookieOptions = {}): ResolvedCookie {
  return resolveCookie("sid", { prefix: "", ...options });
}

/**
 * Any string of JavaScript, lone surrogates too. Not `fc.string({ unit: "binary" })`, whose first
 * use costs seconds on a busy machine.
 */
export const anyText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0, max: 0xffff })))
  .map((codes) => String.fromCharCode(...codes));
