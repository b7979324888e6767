import type { SharedStore } from "../../cookies/mount.ts";
import { sharedStore } from "../foreign/shared-store.ts";
import { starletteDefinition } from "./starlette-definition.ts";
import type { StarletteOptions } from "./starlette-options.ts";

/**
 * Shares the sessions of Starlette's `SessionMiddleware`, which FastAPI has too, in its own signed
 * cookie: a `store` of `createSessions`.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { starletteSessions } from "sojourn/starlette";
 *
 * const sessions = createSessions({
 *   store: starletteSessions({ secretKey: process.env["SECRET_KEY"] ?? "" }),
 * });
 */
export function starletteSessions(options: StarletteOptions): SharedStore {
  return sharedStore(starletteDefinition("starletteSessions", options));
}

export type { Adoptable, SharedStore } from "../../cookies/mount.ts";
export type { OldCookiePlace } from "../adoption/adoptable.ts";
export type { AdoptionWords } from "../adoption/adoption-words.ts";
export type { Adopted, AdoptionMap, OldSession } from "../adoption/old-session.ts";
export type { UserIdAs } from "../foreign/user-key.ts";
export type { PySecret } from "../python/itsdangerous/derived-key.ts";
export { type StarletteCookieOptions, starletteCookie } from "./starlette-cookie.ts";
export type { StarletteOptions } from "./starlette-options.ts";
