import type { Adoptable } from "../../cookies/mount.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import { pycketDefinition } from "./pycket-definition.ts";
import type { PycketOptions } from "./pycket-options.ts";
import type { TornadoSigningOptions } from "./signing-options.ts";
import { tornadoDefinition } from "./tornado-definition.ts";
import type { TornadoOptions } from "./tornado-options.ts";

/** How the sessions that a Tornado application has left in pycket go on here. */
export type PycketCookieOptions<D extends object> = PycketOptions & AdoptionWords<D>;

/** How the sessions that a Tornado application has left in its signed cookie go on here. */
export type TornadoCookieOptions<D extends object> = TornadoOptions & AdoptionWords<D>;

/**
 * Takes over the sessions that pycket keeps: one of the list `adopt` of `createSessions`.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createClient } from "redis";
 * import { createSessions } from "sojourn";
 * import { redisStore } from "sojourn/redis";
 * import { pycketCookie } from "sojourn/tornado";
 *
 * const redis = await createClient().connect();
 * const cookieSecret = process.env["COOKIE_SECRET"] ?? "";
 * const sessions = createSessions({
 *   store: redisStore(redis),
 *   adopt: [
 *     pycketCookie({
 *       redis,
 *       cookieSecret,
 *       map: ({ values, userId }) => ({ data: { theme: String(values["theme"]) }, userId }),
 *     }),
 *   ],
 * });
 */
export function pycketCookie<D extends object = Record<string, unknown>>(
  options: PycketCookieOptions<D>,
): Adoptable {
  const [words, settings] = adoptionFrom("pycketCookie", options);
  const sessions = pycketDefinition("pycketCookie", settings as PycketOptions);
  return adoptable(sessions, { secret: secretOf(options), ...words });
}

/**
 * Takes over the sessions that a Tornado application has in a signed cookie: one of the list `adopt`
 * of `createSessions`.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { sqliteStore } from "sojourn/sqlite";
 * import { tornadoCookie } from "sojourn/tornado";
 *
 * const sessions = createSessions({
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     tornadoCookie({
 *       cookieSecret: process.env["COOKIE_SECRET"] ?? "",
 *       map: ({ userId }) => ({ data: {}, userId }),
 *     }),
 *   ],
 * });
 */
export function tornadoCookie<D extends object = Record<string, unknown>>(
  options: TornadoCookieOptions<D>,
): Adoptable {
  const [words, settings] = adoptionFrom("tornadoCookie", options);
  const sessions = tornadoDefinition("tornadoCookie", settings as TornadoOptions);
  return adoptable(sessions, { secret: secretOf(options), ...words });
}

/** The one that signs; where several do in turn, an `adoptionSecret` outlives a change of it. */
function secretOf({ cookieSecret, keyVersion }: TornadoSigningOptions): PySecret {
  if (typeof cookieSecret === "string" || cookieSecret instanceof Uint8Array) return cookieSecret;
  return cookieSecret[keyVersion ?? 0] ?? "";
}
