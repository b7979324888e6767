import { OptionsError } from "../../core/errors.ts";
import { flag, oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import { resolveSharing, SHARING_OPTIONS } from "../foreign/sharing-options.ts";
import { requiredSecret, requiredText } from "../foreign/text-options.ts";
import { resolveUser, type UserKey } from "../foreign/user-key.ts";
import { wholeSeconds } from "../foreign/whole-seconds.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import type { FlaskServerOptions } from "./server-options.ts";

/** The options, checked, but for the place. */
export interface ServerSettings
  extends Pick<ForeignSessions, "cookieName" | "factsKey" | "absoluteTimeoutMs"> {
  readonly version: "0.3" | "0.6" | "0.7";
  readonly serialization: "msgpack" | "json";
  /** `undefined` where ids are not signed. */
  readonly signingKey: PySecret | undefined;
  readonly idBytes: number;
  readonly isPermanent: boolean;
  readonly lifetimeMs: number;
  readonly refreshes: boolean;
  readonly user: UserKey;
}

/** Checks the options of `group`, but for the place. */
export function resolveServer(group: string, options: FlaskServerOptions): ServerSettings {
  requireKnownKeys(group, options, KNOWN, ADVICE);
  const { sessionCookieName = "session", userKey = "_user_id", userIdAs } = options;
  const { permanentSessionLifetime = "31d", sessionPermanent, sessionIdLength = 32 } = options;
  const form = options.sessionSerializationFormat;
  return {
    ...resolveSharing(group, options),
    version: oneOf(`${group}.version`, options.version, ["0.3", "0.6", "0.7"]) ?? "0.7",
    serialization:
      oneOf(`${group}.sessionSerializationFormat`, form, ["msgpack", "json"]) ?? "msgpack",
    signingKey: signingKey(group, options),
    idBytes: idBytes(group, sessionIdLength),
    isPermanent: flag(`${group}.sessionPermanent`, sessionPermanent) ?? true,
    lifetimeMs: wholeSeconds(`${group}.permanentSessionLifetime`, permanentSessionLifetime),
    refreshes:
      flag(`${group}.sessionRefreshEachRequest`, options.sessionRefreshEachRequest) ?? true,
    cookieName: requiredText(`${group}.sessionCookieName`, sessionCookieName),
    user: resolveUser(group, userKey, userIdAs),
  };
}

function signingKey(group: string, options: FlaskServerOptions): PySecret | undefined {
  const { sessionUseSigner, secretKey } = options;
  if (flag(`${group}.sessionUseSigner`, sessionUseSigner) !== true) return undefined;
  return requiredSecret(`${group}.secretKey`, secretKey);
}

function idBytes(group: string, length: number): number {
  if (Number.isInteger(length) && length >= 16 && length <= 96) return length;
  const option = `${group}.sessionIdLength`;
  throw new OptionsError(option, "must be a whole number of bytes, from 16 to 96.");
}

const KNOWN: readonly string[] = [
  ...["redis", "memcached", "filesystem", "sqlalchemy"],
  ...["version", "sessionSerializationFormat", "sessionUseSigner", "secretKey"],
  ...["sessionKeyPrefix", "sessionIdLength", "sessionPermanent", "permanentSessionLifetime"],
  ...["sessionRefreshEachRequest", "sessionCookieName", "userKey", "userIdAs"],
  ...SHARING_OPTIONS,
];

const ADVICE: Readonly<Record<string, string>> = {
  sessionType: "Give the place itself: redis, memcached, filesystem or sqlalchemy.",
  sessionRedis: "Write redis.",
  sessionMemcached: "Write memcached.",
  sessionFileDir: "Write filesystem: { folder }.",
  sessionSqlalchemy: "Write sqlalchemy: { database }.",
  sessionMongodb: "Sessions in MongoDB are not shared.",
  sessionDynamodb: "Sessions in DynamoDB are not shared.",
  sessionCookieSecure: "Give createSessions the option cookie.",
  sessionCookieDomain: "Give createSessions the option cookie.",
};
