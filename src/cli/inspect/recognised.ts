import { decodedBase64, decodedBase64url } from "../../interop/python/base64url.ts";
import { unquotedCookieValue } from "../../interop/python/cookie-quoting.ts";
import type { Finding } from "./finding.ts";
import { django } from "./formats/django.ts";
import { djangoLegacy } from "./formats/django-legacy.ts";
import { flask } from "./formats/flask.ts";
import { flaskSession } from "./formats/flask-session.ts";
import { javascriptSessions } from "./formats/javascript-sessions.ts";
import { ownSealed } from "./formats/own-sealed.ts";
import { ownSecretText } from "./formats/own-secret.ts";
import { ownSigned } from "./formats/own-signed.ts";
import { randomIds } from "./formats/random-ids.ts";
import { starlette } from "./formats/starlette.ts";
import { storedFinding } from "./formats/stored.ts";
import { tornado } from "./formats/tornado.ts";
import { unopened } from "./formats/unopened.ts";
import type { Context, Recogniser, Specimen } from "./specimen.ts";

/** The more a form says of itself, the earlier it is asked for. */
const RECOGNISERS: readonly Recogniser[] = [
  ...[ownSecretText, javascriptSessions, unopened, ownSigned, ownSealed, tornado],
  ...[starlette, flask, flaskSession, django, djangoLegacy, randomIds],
];

/** What a text is, in whichever spelling it came; `undefined` where nothing knows it. */
export function recognised(specimen: Specimen, context: Context): Finding | undefined {
  for (const text of spellings(specimen.text)) {
    const found = firstOf({ ...specimen, text }, context) ?? storedText(text, context);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstOf(specimen: Specimen, context: Context): Finding | undefined {
  for (const recogniser of RECOGNISERS) {
    const finding = recogniser(specimen, context);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

/** As it is, without quotes, and without percent signs. */
function spellings(text: string): readonly string[] {
  const unquoted = unquotedCookieValue(text);
  return [...new Set([text, unquoted, percentDecoded(unquoted)])];
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a store holds, as JSON, or as the digits or the base64 of its bytes. */
function storedText(text: string, context: Context): Finding | undefined {
  const own = text.startsWith("{") ? storedFinding(Buffer.from(text), context) : undefined;
  const bytes = own === undefined ? bytesIn(text.replace(/\s+/g, "")) : undefined;
  return own ?? (bytes && storedFinding(bytes, context));
}

function bytesIn(text: string): Buffer | undefined {
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, "hex");
  return decodedBase64(text) ?? decodedBase64url(text);
}
