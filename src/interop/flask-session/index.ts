import type { SharedStore } from "../../cookies/mount.ts";
import { sharedStore } from "../foreign/shared-store.ts";
import { flaskServerDefinition } from "./server-definition.ts";
import type { FlaskServerOptions } from "./server-options.ts";

/**
 * Shares the sessions of a Flask application with Flask-Session, in its own store: a `store` of
 * `createSessions`.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { createClient } from "redis";
 * import { createSessions } from "sojourn";
 * import { flaskServerSessions } from "sojourn/flask-session";
 *
 * const redis = await createClient().connect();
 * const sessions = createSessions({ store: flaskServerSessions({ redis }) });
 */
export function flaskServerSessions(options: FlaskServerOptions): SharedStore {
  return sharedStore(flaskServerDefinition("flaskServerSessions", options));
}

export type { Adoptable, SharedStore } from "../../cookies/mount.ts";
export type { OldCookiePlace } from "../adoption/adoptable.ts";
export type { AdoptionWords } from "../adoption/adoption-words.ts";
export type { Adopted, AdoptionMap, OldSession } from "../adoption/old-session.ts";
export type { UserIdAs } from "../foreign/user-key.ts";
export type { MemcachedSource } from "../places/memcached-address.ts";
export type { SqlClient } from "../places/sql-rows.ts";
export type { PySecret } from "../python/itsdangerous/derived-key.ts";
export type { FlaskServerCookieOptions } from "./server-cookie.ts";
export { flaskServerCookie } from "./server-cookie.ts";
export type { FlaskServerFiles, FlaskServerOptions, FlaskServerTable } from "./server-options.ts";
