export type { Adoptable } from "../../cookies/mount.ts";
export type { OldCookiePlace } from "../adoption/adoptable.ts";
export type { AdoptionWords } from "../adoption/adoption-words.ts";
export type { Adopted, AdoptionMap, OldSession } from "../adoption/old-session.ts";
export type { ConnectStore } from "../javascript/connect-sessions.ts";
export type { Secrets } from "../javascript/library-options.ts";
export type { PySecret } from "../python/itsdangerous/derived-key.ts";
export type {
  AuthJsAdapter,
  AuthJsCookieOptions,
  AuthJsDatabaseCookieOptions,
} from "./auth-js.ts";
export { authJsCookie, authJsDatabaseCookie } from "./auth-js.ts";
export type { BetterAuthCookieOptions } from "./better-auth.ts";
export { betterAuthCookie } from "./better-auth.ts";
export type { CookieSessionCookieOptions } from "./cookie-session.ts";
export { cookieSessionCookie } from "./cookie-session.ts";
export type { ExpressSessionCookieOptions } from "./express-session.ts";
export { expressSessionCookie } from "./express-session.ts";
export type { FastifySessionCookieOptions } from "./fastify-session.ts";
export { fastifySessionCookie } from "./fastify-session.ts";
export type { H3SessionCookieOptions, NuxtSessionCookieOptions } from "./h3-session.ts";
export { h3SessionCookie, nuxtSessionCookie } from "./h3-session.ts";
export type { HonoSessionsCookieOptions, HonoSessionsStore } from "./hono-sessions.ts";
export { honoSessionsCookie } from "./hono-sessions.ts";
export type { IronSessionCookieOptions } from "./iron-session.ts";
export { ironSessionCookie } from "./iron-session.ts";
export type { KoaSessionCookieOptions, KoaSessionStore } from "./koa-session.ts";
export { koaSessionCookie } from "./koa-session.ts";
export type { SecureSessionCookieOptions, Sodium } from "./secure-session.ts";
export { secureSessionCookie } from "./secure-session.ts";
