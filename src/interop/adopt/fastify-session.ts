import { getHashes } from "node:crypto";
import type { Adoptable } from "../../cookies/mount.ts";
import { OptionsError } from "../../core/errors.ts";
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

/** How the sessions that `@fastify/session` has left go on here, in the words of its options. */
export interface FastifySessionCookieOptions<D extends object> extends AdoptionWords<D> {
  /** `secret`; of several, all are believed. A signer of your own is not taken. */
  readonly secret: Secrets;
  /** `store`. Its own default forgets all with the process, and leaves nothing to adopt. */
  readonly store: ConnectStore;
  /**
   * `algorithm`, of the signature.
   *
   * @defaultValue `"sha256"`
   */
  readonly algorithm?: string | undefined;
  /**
   * `cookieName`.
   *
   * @defaultValue `"sessionId"`
   */
  readonly cookieName?: string | undefined;
  /**
   * `cookiePrefix`: `"s:"` where express-session's cookies were taken over.
   *
   * @defaultValue `""`
   */
  readonly cookiePrefix?: string | undefined;
}

/**
 * Takes over the sessions of `@fastify/session` from its store: one of the list `adopt` of
 * `createSessions`. `userId` is that of `@fastify/passport`, and the messages of `@fastify/flash`
 * come along.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { RedisStore } from "connect-redis";
 * import { createClient } from "redis";
 * import { createSessions } from "sojourn";
 * import { fastifySessionCookie } from "sojourn/adopt";
 * import { redisStore } from "sojourn/redis";
 *
 * const redis = await createClient().connect();
 * const sessions = createSessions<{ theme?: string }>({
 *   name: "sid",
 *   store: redisStore(redis),
 *   adopt: [
 *     fastifySessionCookie<{ theme?: string }>({
 *       secret: process.env["SESSION_SECRET"] ?? "",
 *       store: new RedisStore({ client: redis }),
 *       map: ({ values, userId }) => ({ data: { theme: String(values["theme"]) }, userId }),
 *     }),
 *   ],
 * });
 */
export function fastifySessionCookie<D extends object = Record<string, unknown>>(
  options: FastifySessionCookieOptions<D>,
): Adoptable {
  const group = "fastifySessionCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, KNOWN, ADVICE);
  const { algorithm = "sha256", cookiePrefix = "", cookieName = "sessionId" } = settings;
  const secrets = secretsOf(`${group}.secret`, settings.secret);
  const store = withMethods(`${group}.store`, settings.store, ["get", "destroy"]);
  requireHash(`${group}.algorithm`, algorithm);
  const signing = { secrets, algorithm, encoding: "unpadded" } as const;
  const sessions = leftBehind({
    library: "@fastify/session",
    cookieName: requiredText(`${group}.cookieName`, cookieName),
    read: (text, now) => connectDocument(text, now, "end"),
    kept: {
      keyIn: (value) => {
        const text = cookieText(value);
        if (text?.startsWith(cookiePrefix) !== true) return "malformed";
        const id = unsigned(text.slice(cookiePrefix.length), signing);
        return id === undefined ? "altered" : storedKey(id);
      },
      find: (id) => storedSession(store, id),
      end: (id) => destroyedSession(store, id),
    },
  });
  return adoptable(sessions, { secret: secrets[0], ...words });
}

const KNOWN = ["secret", "store", "algorithm", "cookieName", "cookiePrefix"];

const ADVICE: Readonly<Record<string, string>> = {
  cookie: "Write sessionCookiePlace for its domain and path; ours is an option of createSessions.",
};

function requireHash(option: string, algorithm: string): void {
  if (getHashes().includes(algorithm.toLowerCase())) return;
  throw new OptionsError(option, 'must name a hash that Node knows, such as "sha256".');
}
