import type { SharedStore } from "../../cookies/mount.ts";
import { sharedStore } from "../foreign/shared-store.ts";
import { flaskDefinition } from "./flask-definition.ts";
import type { FlaskOptions } from "./flask-options.ts";

/**
 * Shares the sessions of a Flask application, in its own signed cookie: a `store` of
 * `createSessions`.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { flaskSessions } from "sojourn/flask";
 *
 * const sessions = createSessions({
 *   store: flaskSessions({ secretKey: process.env["SECRET_KEY"] ?? "" }),
 * });
 */
export function flaskSessions(options: FlaskOptions): SharedStore {
  return sharedStore(flaskDefinition("flaskSessions", options));
}

export type { Adoptable, SharedStore } from "../../cookies/mount.ts";
export type { OldCookiePlace } from "../adoption/adoptable.ts";
export type { AdoptionWords } from "../adoption/adoption-words.ts";
export type { Adopted, AdoptionMap, OldSession } from "../adoption/old-session.ts";
export type { UserIdAs } from "../foreign/user-key.ts";
export type { PySecret } from "../python/itsdangerous/derived-key.ts";
export type { FlaskCookieOptions } from "./flask-cookie.ts";
export { flaskCookie } from "./flask-cookie.ts";
export type { FlaskOptions } from "./flask-options.ts";
