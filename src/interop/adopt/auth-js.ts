import type { Adoptable } from "../../cookies/mount.ts";
import type { Duration } from "../../core/duration.ts";
import { asObject, type JsonObject, parseObject } from "../../core/json.ts";
import { flag, oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import type { ForeignDocument, Unread } from "../foreign/foreign-sessions.ts";
import { requiredText } from "../foreign/text-options.ts";
import { wholeSeconds } from "../foreign/whole-seconds.ts";
import { piecesFrom } from "../javascript/chunks.ts";
import { cookieText, storedKey } from "../javascript/cookie-text.ts";
import { type Encryption, openedToken, tokenKeys } from "../javascript/encrypted-jwt.ts";
import { CORRUPT, leftBehind, leftDocument } from "../javascript/left-behind.ts";
import {
  neededSecret,
  type Secrets,
  secretsOf,
  withMethods,
} from "../javascript/library-options.ts";
import { timeIn, userIn, writtenBefore } from "../javascript/values.ts";
import type { EpochMs } from "../python/time-bounds.ts";

/** Which cookie of Auth.js's it is. */
interface AuthJsCookieName {
  /**
   * Which Auth.js: `"4"` for next-auth 4, `"5"` for `@auth/core` and what is built on it.
   *
   * @defaultValue `"5"`
   */
  readonly version?: "4" | "5" | undefined;
  /**
   * `useSecureCookies`: whether the cookie's name begins with `__Secure-`, as it does over HTTPS.
   *
   * @defaultValue `true`
   */
  readonly useSecureCookies?: boolean | undefined;
  /**
   * `cookies.sessionToken.name`.
   *
   * @defaultValue `"__Secure-authjs.session-token"`, or of version 4 `"__Secure-next-auth.session-token"`
   */
  readonly cookieName?: string | undefined;
}

/** How the sessions that Auth.js has left in JWTs go on here, in the words of its configuration. */
export interface AuthJsCookieOptions<D extends object> extends AuthJsCookieName, AdoptionWords<D> {
  /** `secret`, which is `AUTH_SECRET`; of several, all are believed. */
  readonly secret: Secrets;
}

/** How the sessions that Auth.js has left in a database go on here, in the words of its configuration. */
export interface AuthJsDatabaseCookieOptions<D extends object>
  extends AuthJsCookieName,
    AdoptionWords<D> {
  /** `adapter`, or two functions of yours that do the same. */
  readonly adapter: AuthJsAdapter;
  /**
   * `session.maxAge`, in whole seconds: it tells when a session was last prolonged.
   *
   * @defaultValue `"30d"`
   */
  readonly maxAge?: Duration | undefined;
}

/** An adapter of Auth.js's, by what is asked of it. */
export interface AuthJsAdapter {
  /** Resolves to the session and its user; `null` where there is none. */
  getSessionAndUser?(sessionToken: string): unknown;
  deleteSession?(sessionToken: string): unknown;
}

/**
 * Takes over the sessions of Auth.js and NextAuth.js with the strategy `"jwt"`, from their own
 * cookies: one of the list `adopt` of `createSessions`. `values` are the claims, `userId` is `sub`.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { authJsCookie } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions<{ email?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     authJsCookie<{ email?: string }>({
 *       secret: process.env["AUTH_SECRET"] ?? "",
 *       map: ({ values: { email }, userId }) => ({ data: { email: String(email) }, userId }),
 *     }),
 *   ],
 * });
 */
export function authJsCookie<D extends object = Record<string, unknown>>(
  options: AuthJsCookieOptions<D>,
): Adoptable {
  const group = "authJsCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, [...NAMING, "secret"], ADVICE);
  const { version, cookieName } = nameOf(group, settings);
  const secrets = secretsOf(`${group}.secret`, settings.secret);
  const { salt, info, allowed } = DERIVATIONS[version](cookieName);
  const keys = tokenKeys(secrets, salt, info);
  const sessions = leftBehind({
    library: "Auth.js",
    cookieName,
    pieces: piecesFrom(0),
    read: (value, now) => {
      const opened = openedToken(cookieText(value) ?? "", keys, allowed);
      if (opened.ok) return claimed(opened.claims, now);
      return { ...CORRUPT, rejection: opened.reason };
    },
  });
  return adoptable(sessions, { secret: secrets[0], ...words });
}

/**
 * Takes over the sessions of Auth.js and NextAuth.js with the strategy `"database"`: one of the list
 * `adopt` of `createSessions`. `values` are its `session` and its `user`.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { createSessions } from "sojourn";
 * import { type AuthJsAdapter, authJsDatabaseCookie } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * declare const adapter: AuthJsAdapter; // such as PrismaAdapter(prisma)
 * const sessions = createSessions<{ email?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     authJsDatabaseCookie<{ email?: string }>({
 *       adapter,
 *       adoptionSecret: process.env["ADOPTION_SECRET"] ?? "",
 *       map: ({ values: { user }, userId }) => ({ data: { email: String(Object(user).email) }, userId }),
 *     }),
 *   ],
 * });
 */
export function authJsDatabaseCookie<D extends object = Record<string, unknown>>(
  options: AuthJsDatabaseCookieOptions<D>,
): Adoptable {
  const group = "authJsDatabaseCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, [...NAMING, "adapter", "maxAge"], ADVICE);
  const { cookieName } = nameOf(group, settings);
  const { maxAge = "30d" } = settings;
  const maxAgeMs = wholeSeconds(`${group}.maxAge`, maxAge);
  const methods = ["getSessionAndUser", "deleteSession"] as const;
  const adapter = withMethods(`${group}.adapter`, settings.adapter, methods);
  const sessions = leftBehind({
    library: "Auth.js",
    cookieName,
    read: (text, now) => stored(text, maxAgeMs, now),
    kept: {
      keyIn: (value) => storedKey(cookieText(value) ?? ""),
      find: async (token) => adapter.getSessionAndUser?.(token),
      end: async (token) => adapter.deleteSession?.(token),
    },
  });
  return adoptable(sessions, { ...words, secret: neededSecret(group, words.secret) });
}

const NAMING = ["version", "useSecureCookies", "cookieName"];

const ADVICE: Readonly<Record<string, string>> = {
  cookies: "Write cookieName, and sessionCookiePlace for its domain and path.",
  session: "Write maxAge.",
  jwt: "Tokens of an encode and decode of your own are not read.",
};

type Version = "4" | "5";

function nameOf(
  group: string,
  settings: AuthJsCookieName,
): { readonly version: Version; readonly cookieName: string } {
  const version = oneOf(`${group}.version`, settings.version, ["4", "5"]) ?? "5";
  const isSecure = flag(`${group}.useSecureCookies`, settings.useSecureCookies) ?? true;
  const usual = `${isSecure ? "__Secure-" : ""}${version === "4" ? "next-auth" : "authjs"}.session-token`;
  return { version, cookieName: requiredText(`${group}.cookieName`, settings.cookieName ?? usual) };
}

interface Derivation {
  readonly salt: string;
  readonly info: string;
  readonly allowed: readonly Encryption[];
}

/** What each version derives its keys by. */
const DERIVATIONS: Readonly<Record<Version, (cookieName: string) => Derivation>> = {
  "4": () => ({
    salt: "",
    info: "NextAuth.js Generated Encryption Key",
    allowed: ["A256GCM"],
  }),
  "5": (cookieName) => ({
    salt: cookieName,
    info: `Auth.js Generated Encryption Key (${cookieName})`,
    allowed: ["A256CBC-HS512", "A256GCM"],
  }),
};

/** So much later Auth.js still takes a token. */
const SKEW_MS = 15_000;

function claimed(claims: JsonObject, now: EpochMs): ForeignDocument | Unread {
  const { iat, exp, jti, nbf, ...values } = claims;
  const [writtenAt, expiresAt, from] = [secondsIn(iat), secondsIn(exp), secondsIn(nbf)];
  if (expiresAt === undefined) return CORRUPT;
  if (from !== undefined && from > now + SKEW_MS) return { ...CORRUPT, rejection: "expired" };
  return leftDocument({
    values,
    userId: userIn(claims["sub"]),
    persistent: true,
    endsAt: expiresAt + SKEW_MS,
    writtenAt,
    identity: typeof jti === "string" && jti !== "" ? jti : undefined,
  });
}

function secondsIn(value: JsonObject[string] | undefined): EpochMs | undefined {
  return typeof value === "number" ? timeIn(Math.floor(value) * 1_000) : undefined;
}

function stored(text: string, maxAgeMs: number, now: EpochMs): ForeignDocument | Unread {
  const found = parseObject(text);
  const [session, user] = [asObject(found?.["session"]), asObject(found?.["user"])];
  const endsAt = timeIn(session?.["expires"]);
  if (session === undefined || user === undefined || endsAt === undefined) return CORRUPT;
  return leftDocument({
    values: { session, user },
    userId: userIn(session["userId"]) ?? userIn(user["id"]),
    persistent: true,
    endsAt,
    writtenAt: writtenBefore(endsAt, maxAgeMs, now),
  });
}
