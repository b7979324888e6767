import type { Adoptable } from "../../cookies/mount.ts";
import { asObject, parseObject } from "../../core/json.ts";
import { flag, requireKnownKeys } from "../../core/option-checks.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import type { ForeignDocument, Unread } from "../foreign/foreign-sessions.ts";
import { requiredText } from "../foreign/text-options.ts";
import { cookieText, storedKey } from "../javascript/cookie-text.ts";
import { CORRUPT, leftBehind, leftDocument } from "../javascript/left-behind.ts";
import { requiredFunction, type Secrets, secretsOf } from "../javascript/library-options.ts";
import { unsigned } from "../javascript/signed-text.ts";
import { timeIn, userIn } from "../javascript/values.ts";

/** How the sessions that better-auth has left go on here, in the words of its options. */
export interface BetterAuthCookieOptions<D extends object> extends AdoptionWords<D> {
  /** `secret`; of several, all are believed. */
  readonly secret: Secrets;
  /**
   * Finds a session and its user by the token: `internalAdapter.findSession` of `auth.$context`, or a
   * statement of yours on its tables. Resolves to `null` where there is none.
   */
  readonly find: (token: string) => unknown;
  /** Takes a session away: `internalAdapter.deleteSession`, or a statement of yours. */
  readonly end: (token: string) => unknown;
  /**
   * `advanced.cookiePrefix`.
   *
   * @defaultValue `"better-auth"`
   */
  readonly cookiePrefix?: string | undefined;
  /**
   * `advanced.useSecureCookies`: whether the cookie's name begins with `__Secure-`, as it does over
   * HTTPS.
   *
   * @defaultValue `true`
   */
  readonly useSecureCookies?: boolean | undefined;
  /**
   * The whole name of the cookie, where `advanced.cookies` has another one.
   *
   * @defaultValue `"__Secure-better-auth.session_token"`
   */
  readonly cookieName?: string | undefined;
}

/**
 * Takes over the sessions of better-auth, from its database or its secondary storage: one of the list
 * `adopt` of `createSessions`. `values` are its `session` and its `user`.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { createSessions } from "sojourn";
 * import { betterAuthCookie } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * declare const old: { find(token: string): Promise<unknown>; end(token: string): Promise<void> };
 * const sessions = createSessions<{ email?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     betterAuthCookie<{ email?: string }>({
 *       secret: process.env["BETTER_AUTH_SECRET"] ?? "",
 *       find: (token) => old.find(token),
 *       end: (token) => old.end(token),
 *       map: ({ values: { user }, userId }) => ({ data: { email: String(Object(user).email) }, userId }),
 *     }),
 *   ],
 * });
 */
export function betterAuthCookie<D extends object = Record<string, unknown>>(
  options: BetterAuthCookieOptions<D>,
): Adoptable {
  const group = "betterAuthCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, KNOWN, ADVICE);
  const secrets = secretsOf(`${group}.secret`, settings.secret);
  const find = requiredFunction(`${group}.find`, settings.find);
  const end = requiredFunction(`${group}.end`, settings.end);
  const signing = { secrets, algorithm: "sha256", encoding: "base64" } as const;
  const sessions = leftBehind({
    library: "better-auth",
    cookieName: nameOf(group, settings),
    read: stored,
    kept: {
      keyIn: (value) => {
        const text = cookieText(value);
        if (text === undefined) return "malformed";
        const token = unsigned(text, signing);
        return token === undefined ? "altered" : storedKey(token);
      },
      find: async (token) => find(token),
      end: async (token) => end(token),
    },
  });
  return adoptable(sessions, { secret: secrets[0], ...words });
}

const KNOWN = ["secret", "find", "end", "cookiePrefix", "useSecureCookies", "cookieName"];

const ADVICE: Readonly<Record<string, string>> = {
  database: "Write find and end: the guide shows them.",
  secondaryStorage: "Write find and end: the guide shows them.",
  advanced: "Write cookiePrefix, useSecureCookies or cookieName.",
};

function nameOf(
  group: string,
  {
    cookiePrefix = "better-auth",
    useSecureCookies,
    cookieName,
  }: Partial<BetterAuthCookieOptions<object>>,
): string {
  const isSecure = flag(`${group}.useSecureCookies`, useSecureCookies) ?? true;
  const prefix = requiredText(`${group}.cookiePrefix`, cookiePrefix);
  const usual = `${isSecure ? "__Secure-" : ""}${prefix}.session_token`;
  return requiredText(`${group}.cookieName`, cookieName ?? usual);
}

function stored(text: string): ForeignDocument | Unread {
  const found = parseObject(text);
  const session = asObject(found?.["session"]);
  const endsAt = timeIn(session?.["expiresAt"]);
  if (session === undefined || endsAt === undefined) return CORRUPT;
  const { userId, updatedAt, createdAt } = session;
  return leftDocument({
    values: { session, user: asObject(found?.["user"]) ?? null },
    userId: userIn(userId),
    persistent: true,
    endsAt,
    writtenAt: timeIn(updatedAt) ?? timeIn(createdAt),
  });
}
