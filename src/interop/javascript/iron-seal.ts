import { createDecipheriv, createHmac, pbkdf2Sync } from "node:crypto";
import { decodedBase64url } from "../python/base64url.ts";
import { isSameText } from "../python/same-text.ts";
import type { EpochMs } from "../python/time-bounds.ts";
import { decodedUtf8 } from "../python/utf8.ts";
import { MAX_CHARACTERS } from "./cookie-text.ts";

/** With what seals are opened. */
export interface IronKeys {
  /** The passwords that may have made a seal which names this id; none, if it is not known. */
  passwordsFor(id: string): readonly string[];
  /** How often a password is hashed: all that may have been done. A seal itself does not say it. */
  readonly iterations: readonly number[];
}

/** What a seal holds, or why it is not believed. */
export type Unsealed =
  | {
      readonly ok: true;
      /** JSON, if the library wrote it. */
      readonly text: string;
      /** `undefined` where it never expires. */
      readonly expiresAt: EpochMs | undefined;
      /** Drawn for each seal, and signed: no two seals have the same. */
      readonly salt: string;
    }
  | { readonly ok: false; readonly reason: "malformed" | "unknownKey" | "altered" | "expired" };

const FORM =
  /^Fe26\.2\*\w{0,64}\*[\da-fA-F]{16,256}\*[\w-]{22}\*[\w-]+\*(?:\d{1,15})?\*[\da-fA-F]{16,256}\*[\w-]{43}$/;

/** So much later a seal is still taken: the clocks of two servers may differ. */
const SKEW_MS = 60_000;

/**
 * Opens a seal of Iron's, as iron-webcrypto and h3 write it: AES-256-CBC, and over that an
 * HMAC-SHA256, each under a key of its own that PBKDF2 makes of the password.
 */
export function unsealed(text: string, keys: IronKeys, now: EpochMs): Unsealed {
  if (text.length > MAX_CHARACTERS || !FORM.test(text)) return { ok: false, reason: "malformed" };
  const [, id = "", salt = "", iv = "", encrypted = "", expiration = "", ...mac] = text.split("*");
  const expiresAt = expiration === "" ? undefined : Number(expiration);
  if (expiresAt !== undefined && expiresAt <= now - SKEW_MS)
    return { ok: false, reason: "expired" };
  const passwords = keys.passwordsFor(id);
  if (passwords.length === 0) return { ok: false, reason: "unknownKey" };
  const [macSalt = "", digest = ""] = mac;
  const signed = text.slice(0, -macSalt.length - digest.length - 2);
  const sealing = keys.iterations
    .flatMap((iterations) => passwords.map((password) => ({ password, iterations })))
    .find((tried) => isSameText(digest, macOf(signed, keyOf(tried, macSalt))));
  if (sealing === undefined) return { ok: false, reason: "altered" };
  const plain = decrypted(keyOf(sealing, salt), iv, encrypted);
  if (plain === undefined) return { ok: false, reason: "malformed" };
  return { ok: true, text: plain, expiresAt, salt };
}

interface Sealing {
  readonly password: string;
  readonly iterations: number;
}

const KEY_BYTES = 32;

function keyOf({ password, iterations }: Sealing, salt: string): Buffer {
  return pbkdf2Sync(password, salt, iterations, KEY_BYTES, "sha1");
}

function macOf(text: string, key: Buffer): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

/** What is signed with the right password and still no text was made by no such library. */
function decrypted(key: Buffer, iv: string, encrypted: string): string | undefined {
  const [vector, bytes] = [decodedBase64url(iv), decodedBase64url(encrypted)];
  if (vector === undefined || bytes === undefined) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-cbc", key, vector);
    return decodedUtf8(Buffer.concat([decipher.update(bytes), decipher.final()]));
  } catch {
    return undefined;
  }
}
