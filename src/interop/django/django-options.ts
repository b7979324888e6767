import type { Duration } from "../../core/duration.ts";
import type { RedisClient } from "../../stores/redis/clients.ts";
import type { SharingOptions } from "../foreign/sharing-options.ts";
import type { MemcachedSource } from "../places/memcached-address.ts";
import type { SqlClient } from "../places/sql-rows.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import type { DjangoVersion } from "./django-version.ts";
import type { PasswordOf } from "./known-passwords.ts";

/** What it means to leave the users' passwords out, in words for whoever reads the code. */
export type NoPasswords =
  "none: a session outlives its user's password, and nobody signs in to it here";

/** What all of Django's session engines have in common. */
export interface DjangoCommonOptions extends SharingOptions {
  /** `SECRET_KEY`; text stands for its UTF-8. */
  readonly secretKey: PySecret;
  /**
   * `SECRET_KEY_FALLBACKS` (Django 4.1): earlier keys, whose sessions still open.
   *
   * @defaultValue none
   */
  readonly secretKeyFallbacks?: readonly PySecret[] | undefined;
  /**
   * The Django whose forms are written: `"4.0"` for 4.0 and later, `"3.1"` for 3.1 and 3.2, `"2.2"` for
   * what is older, `"3.1 sha1"` for `DEFAULT_HASHING_ALGORITHM = "sha1"`.
   *
   * @defaultValue `"4.0"`
   */
  readonly version?: DjangoVersion | undefined;
  /**
   * Resolves to the field `password` of a user as Django's table has it, such as `"pbkdf2_sha256$…"`;
   * `undefined` where there is no such user, or none who is active. It makes and checks the hash by
   * which Django ends a user's sessions when the password changes.
   */
  readonly passwordOf: PasswordOf | NoPasswords;
  /**
   * How long an answer of `passwordOf` counts in this process. Within one request it is asked once, and
   * at a sign-in always.
   *
   * @defaultValue none: each request asks
   */
  readonly passwordFreshness?: Duration | undefined;
  /**
   * The one of `AUTHENTICATION_BACKENDS` that Django asks for users who sign in here.
   *
   * @defaultValue `"django.contrib.auth.backends.ModelBackend"`
   */
  readonly authBackend?: string | undefined;
  /**
   * `SESSION_COOKIE_NAME`.
   *
   * @defaultValue `"sessionid"`
   */
  readonly sessionCookieName?: string | undefined;
  /**
   * `SESSION_COOKIE_AGE`, there in seconds.
   *
   * @defaultValue `"14d"`
   */
  readonly sessionCookieAge?: Duration | undefined;
  /**
   * `SESSION_EXPIRE_AT_BROWSER_CLOSE`.
   *
   * @defaultValue `false`
   */
  readonly sessionExpireAtBrowserClose?: boolean | undefined;
  /**
   * `SESSION_SAVE_EVERY_REQUEST`: whether a visit moves the end. Here it does so once in a tenth of the
   * session's time, which costs one more round trip.
   *
   * @defaultValue `false`: only a change does
   */
  readonly sessionSaveEveryRequest?: boolean | undefined;
  /**
   * `MESSAGE_TAGS`, where the project has levels of its own: a name for each number.
   *
   * @defaultValue those of Django alone: debug, info, success, warning, error
   */
  readonly messageTags?: Readonly<Record<number, string>> | undefined;
}

/** Sessions in a table: `django.contrib.sessions.backends.db`, and by a name of your own. */
export interface DjangoDatabaseOptions extends DjangoCommonOptions {
  readonly engine?: "db" | undefined;
  /** All that `postgresStore`, `mysqlStore` and `sqliteStore` take. Needs `USE_TZ`, or UTC. */
  readonly database: SqlClient;
  /**
   * The table, with its schema if it is another one.
   *
   * @defaultValue `"django_session"`
   */
  readonly table?: string | undefined;
  readonly cache?: undefined;
  readonly folder?: undefined;
}

/**
 * A client of Redis or Valkey that `redisStore` takes; or of one Memcached (1.6 on) its address, such as
 * `"127.0.0.1:11211"`, or a client that `memcachedStore` takes.
 */
export type DjangoCacheClient = RedisClient | MemcachedSource;

/** Where a cache of Django's keeps things. */
export interface DjangoCacheSettings {
  /** What leads to the server that `SESSION_CACHE_ALIAS` stands for. */
  readonly cache: DjangoCacheClient;
  /**
   * `KEY_PREFIX` of that cache.
   *
   * @defaultValue `""`
   */
  readonly keyPrefix?: string | undefined;
  /**
   * `VERSION` of that cache.
   *
   * @defaultValue 1
   */
  readonly cacheVersion?: number | undefined;
}

/** Sessions in a cache alone: `django.contrib.sessions.backends.cache`. */
export interface DjangoCacheOptions extends DjangoCommonOptions, DjangoCacheSettings {
  readonly engine: "cache";
  readonly database?: undefined;
  readonly folder?: undefined;
  readonly table?: undefined;
}

/** Sessions in a table, with a cache before it: `django.contrib.sessions.backends.cached_db`. */
export interface DjangoCachedDatabaseOptions
  extends Omit<DjangoDatabaseOptions, "engine" | "cache">,
    DjangoCacheSettings {
  readonly engine: "cached_db";
}

/** Sessions in files: `django.contrib.sessions.backends.file`. */
export interface DjangoFileOptions extends DjangoCommonOptions {
  readonly engine: "file";
  /** `SESSION_FILE_PATH`. */
  readonly folder: string;
  readonly database?: undefined;
  readonly cache?: undefined;
  readonly table?: undefined;
}

/** Sessions whole in their cookies: `django.contrib.sessions.backends.signed_cookies`. */
export interface DjangoSignedCookieOptions extends DjangoCommonOptions {
  readonly engine: "signed_cookies";
  readonly database?: undefined;
  readonly cache?: undefined;
  readonly folder?: undefined;
  readonly table?: undefined;
}

/** Where Django keeps its sessions, and by which of its settings. */
export type DjangoSessionsOptions =
  | DjangoDatabaseOptions
  | DjangoCacheOptions
  | DjangoCachedDatabaseOptions
  | DjangoFileOptions
  | DjangoSignedCookieOptions;
