import { cookieValues } from "../../cookies/cookie-header.ts";
import { deprecate } from "./deprecation.ts";
import type { SessionRequest } from "./request.ts";
import { type Secret, unsign } from "./signature.ts";

const LATE = "cookie should be available in req.headers.cookie";

/** The session id that a request's cookie brings, if one of the secrets has signed it. */
export function sentId(
  request: SessionRequest,
  name: string,
  secrets: readonly Secret[],
): string | undefined {
  const header = request.headers.cookie;
  const sent = header === undefined ? undefined : signedId(inHeader(header, name), secrets);
  return sent || parsedId(request, name, secrets);
}

/** What cookie-parser found, for who has taken the header away. */
function parsedId(
  { signedCookies, cookies }: SessionRequest,
  name: string,
  secrets: readonly Secret[],
): string | undefined {
  const found = signedCookies?.[name] || signedId(cookies?.[name], secrets);
  if (!found) return;
  deprecate(LATE);
  return found as string;
}

function signedId(text: unknown, secrets: readonly Secret[]): string | undefined {
  if (typeof text !== "string" || !text.startsWith("s:")) return;
  return unsign(text.slice(2), secrets);
}

/**
 * The id that a cookie's value in a header holds: `undefined` where it is of another form, `""` where
 * none of the secrets has signed it.
 */
export function readSigned(raw: string, secrets: readonly Secret[]): string | undefined {
  const value = unquoted(raw);
  return value.startsWith("s:") ? (unsign(value.slice(2), secrets) ?? "") : undefined;
}

function inHeader(header: string, name: string): string | undefined {
  const [raw] = cookieValues(header, name);
  return raw === undefined ? undefined : unquoted(raw);
}

function unquoted(raw: string): string {
  const value = raw.startsWith('"') ? raw.slice(1, -1) : raw;
  return value.includes("%") ? decoded(value) : value;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
