import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { RedisClient } from "../../stores/redis/clients.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import {
  resolveSharing,
  SHARING_OPTIONS,
  type SharingOptions,
} from "../foreign/sharing-options.ts";
import { requiredText } from "../foreign/text-options.ts";
import { resolveUser, type UserIdAs, type UserKey } from "../foreign/user-key.ts";
import type { MemcachedSource } from "../places/memcached-address.ts";
import type { PickleProtocol } from "../python/pickle/write-pickle.ts";
import { resolveCookieLife, type TornadoCookieLife } from "./cookie-life.ts";
import {
  resolveSigning,
  SIGNING_OPTIONS,
  type TornadoSigning,
  type TornadoSigningOptions,
} from "./signing-options.ts";

/** How a Tornado application keeps its sessions by pycket, on Redis or on Memcached. */
export type PycketOptions = PycketRedisOptions | PycketMemcachedOptions;

/** Pycket's engine `redis`. */
export interface PycketRedisOptions extends PycketCommonOptions {
  /** The sessions' Redis or Valkey: a client that `redisStore` takes, at `db_sessions`. */
  readonly redis: RedisClient;
  readonly memcached?: undefined;
  /**
   * A client at `db_notifications`, where pycket has its notifications: `flash(name, value)` then
   * sets one, and `takeAll(name)` takes it. Left out, messages are kept among the session's data,
   * under `_flashes`, where pycket does not look.
   *
   * @defaultValue none
   */
  readonly notifications?: RedisClient | undefined;
}

/**
 * Pycket's engine `memcached`. There it has no place for notifications: each is a key of the
 * session's data, which is taken away when it is read.
 */
export interface PycketMemcachedOptions extends PycketCommonOptions {
  /** The sessions' Memcached: `"127.0.0.1:11211"`, or a client of one server. */
  readonly memcached: MemcachedSource;
  readonly redis?: undefined;
  readonly notifications?: undefined;
}

/** What can be chosen whatever the engine is. */
export interface PycketCommonOptions extends TornadoSigningOptions, SharingOptions {
  /**
   * The cookie's name: `SessionManager.SESSION_ID_NAME`.
   *
   * @defaultValue `"PYCKET_ID"`
   */
  readonly sessionCookieName?: string | undefined;
  /**
   * `expires_days` of pycket's `cookies`: how long browsers keep the cookie. The session ends a day
   * after the last change all the same.
   *
   * @defaultValue `"untilClosed"`
   */
  readonly cookieExpiresDays?: TornadoCookieLife | undefined;
  /**
   * The key that says who is signed in, by a text or a number. Pycket knows no users; the application
   * chose one.
   *
   * @defaultValue `"user"`
   */
  readonly userKey?: string | undefined;
  /**
   * What stands there: a text, or a number.
   *
   * @defaultValue `"str"`
   */
  readonly userIdAs?: UserIdAs | undefined;
  /**
   * The protocol of the pickles of sessions that begin here: at most 2 for Python 2, 3 for Python
   * 3.3 and earlier. Another session keeps its own.
   *
   * @defaultValue `4`
   */
  readonly pickleProtocol?: PickleProtocol | undefined;
}

/** The options, checked. */
export interface PycketSettings
  extends TornadoSigning,
    Pick<ForeignSessions, "factsKey" | "absoluteTimeoutMs" | "cookieLifetimeMs" | "cookieName"> {
  readonly user: UserKey;
  readonly pickleProtocol: PickleProtocol;
}

/** Checks the options, but for the clients: those the places check. */
export function resolvePycket(group: string, options: PycketOptions): PycketSettings {
  requireKnownKeys(group, options, KNOWN, ADVICE);
  const { sessionCookieName = "PYCKET_ID", userKey = "user", pickleProtocol = 4 } = options;
  const { cookieExpiresDays = "untilClosed" } = options;
  if (!PROTOCOLS.includes(pickleProtocol)) {
    throw new OptionsError(`${group}.pickleProtocol`, "must be one of 0 to 5.");
  }
  checkEngine(group, options);
  return {
    ...resolveSharing(group, options),
    ...resolveSigning(group, options),
    cookieName: requiredText(`${group}.sessionCookieName`, sessionCookieName),
    cookieLifetimeMs: resolveCookieLife(`${group}.cookieExpiresDays`, cookieExpiresDays),
    user: resolveUser(group, userKey, options.userIdAs),
    pickleProtocol,
  };
}

function checkEngine(group: string, { redis, memcached, notifications }: PycketOptions): void {
  if ((redis === undefined) === (memcached === undefined)) {
    throw new OptionsError(group, "needs either redis or memcached, as pycket's engine is.");
  }
  if (redis !== undefined || notifications === undefined) return;
  const why =
    "pycket has no place for notifications on Memcached: they are the session's own keys.";
  throw new OptionsError(`${group}.notifications`, why);
}

const PROTOCOLS: readonly PickleProtocol[] = [0, 1, 2, 3, 4, 5];

const KNOWN: readonly string[] = [
  "redis",
  "memcached",
  "notifications",
  "sessionCookieName",
  "cookieExpiresDays",
  "userKey",
  "userIdAs",
  "pickleProtocol",
  ...SIGNING_OPTIONS,
  ...SHARING_OPTIONS,
];

const ADVICE: Readonly<Record<string, string>> = {
  cookie_secret: "Write cookieSecret.",
  cookieName: "Write sessionCookieName.",
  key_version: "Write keyVersion.",
  cookies: "Write cookieExpiresDays, and give createSessions the option cookie.",
  storage: "Write redis, a client at db_sessions, and notifications, one at db_notifications.",
};
