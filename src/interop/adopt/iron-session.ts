import type { Adoptable } from "../../cookies/mount.ts";
import type { Duration } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import { requiredText } from "../foreign/text-options.ts";
import { wholeSeconds } from "../foreign/whole-seconds.ts";
import { piecesFrom } from "../javascript/chunks.ts";
import { leftBehind, leftDocument } from "../javascript/left-behind.ts";
import { requirePassword } from "../javascript/library-options.ts";
import { objectIn } from "../javascript/seal-document.ts";
import { writtenBefore } from "../javascript/values.ts";

/** How the sessions that iron-session has left go on here, in the words of its options. */
export interface IronSessionCookieOptions<D extends object> extends AdoptionWords<D> {
  /** `password`: one, or several by their numbers, of which each opens what it has sealed. */
  readonly password: string | Readonly<Record<string, string>>;
  /** `cookieName`. */
  readonly cookieName: string;
  /**
   * `ttl`, in whole seconds; `false` for its `0`: no session expires. It tells when a session was
   * written: were it shorter than it was, `revokeAll` could miss an old session.
   *
   * @defaultValue `"14d"`
   */
  readonly ttl?: Duration | false | undefined;
}

/**
 * Takes over the sessions of iron-session 6 to 9 from their own cookies: one of the list `adopt` of
 * `createSessions`. Of what is in them iron-session says nothing, so `map` says whose each is.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { ironSessionCookie } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions<{ theme?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     ironSessionCookie<{ theme?: string }>({
 *       password: process.env["SESSION_PASSWORD"] ?? "",
 *       cookieName: "app-session",
 *       map: ({ values: { userId, theme } }) => ({
 *         data: { theme: String(theme) },
 *         userId: userId === undefined ? undefined : String(userId),
 *       }),
 *     }),
 *   ],
 * });
 */
export function ironSessionCookie<D extends object = Record<string, unknown>>(
  options: IronSessionCookieOptions<D>,
): Adoptable {
  const group = "ironSessionCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, ["password", "cookieName", "ttl"], ADVICE);
  const { ttl = "14d" } = settings;
  const passwords = passwordsById(`${group}.password`, settings.password);
  const ttlMs = ttl === false ? undefined : wholeSeconds(`${group}.ttl`, ttl);
  const keys = { passwordsFor: passwords.at, iterations: [1] };
  const sessions = leftBehind({
    library: "iron-session",
    cookieName: requiredText(`${group}.cookieName`, settings.cookieName),
    pieces: piecesFrom(0),
    read: (text, now) => {
      const sealed = objectIn(withoutVersion(text), keys, now);
      if ("rejection" in sealed) return sealed;
      const { object, endsAt, salt } = sealed;
      const writtenAt = writtenBefore(sealed.expiresAt, ttlMs, now);
      return leftDocument({ values: object, persistent: true, endsAt, writtenAt, identity: salt });
    },
  });
  return adoptable(sessions, { secret: passwords.newest, ...words });
}

const ADVICE: Readonly<Record<string, string>> = {
  cookieOptions: "Write sessionCookiePlace for its domain and path.",
  chunk: "Leave it out: sessions in several cookies are read all the same.",
};

/** No signature covers what stands behind the seal, so that it decides nothing. */
function withoutVersion(text: string): string {
  const [seal = ""] = text.split("~", 1);
  return seal;
}

function passwordsById(
  option: string,
  password: IronSessionCookieOptions<object>["password"],
): { readonly newest: string; at(id: string): readonly string[] } {
  if (typeof password !== "string" && (typeof password !== "object" || password === null)) {
    throw new OptionsError(
      option,
      "must be a password, or an object with a password for each number.",
    );
  }
  const passwords = new Map(
    Object.entries(typeof password === "string" ? { 1: password } : password),
  );
  for (const [id, each] of passwords) {
    if (!/^\d{1,9}$/.test(id)) throw new OptionsError(`${option}["${id}"]`, "must be a number.");
    requirePassword(`${option}[${id}]`, each);
  }
  const newest = passwords.get(String(Math.max(...[...passwords.keys()].map(Number))));
  if (newest === undefined) throw new OptionsError(option, "must hold a password.");
  return { newest, at: (id) => [passwords.get(id) ?? []].flat() };
}
