import type { Duration } from "../../core/duration.ts";
import type { RedisClient } from "../../stores/redis/clients.ts";
import type { SharingOptions } from "../foreign/sharing-options.ts";
import type { UserIdAs } from "../foreign/user-key.ts";
import type { MemcachedSource } from "../places/memcached-address.ts";
import type { SqlClient } from "../places/sql-rows.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";

/** Where and how Flask-Session keeps sessions, in the words of its configuration. One place is given. */
export interface FlaskServerOptions extends SharingOptions {
  /** `SESSION_REDIS`: a client that `redisStore` takes, without a prefix of its own. */
  readonly redis?: RedisClient | undefined;
  /** `SESSION_MEMCACHED`: the address of one server, or a client of one that `memcachedStore` takes. */
  readonly memcached?: MemcachedSource | undefined;
  /** `SESSION_TYPE = "filesystem"`, or `"cachelib"` with a `FileSystemCache`. */
  readonly filesystem?: FlaskServerFiles | undefined;
  /** `SESSION_TYPE = "sqlalchemy"`. */
  readonly sqlalchemy?: FlaskServerTable | undefined;
  /**
   * The Flask-Session whose forms a new session has: `"0.3"` for those up to 0.5, `"0.6"`, or `"0.7"`
   * for that and later ones. Where several run side by side, the oldest. Sessions of any are read, and
   * written again as they were.
   *
   * @defaultValue `"0.7"`
   */
  readonly version?: "0.3" | "0.6" | "0.7" | undefined;
  /**
   * `SESSION_SERIALIZATION_FORMAT`, of 0.7 and later. In files all are pickles.
   *
   * @defaultValue `"msgpack"`
   */
  readonly sessionSerializationFormat?: "msgpack" | "json" | undefined;
  /**
   * `SESSION_USE_SIGNER`.
   *
   * @defaultValue `false`
   */
  readonly sessionUseSigner?: boolean | undefined;
  /** `SECRET_KEY`; needed with `sessionUseSigner`. */
  readonly secretKey?: PySecret | undefined;
  /**
   * `SESSION_KEY_PREFIX`.
   *
   * @defaultValue `"session:"`
   */
  readonly sessionKeyPrefix?: string | undefined;
  /**
   * `SESSION_ID_LENGTH`, of 0.6 and later: how many random bytes an id has, from 16.
   *
   * @defaultValue 32
   */
  readonly sessionIdLength?: number | undefined;
  /**
   * `SESSION_PERMANENT`: whether browsers keep the cookie of a session that says nothing of it.
   *
   * @defaultValue `true`
   */
  readonly sessionPermanent?: boolean | undefined;
  /**
   * `PERMANENT_SESSION_LIFETIME`, in whole seconds: how long a session lives that is not saved.
   *
   * @defaultValue `"31d"`
   */
  readonly permanentSessionLifetime?: Duration | undefined;
  /**
   * `SESSION_REFRESH_EACH_REQUEST`: whether a visit alone renews a permanent session. Up to 0.5 it
   * always does, permanent or not. Here a tenth of its lifetime must be over first.
   *
   * @defaultValue `true`
   */
  readonly sessionRefreshEachRequest?: boolean | undefined;
  /**
   * `SESSION_COOKIE_NAME`.
   *
   * @defaultValue `"session"`
   */
  readonly sessionCookieName?: string | undefined;
  /**
   * The key that says who is signed in. With the default, that of Flask-Login, what `login_user`
   * keeps beside it is kept here too.
   *
   * @defaultValue `"_user_id"`
   */
  readonly userKey?: string | undefined;
  /**
   * What stands there: Flask-Login's `get_id` gives text, applications of their own often a number.
   *
   * @defaultValue `"str"`
   */
  readonly userIdAs?: UserIdAs | undefined;
}

/** The folder of a `FileSystemCache`. */
export interface FlaskServerFiles {
  /** `SESSION_FILE_DIR`. */
  readonly folder: string;
  /**
   * How cachelib names files: `"md5"` up to 0.15, `"sha256"` from 0.17 on.
   *
   * @defaultValue `"md5"`
   */
  readonly hash?: "md5" | "sha256" | undefined;
}

/** The table of Flask-SQLAlchemy's that holds the sessions. */
export interface FlaskServerTable {
  /** All that `postgresStore`, `mysqlStore` and `sqliteStore` take. */
  readonly database: SqlClient;
  /**
   * `SESSION_SQLALCHEMY_TABLE`.
   *
   * @defaultValue `"sessions"`
   */
  readonly table?: string | undefined;
}
