import type { Cookie } from "./cookie.ts";

/**
 * What an application keeps in its sessions. Add your own properties by declaration merging.
 *
 * @example
 * import "sojourn/express-session";
 *
 * declare module "sojourn/express-session" {
 *   interface SessionData {
 *     views: number;
 *   }
 * }
 */
export interface SessionData {
  /** The session's cookie, stored beside it. */
  cookie: Cookie;
}
