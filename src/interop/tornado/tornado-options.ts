import { OptionsError } from "../../core/errors.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import {
  resolveSharing,
  SHARING_OPTIONS,
  type SharingOptions,
} from "../foreign/sharing-options.ts";
import { requiredText } from "../foreign/text-options.ts";
import { resolveUser, type UserIdAs, type UserKey } from "../foreign/user-key.ts";
import { resolveCookieLife, type TornadoCookieLife } from "./cookie-life.ts";
import {
  resolveSigning,
  SIGNING_OPTIONS,
  type TornadoSigning,
  type TornadoSigningOptions,
} from "./signing-options.ts";

/** How a Tornado application keeps its whole session in one signed cookie. */
export interface TornadoOptions extends TornadoSigningOptions, SharingOptions {
  /**
   * The cookie's name, as given to `set_signed_cookie`.
   *
   * @defaultValue `"user"`
   */
  readonly cookieName?: string | undefined;
  /**
   * What its value is: the user and nothing else, or the JSON of a dict. With `"user"` no data can be
   * kept, and nothing under `factsKey`.
   *
   * @defaultValue `"user"`
   */
  readonly holds?: "user" | "json" | undefined;
  /**
   * The key that says who is signed in, where the cookie holds JSON.
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
   * `expires_days` of `set_signed_cookie`: how long browsers keep the cookie, from each change on.
   *
   * @defaultValue `30`
   */
  readonly cookieExpiresDays?: TornadoCookieLife | undefined;
}

/** The options, checked. */
export interface TornadoSettings
  extends TornadoSigning,
    Pick<ForeignSessions, "factsKey" | "absoluteTimeoutMs" | "cookieLifetimeMs" | "cookieName"> {
  readonly holds: "user" | "json";
  readonly user: UserKey;
}

/** Checks the options. */
export function resolveTornado(group: string, options: TornadoOptions): TornadoSettings {
  requireKnownKeys(group, options, KNOWN, ADVICE);
  const { cookieName = "user", userKey = "user", cookieExpiresDays = 30 } = options;
  const holds = oneOf(`${group}.holds`, options.holds, ["user", "json"]) ?? "user";
  return {
    ...resolveSharing(group, { ...options, factsKey: factsKeyOf(group, holds, options) }),
    ...resolveSigning(group, options),
    cookieName: requiredText(`${group}.cookieName`, cookieName),
    cookieLifetimeMs: resolveCookieLife(`${group}.cookieExpiresDays`, cookieExpiresDays),
    holds,
    user: resolveUser(group, userKey, options.userIdAs),
  };
}

function factsKeyOf(
  group: string,
  holds: TornadoSettings["holds"],
  { factsKey }: TornadoOptions,
): TornadoOptions["factsKey"] {
  if (holds === "json" || factsKey === false) return factsKey;
  if (factsKey === undefined) return false;
  throw new OptionsError(`${group}.factsKey`, 'needs a cookie that holds more: holds: "json".');
}

const KNOWN: readonly string[] = [
  "cookieName",
  "holds",
  "userKey",
  "userIdAs",
  "cookieExpiresDays",
  ...SIGNING_OPTIONS,
  ...SHARING_OPTIONS,
];

const ADVICE: Readonly<Record<string, string>> = {
  cookie_secret: "Write cookieSecret.",
  sessionCookieName: "Write cookieName.",
  key_version: "Write keyVersion.",
  expiresDays: "Write cookieExpiresDays.",
};
