import type { Adoptable } from "../../cookies/mount.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import { starletteDefinition } from "./starlette-definition.ts";
import type { StarletteOptions } from "./starlette-options.ts";

/** How the sessions that a Starlette or FastAPI application has left go on here. */
export interface StarletteCookieOptions<D extends object>
  extends StarletteOptions,
    AdoptionWords<D> {}

/**
 * Takes over the sessions of Starlette's `SessionMiddleware`, FastAPI's too: one of the list `adopt`
 * of `createSessions`.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { sqliteStore } from "sojourn/sqlite";
 * import { starletteCookie } from "sojourn/starlette";
 *
 * const secretKey = process.env["SECRET_KEY"] ?? "";
 * const sessions = createSessions<{ theme?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     starletteCookie<{ theme?: string }>({
 *       secretKey,
 *       map: ({ values, userId }) => ({ data: { theme: String(values["theme"]) }, userId }),
 *     }),
 *   ],
 * });
 */
export function starletteCookie<D extends object = Record<string, unknown>>(
  options: StarletteCookieOptions<D>,
): Adoptable {
  const [words, settings] = adoptionFrom("starletteCookie", options);
  const sessions = starletteDefinition("starletteCookie", settings);
  return adoptable(sessions, { secret: options.secretKey, ...words });
}
