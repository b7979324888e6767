import type { Adoptable } from "../../cookies/mount.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import { djangoDefinition } from "./django-definition.ts";
import type { DjangoSessionsOptions } from "./django-options.ts";

/** How the sessions that a Django application has left go on here. */
export type DjangoCookieOptions<D extends object> = DjangoSessionsOptions & AdoptionWords<D>;

/**
 * Takes over Django's sessions, wherever it keeps them: one of the list `adopt` of
 * `createSessions`. A session whose user has a new password since is not taken over.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { Pool } from "pg";
 * import { createSessions } from "sojourn";
 * import { djangoCookie } from "sojourn/django";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const pool = new Pool();
 * const passwordOf = async (userId: string) => {
 *   const sql = "SELECT password FROM auth_user WHERE id = $1 AND is_active";
 *   return (await pool.query(sql, [userId])).rows[0]?.password;
 * };
 * const secretKey = process.env["SECRET_KEY"] ?? "";
 * const old = djangoCookie<{ cart: string[] }>({
 *   database: pool,
 *   secretKey,
 *   passwordOf,
 *   map: ({ values: { cart }, userId }) => ({
 *     data: { cart: Array.isArray(cart) ? cart.map(String) : [] },
 *     userId,
 *   }),
 * });
 * const sessions = createSessions<{ cart: string[] }>({
 *   store: sqliteStore("sessions.db"),
 *   adopt: [old],
 * });
 */
export function djangoCookie<D extends object = Record<string, unknown>>(
  options: DjangoCookieOptions<D>,
): Adoptable {
  const [words, settings] = adoptionFrom("djangoCookie", options);
  const sessions = djangoDefinition("djangoCookie", settings as DjangoSessionsOptions);
  return adoptable(sessions, { secret: options.secretKey, ...words });
}
