import type { Adoptable } from "../../cookies/mount.ts";
import type { Duration } from "../../core/duration.ts";
import type { JsonObject } from "../../core/json.ts";
import { asObject } from "../../core/json.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import type { ForeignDocument, ForeignSessions, Unread } from "../foreign/foreign-sessions.ts";
import { requiredText } from "../foreign/text-options.ts";
import { wholeSeconds } from "../foreign/whole-seconds.ts";
import type { IronKeys } from "../javascript/iron-seal.ts";
import { CORRUPT, leftBehind, leftDocument } from "../javascript/left-behind.ts";
import { passwordsOf } from "../javascript/library-options.ts";
import { numberedPieces } from "../javascript/numbered-pieces.ts";
import { objectIn } from "../javascript/seal-document.ts";
import { timeIn, userIn } from "../javascript/values.ts";
import type { EpochMs } from "../python/time-bounds.ts";

/** How the sessions that h3's `useSession` has left go on here, in the words of its options. */
export interface H3SessionCookieOptions<D extends object> extends AdoptionWords<D> {
  /** `password`; of several, all are believed. */
  readonly password: string | readonly string[];
  /**
   * `name`, of the cookie.
   *
   * @defaultValue `"h3"`
   */
  readonly name?: string | undefined;
  /**
   * `maxAge`, in whole seconds, counted from when a session began.
   *
   * @defaultValue none: sessions end with the browser
   */
  readonly maxAge?: Duration | undefined;
  /**
   * `idleTimeout` of h3 2, in whole seconds.
   *
   * @defaultValue none
   */
  readonly idleTimeout?: Duration | undefined;
  /**
   * Which h3 has sealed them. `"2"` reads those of `"1"` too, and hashes the password 8,192 times for
   * each cookie that comes, as h3 2 does: some milliseconds.
   *
   * @defaultValue `"1"`, that of Nuxt 3 and 4
   */
  readonly version?: "1" | "2" | undefined;
}

/** How the sessions that nuxt-auth-utils has left go on here, in the words of its `runtimeConfig`. */
export interface NuxtSessionCookieOptions<D extends object>
  extends Omit<H3SessionCookieOptions<D>, "idleTimeout"> {
  /**
   * `session.name`, of the cookie.
   *
   * @defaultValue `"nuxt-session"`
   */
  readonly name?: string | undefined;
}

/**
 * Takes over the sessions of h3's `useSession`, and so of Nuxt's and Nitro's, from their own cookie:
 * one of the list `adopt` of `createSessions`. h3 does not say who is signed in, so `map` does.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { h3SessionCookie } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions<{ theme?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     h3SessionCookie<{ theme?: string }>({
 *       password: process.env["SESSION_PASSWORD"] ?? "",
 *       map: ({ values: { userId, theme } }) => ({
 *         data: { theme: String(theme) },
 *         userId: userId === undefined ? undefined : String(userId),
 *       }),
 *     }),
 *   ],
 * });
 */
export function h3SessionCookie<D extends object = Record<string, unknown>>(
  options: H3SessionCookieOptions<D>,
): Adoptable {
  return sealedSessions("h3SessionCookie", options, {
    library: "h3",
    cookieName: "h3",
    userIn: () => undefined,
  });
}

/**
 * Takes over the sessions of nuxt-auth-utils from their own cookie: one of the list `adopt` of
 * `createSessions`. `userId` is `user.id`, where there is one.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { nuxtSessionCookie } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions<{ login?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     nuxtSessionCookie<{ login?: string }>({
 *       password: process.env["NUXT_SESSION_PASSWORD"] ?? "",
 *       map: ({ values: { user }, userId }) => ({ data: { login: String(Object(user).login) }, userId }),
 *     }),
 *   ],
 * });
 */
export function nuxtSessionCookie<D extends object = Record<string, unknown>>(
  options: NuxtSessionCookieOptions<D>,
): Adoptable {
  return sealedSessions("nuxtSessionCookie", options, {
    library: "nuxt-auth-utils",
    cookieName: "nuxt-session",
    userIn: ({ user }) => userIn(asObject(user)?.["id"]),
  });
}

/** What differs among those who use h3's sessions. */
interface Ways {
  readonly library: string;
  readonly cookieName: string;
  userIn(data: JsonObject): string | undefined;
}

/** How long sessions live. */
interface Lifetimes {
  readonly maxAgeMs: number | undefined;
  readonly idleTimeoutMs: number | undefined;
}

function sealedSessions<D extends object>(
  group: string,
  options: H3SessionCookieOptions<D>,
  ways: Ways,
): Adoptable {
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, KNOWN, ADVICE);
  const { maxAge, idleTimeout, version, name = ways.cookieName } = settings;
  const passwords = passwordsOf(`${group}.password`, settings.password);
  const isNew = oneOf(`${group}.version`, version, ["1", "2"]) === "2";
  const keys = { passwordsFor: () => passwords, iterations: isNew ? [8_192, 1] : [1] };
  const lifetimes = {
    maxAgeMs: maxAge === undefined ? undefined : wholeSeconds(`${group}.maxAge`, maxAge),
    idleTimeoutMs:
      idleTimeout === undefined ? undefined : wholeSeconds(`${group}.idleTimeout`, idleTimeout),
  };
  const sessions: ForeignSessions = leftBehind({
    library: ways.library,
    cookieName: requiredText(`${group}.name`, name),
    pieces: numberedPieces("__chunked__"),
    read: (text, now) => sessionIn(text, keys, lifetimes, ways, now),
  });
  return adoptable(sessions, { secret: passwords[0], ...words });
}

const KNOWN = ["password", "name", "maxAge", "idleTimeout", "version"];

const ADVICE: Readonly<Record<string, string>> = {
  cookie: "Write sessionCookiePlace for its domain and path.",
  sessionHeader: "Sessions in a header of their own are not adopted.",
  seal: "Seals with other settings than h3's own are not read.",
};

function sessionIn(
  text: string,
  keys: IronKeys,
  { maxAgeMs, idleTimeoutMs }: Lifetimes,
  ways: Ways,
  now: EpochMs,
): ForeignDocument | Unread {
  const sealed = objectIn(text, keys, now);
  if ("rejection" in sealed) return sealed;
  const { id, createdAt, lastSeenAt } = sealed.object;
  const data = asObject(sealed.object["data"]);
  const [began, seen] = [timeIn(createdAt), timeIn(lastSeenAt) ?? timeIn(createdAt)];
  if (typeof id !== "string" || id === "" || data === undefined) return CORRUPT;
  if (began === undefined || seen === undefined) return CORRUPT;
  const ends = [
    sealed.endsAt,
    maxAgeMs && began + maxAgeMs,
    idleTimeoutMs && seen + idleTimeoutMs,
  ].filter((end) => end !== undefined);
  return leftDocument({
    values: data,
    userId: ways.userIn(data),
    persistent: maxAgeMs !== undefined || idleTimeoutMs !== undefined,
    endsAt: ends.length === 0 ? undefined : Math.min(...ends),
    writtenAt: began,
    identity: id,
  });
}
