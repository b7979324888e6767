import type { Adoptable } from "../../cookies/mount.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import { flaskDefinition } from "./flask-definition.ts";
import type { FlaskOptions } from "./flask-options.ts";

/** How the sessions that a Flask application has left go on here. */
export interface FlaskCookieOptions<D extends object> extends FlaskOptions, AdoptionWords<D> {}

/**
 * Takes over the sessions of a Flask application from its own signed cookie: one of the list `adopt`
 * of `createSessions`.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { flaskCookie } from "sojourn/flask";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions<{ cart: string[] }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     flaskCookie<{ cart: string[] }>({
 *       secretKey: process.env["SECRET_KEY"] ?? "",
 *       map: ({ values: { cart }, userId }) => ({
 *         data: { cart: Array.isArray(cart) ? cart.map(String) : [] },
 *         userId,
 *       }),
 *     }),
 *   ],
 * });
 */
export function flaskCookie<D extends object = Record<string, unknown>>(
  options: FlaskCookieOptions<D>,
): Adoptable {
  const [words, settings] = adoptionFrom("flaskCookie", options);
  const sessions = flaskDefinition("flaskCookie", settings);
  return adoptable(sessions, { secret: options.secretKey, ...words });
}
