import type { Adoptable } from "../../cookies/mount.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import { requiredText } from "../foreign/text-options.ts";
import {
  type ConnectStore,
  connectDocument,
  destroyedSession,
  storedSession,
} from "../javascript/connect-sessions.ts";
import { cookieText, storedKey } from "../javascript/cookie-text.ts";
import { leftBehind } from "../javascript/left-behind.ts";
import { type Secrets, secretsOf, withMethods } from "../javascript/library-options.ts";
import { unsigned } from "../javascript/signed-text.ts";

/** How the sessions that express-session has left go on here, in the words of its options. */
export interface ExpressSessionCookieOptions<D extends object> extends AdoptionWords<D> {
  /** `secret`; of several, all are believed. */
  readonly secret: Secrets;
  /** `store`: connect-redis, connect-pg-simple or any other that express-session takes. */
  readonly store: ConnectStore;
  /**
   * `name`, of the cookie.
   *
   * @defaultValue `"connect.sid"`
   */
  readonly name?: string | undefined;
}

/**
 * Takes over the sessions of express-session from its store: one of the list `adopt` of
 * `createSessions`. `userId` is Passport's, and the messages of connect-flash come along.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { RedisStore } from "connect-redis";
 * import { createClient } from "redis";
 * import { createSessions } from "sojourn";
 * import { expressSessionCookie } from "sojourn/adopt";
 * import { redisStore } from "sojourn/redis";
 *
 * const redis = await createClient().connect();
 * const sessions = createSessions<{ cart: string[] }>({
 *   name: "sid",
 *   store: redisStore(redis),
 *   adopt: [
 *     expressSessionCookie<{ cart: string[] }>({
 *       secret: process.env["SESSION_SECRET"] ?? "",
 *       store: new RedisStore({ client: redis }),
 *       map: ({ values: { cart }, userId }) => ({
 *         data: { cart: Array.isArray(cart) ? cart.map(String) : [] },
 *         userId,
 *       }),
 *     }),
 *   ],
 * });
 */
export function expressSessionCookie<D extends object = Record<string, unknown>>(
  options: ExpressSessionCookieOptions<D>,
): Adoptable {
  const group = "expressSessionCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, ["secret", "store", "name"], ADVICE);
  const secrets = secretsOf(`${group}.secret`, settings.secret);
  const store = withMethods(`${group}.store`, settings.store, ["get", "destroy"]);
  const signing = { secrets, algorithm: "sha256", encoding: "unpadded" } as const;
  const sessions = leftBehind({
    library: "express-session",
    cookieName: requiredText(`${group}.name`, settings.name ?? "connect.sid"),
    read: (text, now) => connectDocument(text, now, "store"),
    kept: {
      keyIn: (value) => {
        const text = cookieText(value);
        if (text?.startsWith("s:") !== true) return "malformed";
        const id = unsigned(text.slice(2), signing);
        return id === undefined ? "altered" : storedKey(id);
      },
      find: (id) => storedSession(store, id),
      end: (id) => destroyedSession(store, id),
    },
  });
  return adoptable(sessions, { secret: secrets[0], ...words });
}

const ADVICE: Readonly<Record<string, string>> = {
  cookie: "Write sessionCookiePlace for its domain and path; ours is an option of createSessions.",
  key: "Write name.",
};
