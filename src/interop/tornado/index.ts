import type { SharedStore } from "../../cookies/mount.ts";
import { sharedStore } from "../foreign/shared-store.ts";
import { pycketDefinition } from "./pycket-definition.ts";
import type { PycketOptions } from "./pycket-options.ts";

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

export type { SharedStore } from "../../cookies/mount.ts";
export type { PySecret } from "../python/itsdangerous/derived-key.ts";
export type { PickleProtocol } from "../python/pickle/write-pickle.ts";
export type { TornadoCookieLife } from "./cookie-life.ts";
export type { PycketOptions } from "./pycket-options.ts";
