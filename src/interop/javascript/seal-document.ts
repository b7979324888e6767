import { asObject, type JsonObject, type JsonValue, parse } from "../../core/json.ts";
import type { Unread } from "../foreign/foreign-sessions.ts";
import type { EpochMs } from "../python/time-bounds.ts";
import { cookieText } from "./cookie-text.ts";
import { type IronKeys, unsealed } from "./iron-seal.ts";
import { CORRUPT } from "./left-behind.ts";

/** What a seal in a cookie holds. */
export interface SealedValue {
  readonly value: JsonValue;
  /** The end that the seal says. */
  readonly expiresAt: EpochMs | undefined;
  /** The end that libraries let it have. */
  readonly endsAt: EpochMs | undefined;
  readonly salt: string;
}

/** Iron's own tolerance: so much later a seal is still taken. */
const SKEW_MS = 60_000;

/** The value in a seal, or why it is not believed. */
export function valueIn(cookie: string, keys: IronKeys, now: EpochMs): SealedValue | Unread {
  const seal = unsealed(cookieText(cookie) ?? "", keys, now);
  if (!seal.ok) return { rejection: seal.reason, why: "it is no seal of these passwords." };
  const { text, expiresAt, salt } = seal;
  const value = parse(text);
  if (value === undefined) return CORRUPT;
  return {
    value,
    expiresAt,
    endsAt: expiresAt === undefined ? undefined : expiresAt + SKEW_MS,
    salt,
  };
}

/** The same, where it must be an object. */
export function objectIn(
  cookie: string,
  keys: IronKeys,
  now: EpochMs,
): (SealedValue & { readonly object: JsonObject }) | Unread {
  const sealed = valueIn(cookie, keys, now);
  if ("rejection" in sealed) return sealed;
  const object = asObject(sealed.value);
  return object === undefined ? CORRUPT : { ...sealed, object };
}
