import type { Duration } from "../../core/duration.ts";
import { flag, oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import {
  resolveSharing,
  SHARING_OPTIONS,
  type SharingOptions,
} from "../foreign/sharing-options.ts";
import { requiredSecret, requiredText, secretList } from "../foreign/text-options.ts";
import { resolveUser, type UserIdAs, type UserKey } from "../foreign/user-key.ts";
import { wholeSeconds } from "../foreign/whole-seconds.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";

/** How a Flask application keeps its sessions, in the words of its configuration. */
export interface FlaskOptions extends SharingOptions {
  /** `SECRET_KEY`; text stands for its UTF-8. */
  readonly secretKey: PySecret;
  /**
   * `SECRET_KEY_FALLBACKS` of Flask 3.1, in the same order.
   *
   * @defaultValue `[]`
   */
  readonly secretKeyFallbacks?: readonly PySecret[] | undefined;
  /**
   * Which key signs: Flask 3.1.0, and no other, takes the last of the fallbacks.
   *
   * @defaultValue `"secretKey"`
   */
  readonly signsWith?: "secretKey" | "lastFallback" | undefined;
  /**
   * `SESSION_COOKIE_NAME`.
   *
   * @defaultValue `"session"`
   */
  readonly sessionCookieName?: string | undefined;
  /**
   * `PERMANENT_SESSION_LIFETIME`, in whole seconds. Flask lets no cookie live longer, be it permanent
   * or not.
   *
   * @defaultValue `"31d"`
   */
  readonly permanentSessionLifetime?: Duration | undefined;
  /**
   * `SESSION_REFRESH_EACH_REQUEST`: whether a visit alone renews a permanent session. Here a tenth of
   * its lifetime must be over first.
   *
   * @defaultValue `true`
   */
  readonly sessionRefreshEachRequest?: boolean | undefined;
  /**
   * `app.json.sort_keys`.
   *
   * @defaultValue `true`
   */
  readonly jsonSortKeys?: boolean | undefined;
  /**
   * `SecureCookieSessionInterface.salt`, where a subclass has changed it.
   *
   * @defaultValue `"cookie-session"`
   */
  readonly salt?: PySecret | undefined;
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

/** The options, checked. */
export interface FlaskSettings extends Pick<ForeignSessions, "factsKey" | "absoluteTimeoutMs"> {
  readonly secretKey: PySecret;
  readonly fallbacks: readonly PySecret[];
  readonly signsWith: "secretKey" | "lastFallback";
  readonly cookieName: string;
  readonly lifetimeMs: number;
  readonly refreshes: boolean;
  readonly sortsKeys: boolean;
  readonly salt: PySecret;
  readonly user: UserKey;
}

/** Checks the options. */
export function resolveFlask(group: string, options: FlaskOptions): FlaskSettings {
  requireKnownKeys(group, options, KNOWN, ADVICE);
  const { secretKeyFallbacks = [], permanentSessionLifetime = "31d", salt } = options;
  const { sessionCookieName = "session", userKey = "_user_id" } = options;
  return {
    ...resolveSharing(group, options),
    secretKey: requiredSecret(`${group}.secretKey`, options.secretKey),
    fallbacks: secretList(`${group}.secretKeyFallbacks`, secretKeyFallbacks),
    signsWith: oneOf(`${group}.signsWith`, options.signsWith, SIGNING) ?? "secretKey",
    cookieName: requiredText(`${group}.sessionCookieName`, sessionCookieName),
    lifetimeMs: wholeSeconds(`${group}.permanentSessionLifetime`, permanentSessionLifetime),
    refreshes:
      flag(`${group}.sessionRefreshEachRequest`, options.sessionRefreshEachRequest) ?? true,
    sortsKeys: flag(`${group}.jsonSortKeys`, options.jsonSortKeys) ?? true,
    salt: salt === undefined ? "cookie-session" : requiredSecret(`${group}.salt`, salt),
    user: resolveUser(group, userKey, options.userIdAs),
  };
}

const SIGNING = ["secretKey", "lastFallback"] as const;

const KNOWN: readonly string[] = [
  "secretKey",
  "secretKeyFallbacks",
  "signsWith",
  "sessionCookieName",
  "permanentSessionLifetime",
  "sessionRefreshEachRequest",
  "jsonSortKeys",
  "salt",
  "userKey",
  "userIdAs",
  ...SHARING_OPTIONS,
];

const ADVICE: Readonly<Record<string, string>> = {
  SECRET_KEY: "Write secretKey.",
  secret: "Write secretKey.",
  fallbacks: "Write secretKeyFallbacks.",
  sessionCookieSecure: "Give createSessions the option cookie.",
  sessionCookieDomain: "Give createSessions the option cookie.",
  sessionCookiePath: "Give createSessions the option cookie.",
  sessionCookieSamesite: "Give createSessions the option cookie.",
};
