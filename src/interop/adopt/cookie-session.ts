import type { Adoptable } from "../../cookies/mount.ts";
import type { Duration } from "../../core/duration.ts";
import { parseObject } from "../../core/json.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import { requiredText } from "../foreign/text-options.ts";
import { wholeSeconds } from "../foreign/whole-seconds.ts";
import { SIGNED_BESIDE, signedBeside } from "../javascript/keygrip.ts";
import { CORRUPT, leftBehind, leftDocument } from "../javascript/left-behind.ts";
import { type Secrets, secretsOf } from "../javascript/library-options.ts";
import { flashedIn, passportUser } from "../javascript/values.ts";
import { decodedBase64 } from "../python/base64url.ts";
import { decodedUtf8 } from "../python/utf8.ts";

/** How the sessions that cookie-session has left go on here, in the words of its options. */
export interface CookieSessionCookieOptions<D extends object> extends AdoptionWords<D> {
  /** `keys`, or the one `secret`: all are believed. Unsigned sessions are not adopted. */
  readonly keys: Secrets;
  /**
   * `name`, of the cookie.
   *
   * @defaultValue `"session"`
   */
  readonly name?: string | undefined;
  /**
   * `maxAge`, in whole seconds: whether browsers keep the cookie. The cookie itself says no end, so
   * that it is good for as long as `adopt` is there.
   *
   * @defaultValue none: sessions end with the browser
   */
  readonly maxAge?: Duration | undefined;
}

/**
 * Takes over the sessions of cookie-session from their own cookie: one of the list `adopt` of
 * `createSessions`. `userId` is Passport's, and the messages of connect-flash come along.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { cookieSessionCookie } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions<{ theme?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     cookieSessionCookie<{ theme?: string }>({
 *       keys: [process.env["KEY_NEW"] ?? "", process.env["KEY_OLD"] ?? ""],
 *       map: ({ values, userId }) => ({ data: { theme: String(values["theme"]) }, userId }),
 *     }),
 *   ],
 * });
 */
export function cookieSessionCookie<D extends object = Record<string, unknown>>(
  options: CookieSessionCookieOptions<D>,
): Adoptable {
  const group = "cookieSessionCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, ["keys", "name", "maxAge"], ADVICE);
  const { name = "session", maxAge } = settings;
  const keys = secretsOf(`${group}.keys`, settings.keys);
  const cookieName = requiredText(`${group}.name`, name);
  if (maxAge !== undefined) wholeSeconds(`${group}.maxAge`, maxAge);
  const sessions = leftBehind({
    library: "cookie-session",
    cookieName,
    pieces: SIGNED_BESIDE,
    read: (text) => {
      const value = signedBeside(text, cookieName, keys);
      if (typeof value !== "string") return value;
      const bytes = decodedBase64(value);
      const values = bytes && parseObject(decodedUtf8(bytes) ?? "");
      if (values === undefined) return CORRUPT;
      return leftDocument({
        values,
        userId: passportUser(values),
        persistent: maxAge !== undefined,
        flash: flashedIn(values),
        endsAt: undefined,
        writtenAt: undefined,
      });
    },
  });
  return adoptable(sessions, { secret: keys[0], ...words });
}

const ADVICE: Readonly<Record<string, string>> = {
  secret: "Write keys.",
  signed: "Sessions that nobody has signed are anybody's word, and not adopted.",
  domain: "Write sessionCookiePlace.",
  path: "Write sessionCookiePlace.",
};
