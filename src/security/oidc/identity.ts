import { CodecError, OptionsError } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { entryOf, type NoteEdit, put } from "../../core/notes.ts";
import { behind } from "../../core/request/behind.ts";

/** What an ID token says of a sign-in; more claims may be there. `tokens.claims()` of openid-client. */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  /** The identity provider's own session. */
  readonly sid?: unknown;
  readonly acr?: unknown;
  readonly amr?: unknown;
  /** When the user authenticated there: seconds since 1970. */
  readonly auth_time?: unknown;
  /** When the token was issued: seconds since 1970. */
  readonly iat: number;
}

/** Who a session's user is at an identity provider, and how they proved it there. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  /** The identity provider's own session (`sid`). */
  readonly providerSession: string | undefined;
  /** When the user authenticated there (`auth_time`). Epoch ms. */
  readonly authenticatedAt: number | undefined;
  /** When the ID token of the sign-in was issued (`iat`), by the provider's clock. Epoch ms. */
  readonly issuedAt: number;
  /** The authentication context class (`acr`). */
  readonly acr: string | undefined;
  /** The methods of authentication (`amr`, RFC 8176). */
  readonly amr: readonly string[];
}

const IDENTITY = "s";
/** OpenID Connect Core 1.0, 2: a subject has 255 ASCII characters at the most. */
const MAX_LENGTH = 255;
const MAX_METHODS = 16;

/**
 * Who the session's user is at an identity provider; `undefined` where they did not sign in by
 * {@link signInFrom}.
 *
 * @throws {@link OptionsError} for what is no session.
 * @example
 * const { issuer, acr } = identityOf(session) ?? {};
 */
export function identityOf(session: object): Identity | undefined {
  return identityIn(behind(session, "identityOf(session)").state.notes);
}

/** As it was noted. */
export function identityIn(notes: string | undefined): Identity | undefined {
  const entry = entryOf(notes, IDENTITY) as JsonObject | undefined;
  if (entry === undefined) return undefined;
  const { i, u, s, t, n, c, m } = entry;
  return {
    issuer: String(i),
    subject: String(u),
    providerSession: textOf(s),
    authenticatedAt: typeof t === "number" ? t : undefined,
    issuedAt: Number(n),
    acr: textOf(c),
    amr: Array.isArray(m) ? m.map(String) : [],
  };
}

/** Notes it. */
export function ofIdentity(identity: Identity): NoteEdit {
  const { issuer, subject, providerSession, authenticatedAt, issuedAt, acr, amr } = identity;
  const times = { t: authenticatedAt, n: issuedAt };
  const known = { i: issuer, u: subject, s: providerSession, ...times, c: acr, m: amr };
  const entry: JsonValue = JSON.parse(JSON.stringify(known));
  return (notes) => put(notes, IDENTITY, entry);
}

/** Notes what a renewed ID token says beside. */
export function ofRenewal({ acr, amr }: Pick<Identity, "acr" | "amr">): NoteEdit {
  return (notes) => {
    const { [IDENTITY]: before } = notes;
    const entry = { ...(before as JsonObject | undefined) };
    if (acr !== undefined) entry["c"] = acr;
    if (amr.length > 0) entry["m"] = [...amr];
    put(notes, IDENTITY, entry);
  };
}

/**
 * What is believed of an ID token that a client library has verified.
 *
 * @throws {@link CodecError} (422) for what no identity provider sends.
 */
export function identityFrom(claims: IdTokenClaims): Identity {
  if (typeof claims !== "object" || claims === null) {
    throw new OptionsError(
      "signInFrom(claims)",
      "must be the claims of an ID token, such as tokens.claims() of openid-client.",
    );
  }
  const { iss, sub, sid, acr, amr, auth_time: authTime, iat } = claims;
  return {
    issuer: requiredText("iss", iss),
    subject: requiredText("sub", sub),
    providerSession: optionalText("sid", sid),
    authenticatedAt:
      authTime === undefined || authTime === null ? undefined : instantOf("auth_time", authTime),
    issuedAt: instantOf("iat", iat),
    acr: optionalText("acr", acr),
    amr: methodsIn(amr),
  };
}

/** An instant of a JWT in epoch ms. */
function instantOf(claim: string, seconds: unknown): number {
  if (typeof seconds === "number" && Number.isSafeInteger(Math.floor(seconds)) && seconds >= 0) {
    return Math.floor(seconds * 1000);
  }
  throw new CodecError(claim, "it is no number of seconds.", "input");
}

function methodsIn(amr: unknown): readonly string[] {
  if (amr === undefined || amr === null) return [];
  const isList = Array.isArray(amr) && amr.length <= MAX_METHODS;
  if (!isList) throw new CodecError("amr", "it is no list of a few methods.", "input");
  return amr.map((method, place) => requiredText(`amr[${place}]`, method));
}

function optionalText(claim: string, value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : requiredText(claim, value);
}

function requiredText(claim: string, value: unknown): string {
  const isUsable =
    typeof value === "string" && value !== "" && value.length <= MAX_LENGTH && value.isWellFormed();
  if (isUsable) return value;
  throw new CodecError(claim, `it is no text of 1 to ${MAX_LENGTH} characters.`, "input");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
