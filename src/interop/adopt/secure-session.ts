import type { Adoptable } from "../../cookies/mount.ts";
import type { Duration } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { parseObject } from "../../core/json.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import type { ForeignDocument, Unread } from "../foreign/foreign-sessions.ts";
import { requiredText } from "../foreign/text-options.ts";
import { wholeSeconds } from "../foreign/whole-seconds.ts";
import { cookieText } from "../javascript/cookie-text.ts";
import { CORRUPT, leftBehind, leftDocument } from "../javascript/left-behind.ts";
import { withMethods } from "../javascript/library-options.ts";
import { flashedIn, passportUser } from "../javascript/values.ts";
import { decodedBase64 } from "../python/base64url.ts";
import type { EpochMs } from "../python/time-bounds.ts";
import { decodedUtf8 } from "../python/utf8.ts";

/** What is asked of the application's sodium: all that sodium-native has. */
export interface Sodium {
  /** Writes the message into `message`, and tells whether the box was made with this key. */
  crypto_secretbox_open_easy(message: Buffer, box: Buffer, nonce: Buffer, key: Buffer): boolean;
}

/** How the sessions that `@fastify/secure-session` has left go on here, in the words of its options. */
export interface SecureSessionCookieOptions<D extends object> extends AdoptionWords<D> {
  /**
   * `key`: 32 bytes, or their base64; of several, all are believed. Where there was a `secret` in
   * place of it, the key that sodium's `crypto_pwhash` makes of that.
   */
  readonly key: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The `sodium-native` that secure-session itself uses. */
  readonly sodium: Sodium;
  /**
   * `expiry`, in whole seconds: how long a session lives after its last change.
   *
   * @defaultValue `86_401_000`, a day and a second
   */
  readonly expiry?: Duration | undefined;
  /**
   * `cookieName`, or else `sessionName`.
   *
   * @defaultValue `"session"`
   */
  readonly cookieName?: string | undefined;
}

/**
 * Takes over the sessions of `@fastify/secure-session` from their own cookie: one of the list `adopt`
 * of `createSessions`. `userId` is that of `@fastify/passport`, and the messages of `@fastify/flash`
 * come along.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { secureSessionCookie, type Sodium } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * declare const sodium: Sodium; // import sodium from "sodium-native"
 * const sessions = createSessions<{ theme?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     secureSessionCookie<{ theme?: string }>({
 *       key: process.env["SESSION_KEY"] ?? "",
 *       sodium,
 *       map: ({ values, userId }) => ({ data: { theme: String(values["theme"]) }, userId }),
 *     }),
 *   ],
 * });
 */
export function secureSessionCookie<D extends object = Record<string, unknown>>(
  options: SecureSessionCookieOptions<D>,
): Adoptable {
  const group = "secureSessionCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, ["key", "sodium", "expiry", "cookieName"], ADVICE);
  const { expiry = 86_401_000, cookieName = "session", sodium } = settings;
  const keys = keysOf(`${group}.key`, settings.key);
  withMethods(`${group}.sodium`, sodium, ["crypto_secretbox_open_easy"]);
  const expiryMs = wholeSeconds(`${group}.expiry`, expiry);
  const sessions = leftBehind({
    library: "@fastify/secure-session",
    cookieName: requiredText(`${group}.cookieName`, cookieName),
    read: (value) => {
      const box = boxIn(value);
      if (box === undefined) return MALFORMED;
      const text = opened(box, keys, sodium);
      return text === undefined ? ALTERED : documentIn(text, box.nonce, expiryMs);
    },
  });
  return adoptable(sessions, { secret: keys[0], ...words });
}

const ADVICE: Readonly<Record<string, string>> = {
  secret: "Write the key that crypto_pwhash makes of it: the guide shows how.",
  salt: "Write the key that crypto_pwhash makes of secret and salt: the guide shows how.",
  sessionName: "Write cookieName.",
  cookie: "Write sessionCookiePlace for its domain and path.",
};

const MALFORMED: Unread = { rejection: "malformed", why: "it has not the form." };
const ALTERED: Unread = { rejection: "altered", why: "no key opens it." };

/** Of libsodium's `crypto_secretbox`. */
const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const MAC_BYTES = 16;

function keysOf(
  option: string,
  given: SecureSessionCookieOptions<object>["key"],
): readonly [Buffer, ...Buffer[]] {
  const isOne = typeof given === "string" || given instanceof Uint8Array;
  const [first, ...others] = (isOne ? [given] : (given ?? [])).map((key) =>
    typeof key === "string" ? Buffer.from(key, "base64") : Buffer.from(key),
  );
  const isKey = (key: Buffer | undefined): key is Buffer => key?.length === KEY_BYTES;
  if (isKey(first) && others.every(isKey)) return [first, ...others];
  throw new OptionsError(option, `must be ${KEY_BYTES} bytes, their base64, or a list of such.`);
}

interface Box {
  readonly box: Buffer;
  readonly nonce: Buffer;
}

function boxIn(value: string): Box | undefined {
  const [box, nonce, ...others] = (cookieText(value)?.split(";") ?? []).map(decodedBase64);
  if (box === undefined || nonce === undefined || others.length > 0) return undefined;
  return box.length > MAC_BYTES && nonce.length === NONCE_BYTES ? { box, nonce } : undefined;
}

function opened({ box, nonce }: Box, keys: readonly Buffer[], sodium: Sodium): string | undefined {
  const message = Buffer.alloc(box.length - MAC_BYTES);
  const key = keys.find((tried) => sodium.crypto_secretbox_open_easy(message, box, nonce, tried));
  return key && decodedUtf8(message);
}

function documentIn(text: string, nonce: Buffer, expiryMs: number): ForeignDocument | Unread {
  const session = parseObject(text);
  const { __ts: at, ...values } = session ?? {};
  if (typeof at !== "number" || !Number.isSafeInteger(at * 1_000)) return CORRUPT;
  const toldAt: EpochMs = at * 1_000;
  return leftDocument({
    values,
    userId: passportUser(values),
    persistent: false,
    flash: flashedIn(values),
    endsAt: toldAt + expiryMs,
    // It rounds to the second: whoever has been signed out everywhere since may have come before that.
    writtenAt: toldAt - 500,
    identity: nonce.toString("base64url"),
  });
}
