import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import type { EpochMs } from "../../../src/core/record.ts";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const MAX_JSON_BYTES = 1_048_576;

/** What a text says that Django, or we in its place, have signed. */
export interface Signed {
  readonly json: string;
  readonly signedAt: EpochMs;
}

/** Writes and reads `session_data` as Django 3.1 and later do: `payload:seconds:signature`. */
export class DjangoSigner {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  sign(json: string, now: EpochMs): string {
    // Django reads it as Latin-1.
    const plain = Buffer.from(json.replace(/[\u007f-\uffff]/g, escaped));
    const packed = deflateSync(plain);
    const payload =
      packed.length < plain.length - 1
        ? `.${packed.toString("base64url")}`
        : plain.toString("base64url");
    const value = `${payload}:${base62(Math.floor(now / 1_000))}`;
    return `${value}:${this.#signature(value)}`;
  }

  /** Resolves nothing that was altered, or is of an older form. */
  unsign(text: string): Signed | undefined {
    const [, value = "", payload = "", seconds = "", signature = ""] =
      /^((\.?[\w-]+):([0-9A-Za-z]+)):([\w-]+)$/.exec(text) ?? [];
    if (!isSame(signature, this.#signature(value))) return undefined;
    const json = payload.startsWith(".")
      ? inflateSync(Buffer.from(payload, "base64url"), { maxOutputLength: MAX_JSON_BYTES })
      : Buffer.from(payload, "base64url");
    return { json: json.toString("latin1"), signedAt: 1_000 * fromBase62(seconds) };
  }

  /** What Django keeps in a session of the user's password, so that a change of it ends the session. */
  authHash(password: string): string {
    const salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash";
    return this.#hmac(salt, password).toString("hex");
  }

  #signature(value: string): string {
    const salt = "django.contrib.sessions.SessionStoresigner";
    return this.#hmac(salt, value).toString("base64url");
  }

  #hmac(salt: string, value: string): Buffer {
    const key = createHash("sha256")
      .update(salt + this.#secret)
      .digest();
    return createHmac("sha256", key).update(value).digest();
  }
}

/** In constant time. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function base62(number: number): string {
  const digit = DIGITS.charAt(number % 62);
  return number < 62 ? digit : base62(Math.floor(number / 62)) + digit;
}

function fromBase62(text: string): number {
  return [...text].reduce((number, digit) => 62 * number + DIGITS.indexOf(digit), 0);
}
