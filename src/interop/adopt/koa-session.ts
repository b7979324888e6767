import type { Adoptable } from "../../cookies/mount.ts";
import { type JsonObject, parseObject } from "../../core/json.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import type { ForeignDocument, Unread } from "../foreign/foreign-sessions.ts";
import { requiredText } from "../foreign/text-options.ts";
import { storedKey } from "../javascript/cookie-text.ts";
import { SIGNED_BESIDE, signedBeside } from "../javascript/keygrip.ts";
import { CORRUPT, type LeftInStore, leftBehind, leftDocument } from "../javascript/left-behind.ts";
import { type Secrets, secretsOf, withMethods } from "../javascript/library-options.ts";
import { flashedIn, passportUser, timeIn, writtenBefore } from "../javascript/values.ts";
import { decodedBase64 } from "../python/base64url.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import type { EpochMs } from "../python/time-bounds.ts";
import { decodedUtf8 } from "../python/utf8.ts";

/** A store of koa-session's, by what is asked of it. */
export interface KoaSessionStore {
  get(key: string, maxAge: undefined, how: { readonly rolling: false }): unknown;
  destroy(key: string): unknown;
}

/** How the sessions that koa-session has left go on here, in the words of its options. */
export interface KoaSessionCookieOptions<D extends object> extends AdoptionWords<D> {
  /** `app.keys`: all are believed. Unsigned sessions are not adopted. */
  readonly keys: Secrets;
  /** `store`; left out where each session is whole in its cookie. */
  readonly store?: KoaSessionStore | undefined;
  /**
   * `key`, of the cookie.
   *
   * @defaultValue `"koa.sess"`
   */
  readonly key?: string | undefined;
}

/**
 * Takes over the sessions of koa-session, from their own cookie or its store: one of the list `adopt`
 * of `createSessions`. `userId` is Passport's, and the messages of koa-connect-flash come along.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { createSessions } from "sojourn";
 * import { koaSessionCookie } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions<{ theme?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     koaSessionCookie<{ theme?: string }>({
 *       keys: [process.env["KEY_NEW"] ?? "", process.env["KEY_OLD"] ?? ""],
 *       map: ({ values, userId }) => ({ data: { theme: String(values["theme"]) }, userId }),
 *     }),
 *   ],
 * });
 */
export function koaSessionCookie<D extends object = Record<string, unknown>>(
  options: KoaSessionCookieOptions<D>,
): Adoptable {
  const group = "koaSessionCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, ["keys", "store", "key"], ADVICE);
  const { key = "koa.sess", store } = settings;
  const keys = secretsOf(`${group}.keys`, settings.keys);
  const cookieName = requiredText(`${group}.key`, key);
  if (store !== undefined) withMethods(`${group}.store`, store, ["get", "destroy"]);
  const sessions = leftBehind({
    library: "koa-session",
    cookieName,
    pieces: SIGNED_BESIDE,
    read: (text, now) =>
      store === undefined
        ? wholeIn(text, cookieName, keys, now)
        : documentIn(parseObject(text), now),
    kept: store && keptIn(store, cookieName, keys),
  });
  return adoptable(sessions, { secret: keys[0], ...words });
}

const ADVICE: Readonly<Record<string, string>> = {
  signed: "Sessions that nobody has signed are anybody's word, and not adopted.",
  maxAge: "Leave it out: each session says when it expires.",
  encode: "Sessions of an encode and decode of your own are not read.",
  decode: "Sessions of an encode and decode of your own are not read.",
  externalKey: "Keys that lie elsewhere than in the cookie are not read.",
};

function keptIn(store: KoaSessionStore, name: string, keys: readonly PySecret[]): LeftInStore {
  return {
    keyIn: (text) => {
      const value = signedBeside(text, name, keys);
      return typeof value === "string" ? storedKey(value) : value.rejection;
    },
    find: async (key) => store.get(key, undefined, { rolling: false }),
    end: async (key) => store.destroy(key),
  };
}

function wholeIn(
  text: string,
  name: string,
  keys: readonly PySecret[],
  now: EpochMs,
): ForeignDocument | Unread {
  const value = signedBeside(text, name, keys);
  if (typeof value !== "string") return value;
  const bytes = decodedBase64(value);
  return documentIn(bytes && parseObject(decodedUtf8(bytes) ?? ""), now);
}

function documentIn(session: JsonObject | undefined, now: EpochMs): ForeignDocument | Unread {
  if (session === undefined) return CORRUPT;
  const { _expire: end, _maxAge: maxAge, _session: isShort, ...values } = session;
  const endsAt = timeIn(end);
  const lifetimeMs = typeof maxAge === "number" ? maxAge : undefined;
  return leftDocument({
    values,
    userId: passportUser(values),
    persistent: isShort !== true,
    flash: flashedIn(values),
    endsAt,
    writtenAt: writtenBefore(endsAt, lifetimeMs, now),
  });
}
