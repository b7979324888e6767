import type { SharedStore } from "../../cookies/mount.ts";
import { sharedStore } from "../foreign/shared-store.ts";
import { pycketDefinition } from "./pycket-definition.ts";
import type { PycketOptions } from "./pycket-options.ts";
import { tornadoDefinition } from "./tornado-definition.ts";
import type { TornadoOptions } from "./tornado-options.ts";

/**
 * Shares the sessions that a Tornado application keeps by pycket: a `store` of `createSessions`.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is sent here.
 * @example
 * import { createClient } from "redis";
 * import { createSessions } from "sojourn";
 * import { pycketSessions } from "sojourn/tornado";
 *
 * const redis = await createClient({ url: "redis://localhost/0" }).connect();
 * const notifications = await createClient({ url: "redis://localhost/1" }).connect();
 * const cookieSecret = process.env["COOKIE_SECRET"] ?? "";
 * const sessions = createSessions({
 *   store: pycketSessions({ redis, notifications, cookieSecret, userKey: "user_id" }),
 * });
 */
export function pycketSessions(options: PycketOptions): SharedStore {
  return sharedStore(pycketDefinition("pycketSessions", options));
}

/**
 * Shares the sessions that a Tornado application keeps whole in a signed cookie: a `store` of
 * `createSessions`.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { tornadoSessions } from "sojourn/tornado";
 *
 * const cookieSecret = process.env["COOKIE_SECRET"] ?? "";
 * const sessions = createSessions({ store: tornadoSessions({ cookieSecret }) });
 */
export function tornadoSessions(options: TornadoOptions): SharedStore {
  return sharedStore(tornadoDefinition("tornadoSessions", options));
}

export type { Adoptable, SharedStore } from "../../cookies/mount.ts";
export type { OldCookiePlace } from "../adoption/adoptable.ts";
export type { AdoptionWords } from "../adoption/adoption-words.ts";
export type { Adopted, AdoptionMap, OldSession } from "../adoption/old-session.ts";
export type { UserIdAs } from "../foreign/user-key.ts";
export type { MemcachedSource } from "../places/memcached-address.ts";
export type { PySecret } from "../python/itsdangerous/derived-key.ts";
export type { PickleProtocol } from "../python/pickle/write-pickle.ts";
export type { TornadoCookieLife } from "./cookie-life.ts";
export type { PycketCookieOptions, TornadoCookieOptions } from "./old-cookies.ts";
export { pycketCookie, tornadoCookie } from "./old-cookies.ts";
export type {
  PycketCommonOptions,
  PycketMemcachedOptions,
  PycketOptions,
  PycketRedisOptions,
} from "./pycket-options.ts";
export type { TornadoSigningOptions } from "./signing-options.ts";
export type { TornadoOptions } from "./tornado-options.ts";
