import type { Adoptable } from "../../cookies/mount.ts";
import { OptionsError } from "../../core/errors.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import { flaskServerDefinition } from "./server-definition.ts";
import type { FlaskServerOptions } from "./server-options.ts";

/** How the sessions that a Flask application with Flask-Session has left go on here. */
export interface FlaskServerCookieOptions<D extends object>
  extends FlaskServerOptions,
    AdoptionWords<D> {}

/**
 * Takes over the sessions that Flask-Session keeps: one of the list `adopt` of `createSessions`.
 * Where ids are not signed there may be no `secretKey`; then `adoptionSecret` is needed.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createClient } from "redis";
 * import { createSessions } from "sojourn";
 * import { flaskServerCookie } from "sojourn/flask-session";
 * import { redisStore } from "sojourn/redis";
 *
 * const redis = await createClient().connect();
 * const sessions = createSessions({
 *   name: "sid",
 *   store: redisStore(redis),
 *   adopt: [
 *     flaskServerCookie({
 *       redis,
 *       adoptionSecret: process.env["ADOPTION_SECRET"] ?? "",
 *       map: ({ values, userId }) => ({ data: { theme: String(values["theme"]) }, userId }),
 *     }),
 *   ],
 * });
 */
export function flaskServerCookie<D extends object = Record<string, unknown>>(
  options: FlaskServerCookieOptions<D>,
): Adoptable {
  const [words, settings] = adoptionFrom("flaskServerCookie", options);
  const sessions = flaskServerDefinition("flaskServerCookie", settings);
  const secret = words.secret ?? options.secretKey;
  if (secret === undefined) {
    throw new OptionsError(
      "flaskServerCookie.adoptionSecret",
      "is needed, as there is no secretKey: whoever reads Flask-Session's ids in its store must not " +
        "be able to make the tokens that follow them.",
    );
  }
  return adoptable(sessions, { ...words, secret });
}
