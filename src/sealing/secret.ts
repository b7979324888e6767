import { OptionsError } from "../core/errors.ts";

/** A secret: the text that `sojourn secret` prints, or at least 32 random bytes. */
export type Key = string | Uint8Array;

const MIN_BYTES = 32;
/** Two random texts of 16 bytes are never the same. */
const MIN_REPEATED_BYTES = 16;
const MAX_BYTES = 1_024;
const HEX = /^[0-9a-f]+$/i;
const BASE64 = /^[A-Za-z0-9_+/-]+={0,2}$/;

/**
 * Of 32 random bytes fewer than 20 differ once in 10^9 times, and fewer than 16 of their steps once
 * in 10^15; what is repeated or counted has fewer.
 */
const MIN_DISTINCT_BYTES = 20;
const MIN_DISTINCT_STEPS = 16;
/** Prose has hardly a capital; 43 random characters have fewer than 4 once in a million times. */
const MIN_OF_EACH_CASE = 4;
/** OrHasOneInFrontOfEachWord; 43 random letters without a digit look so once in a million times. */
const MIN_SHARE_OF_LETTERS = 0.3;

/** Six letters and more: a shorter word stands in one random text of some ten thousand. */
const WORDS =
  /secret|passwor|passphrase|changeme|change[-_]me|default|example|sojourn|session|cookie|qwerty|letmein|keyboard|insecure|placeholder|replace|development|production|testing|0123456|1234567|abcdef/i;

const ADVICE = 'Make one with "npx sojourn secret".';

/**
 * The bytes of a secret: a text of hexadecimal digits if it is nothing else, of base64 or base64url
 * otherwise.
 *
 * @throws {@link OptionsError} if it is too short, or easier to guess than random bytes would be.
 * An estimate: it notices slips, not somebody who insists.
 */
export function secretBytes(option: string, key: unknown): Uint8Array {
  const bytes = typeof key === "string" ? textBytes(option, key.trim()) : givenBytes(option, key);
  if (bytes.length < MIN_BYTES) {
    throw refusal(option, `has ${bytes.length} bytes and needs at least ${MIN_BYTES}`);
  }
  if (bytes.length > MAX_BYTES) throw refusal(option, `has more than ${MAX_BYTES} bytes`);
  if (!looksRandom(bytes)) throw refusal(option, "repeats itself or follows a pattern");
  return bytes;
}

function textBytes(option: string, text: string): Uint8Array {
  if (text === "") throw refusal(option, "is empty (is the environment variable set?)");
  if (isHex(text)) return Buffer.from(text, "hex");
  const word = WORDS.exec(text);
  if (word !== null) throw refusal(option, "contains a word, so it was not drawn at random");
  if (!BASE64.test(text)) throw refusal(option, "is not base64url, nor hexadecimal");
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length >= MIN_BYTES && looksTyped(text)) {
    throw refusal(option, "looks like typed text, not like random bytes");
  }
  return bytes;
}

function isHex(text: string): boolean {
  return text.length % 2 === 0 && text.length >= 2 * MIN_BYTES && HEX.test(text);
}

function givenBytes(option: string, key: unknown): Uint8Array {
  if (!(key instanceof Uint8Array)) {
    throw refusal(option, "must be a text or a Uint8Array");
  }
  if (key.length >= MIN_BYTES && key.every((byte) => byte >= 0x20 && byte < 0x7f)) {
    throw refusal(option, "holds the characters of a text; pass the text itself");
  }
  // A copy, so that nobody changes the secret afterwards.
  return Uint8Array.from(key);
}

function looksTyped(text: string): boolean {
  const capitals = text.replaceAll(/[^A-Z]/g, "").length;
  const small = text.replaceAll(/[^a-z]/g, "").length;
  const rarer = Math.min(capitals, small);
  const isLettersOnly = capitals + small === text.length;
  return rarer < MIN_OF_EACH_CASE || (isLettersOnly && rarer < MIN_SHARE_OF_LETTERS * text.length);
}

function looksRandom(bytes: Uint8Array): boolean {
  const steps = bytes.subarray(1).map((byte, place) => byte - (bytes[place] ?? 0));
  return (
    new Set(bytes).size >= MIN_DISTINCT_BYTES &&
    new Set(steps).size >= MIN_DISTINCT_STEPS &&
    !repeats(bytes)
  );
}

/**
 * Whether fewer than 32 bytes are repeated to fill the secret. Random bytes agree here and there, so
 * that enough of them must.
 */
function repeats(bytes: Uint8Array): boolean {
  const longest = Math.min(MIN_BYTES - 1, bytes.length - MIN_REPEATED_BYTES);
  for (let period = 1; period <= longest; period += 1) {
    if (bytes.every((byte, place) => place < period || byte === bytes[place - period])) return true;
  }
  return false;
}

function refusal(option: string, problem: string): OptionsError {
  return new OptionsError(option, `the key ${problem}. ${ADVICE}`);
}
