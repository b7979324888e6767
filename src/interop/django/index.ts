import type { SharedStore } from "../../cookies/mount.ts";
import { sharedStore } from "../foreign/shared-store.ts";
import { djangoDefinition } from "./django-definition.ts";
import type { DjangoSessionsOptions } from "./django-options.ts";

/**
 * Shares Django's sessions: its cookie, its records, its clocks, and who is signed in.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { Pool } from "pg";
 * import { createSessions } from "sojourn";
 * import { djangoSessions } from "sojourn/django";
 *
 * const pool = new Pool();
 * const passwordOf = async (userId: string) => {
 *   const sql = "SELECT password FROM auth_user WHERE id = $1 AND is_active";
 *   return (await pool.query(sql, [userId])).rows[0]?.password;
 * };
 * const secretKey = process.env["SECRET_KEY"] ?? "";
 * const store = djangoSessions({ database: pool, secretKey, passwordOf });
 * const sessions = createSessions({ store });
 */
export function djangoSessions(options: DjangoSessionsOptions): SharedStore {
  return sharedStore(djangoDefinition("djangoSessions", options));
}

export type { Adoptable, SharedStore } from "../../cookies/mount.ts";
export type { OldCookiePlace } from "../adoption/adoptable.ts";
export type { AdoptionWords } from "../adoption/adoption-words.ts";
export type { Adopted, AdoptionMap, OldSession } from "../adoption/old-session.ts";
export type { PySecret } from "../python/itsdangerous/derived-key.ts";
export type { DjangoCookieOptions } from "./django-cookie.ts";
export { djangoCookie } from "./django-cookie.ts";
export type {
  DjangoCachedDatabaseOptions,
  DjangoCacheOptions,
  DjangoDatabaseOptions,
  DjangoFileOptions,
  DjangoSessionsOptions,
  DjangoSignedCookieOptions,
} from "./django-options.ts";
export type { DjangoVersion } from "./django-version.ts";
