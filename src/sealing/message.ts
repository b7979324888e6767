import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import type { RandomBytes } from "../core/token.ts";
import type { Binding } from "./binding.ts";
import { isPaddedLength, pad, paddedLength, paddingStart } from "./padding.ts";
import { COMMITMENT_BYTES, type DerivedKey, SALT_BYTES } from "./ring-key.ts";

/*
 * What a sealed text looks like, whatever its key is derived from: docs/sealed-format.md has it byte by
 * byte.
 */

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Version and key id. Six bytes, so that they are eight whole characters. */
const HEAD_BYTES = 6;
export const HEAD_CHARACTERS = 8;
const SALT_END: number = HEAD_BYTES + SALT_BYTES;
/** Forty-two bytes, so fifty-six whole characters. */
const PREFIX_BYTES: number = SALT_END + COMMITMENT_BYTES;
export const PREFIX_CHARACTERS: number = (PREFIX_BYTES / 3) * 4;
const BOX_START: number = PREFIX_BYTES + NONCE_BYTES;

/** Seals a text, as base64url. Its length shows in steps of 64 bytes. */
export function sealedMessage(
  { cipherKey, prefix }: DerivedKey,
  text: string,
  binding: Binding,
  random: RandomBytes,
): string {
  const length = Buffer.byteLength(text);
  const tagStart = NONCE_BYTES + paddedLength(length);
  const message = Buffer.allocUnsafe(tagStart + TAG_BYTES);
  message.set(random(NONCE_BYTES));
  const frame = message.subarray(NONCE_BYTES, tagStart);
  frame.write(text);
  pad(frame, length);
  const cipher = createCipheriv(CIPHER, cipherKey, message.subarray(0, NONCE_BYTES));
  cipher.setAAD(binding);
  const sealed = cipher.update(frame);
  message.set(sealed, NONCE_BYTES);
  message.set(cipher.final(), NONCE_BYTES + sealed.length);
  message.set(cipher.getAuthTag(), tagStart);
  return prefix + message.toString("base64url");
}

/** How many characters a text of `bytes` bytes of UTF-8 has when it is sealed. */
export function sealedLength(bytes: number): number {
  return Math.ceil(((BOX_START + paddedLength(bytes) + TAG_BYTES) * 4) / 3);
}

/** The bytes of a sealed text, unless its form is not exact: one message has one spelling. */
export function decoded(sealed: string, version: number): Buffer | undefined {
  const message = Buffer.from(sealed, "base64url");
  const isExact =
    isPaddedLength(message.length - BOX_START - TAG_BYTES) &&
    message[0] === version &&
    // Node's decoder skips what it does not know, takes + and / too, and drops spare bits.
    message.toString("base64url") === sealed;
  return isExact ? message : undefined;
}

/** The key for the message's salt, if the message commits to it: it was made with this secret. */
export function committed(
  derive: (salt: Uint8Array) => DerivedKey,
  message: Buffer,
): DerivedKey | undefined {
  const derived = derive(message.subarray(HEAD_BYTES, SALT_END));
  const commitment = message.subarray(SALT_END, PREFIX_BYTES);
  return timingSafeEqual(derived.commitment, commitment) ? derived : undefined;
}

/** What is in a message, whatever it is bound to and whether or not it is whole: what a thief reads. */
export function unverified({ cipherKey }: DerivedKey, message: Buffer): string | undefined {
  const nonce = message.subarray(PREFIX_BYTES, BOX_START);
  const decipher = createDecipheriv(CIPHER, cipherKey, nonce, { authTagLength: TAG_BYTES });
  const frame = decipher.update(message.subarray(BOX_START, message.length - TAG_BYTES));
  const end = paddingStart(frame);
  return end === undefined ? undefined : frame.toString("utf8", 0, end);
}

/** The text in a message; `undefined` where it was altered, or is bound to something else. */
export function decrypted(
  { cipherKey }: DerivedKey,
  message: Buffer,
  binding: Binding,
): string | undefined {
  const tagStart = message.length - TAG_BYTES;
  const nonce = message.subarray(PREFIX_BYTES, BOX_START);
  const decipher = createDecipheriv(CIPHER, cipherKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(binding);
  decipher.setAuthTag(message.subarray(tagStart));
  const frame = decipher.update(message.subarray(BOX_START, tagStart));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  const end = paddingStart(frame);
  return end === undefined ? undefined : frame.toString("utf8", 0, end);
}
