import type { Duration } from "../../core/duration.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import {
  resolveSharing,
  SHARING_OPTIONS,
  type SharingOptions,
} from "../foreign/sharing-options.ts";
import { requiredSecret, requiredText } from "../foreign/text-options.ts";
import { resolveUser, type UserIdAs, type UserKey } from "../foreign/user-key.ts";
import { wholeSeconds } from "../foreign/whole-seconds.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";

/** How Starlette's `SessionMiddleware` keeps sessions, in the words of its parameters. */
export interface StarletteOptions extends SharingOptions {
  /** `secret_key`; text stands for its UTF-8. */
  readonly secretKey: PySecret;
  /**
   * `session_cookie`.
   *
   * @defaultValue `"session"`
   */
  readonly sessionCookie?: string | undefined;
  /**
   * `max_age`, in whole seconds; `false` for its `None`: no session expires, and each browser forgets
   * its own when it is closed.
   *
   * @defaultValue `"14d"`
   */
  readonly maxAge?: Duration | false | undefined;
  /**
   * When a session is sent anew. Before Starlette 1.0 each response does that, since then only a
   * change. Here a visit does it once a tenth of `maxAge` is over.
   *
   * @defaultValue `"each-visit"`
   */
  readonly renewal?: ForeignSessions["renewal"] | undefined;
  /**
   * The key under which the application keeps who is signed in: Starlette has none of its own.
   *
   * @defaultValue `"user_id"`
   */
  readonly userKey?: string | undefined;
  /**
   * What stands there.
   *
   * @defaultValue `"str"`
   */
  readonly userIdAs?: UserIdAs | undefined;
}

/** The options, checked. */
export interface StarletteSettings
  extends Pick<ForeignSessions, "cookieName" | "renewal" | "factsKey" | "absoluteTimeoutMs"> {
  readonly secretKey: PySecret;
  /** `undefined` where no session expires. */
  readonly maxAgeMs: number | undefined;
  readonly user: UserKey;
}

/** Checks the options of `group`. */
export function resolveStarlette(group: string, options: StarletteOptions): StarletteSettings {
  requireKnownKeys(group, options, KNOWN, ADVICE);
  const { sessionCookie = "session", maxAge = "14d", userKey = "user_id", renewal } = options;
  return {
    ...resolveSharing(group, options),
    secretKey: requiredSecret(`${group}.secretKey`, options.secretKey),
    cookieName: requiredText(`${group}.sessionCookie`, sessionCookie),
    maxAgeMs: maxAge === false ? undefined : wholeSeconds(`${group}.maxAge`, maxAge),
    renewal: oneOf(`${group}.renewal`, renewal, ["each-visit", "on-change"]) ?? "each-visit",
    user: resolveUser(group, userKey, options.userIdAs),
  };
}

const KNOWN: readonly string[] = [
  "secretKey",
  "sessionCookie",
  "maxAge",
  "renewal",
  "userKey",
  "userIdAs",
  ...SHARING_OPTIONS,
];

const ADVICE: Readonly<Record<string, string>> = {
  secret_key: "Write secretKey.",
  secret: "Write secretKey.",
  sessionCookieName: "Write sessionCookie.",
  path: "Give createSessions the option cookie.",
  domain: "Give createSessions the option cookie.",
  sameSite: "Give createSessions the option cookie.",
  httpsOnly: "Give createSessions the option cookie.",
};
