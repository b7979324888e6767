import { OptionsError } from "../core/errors.ts";
import { isHashOfWord, isPublished } from "./known.ts";
import { ownSecretBytes } from "./own-secret.ts";
import { isTyped } from "./typed.ts";

/**
 * A secret: the text that `sojourn secret` prints, or at least 32 random bytes, also as the text of
 * their hexadecimal digits or of base64. A text that is damaged or was not drawn at random is refused.
 */
export type Key = string | Uint8Array;

const MIN_BYTES = 32;
/** Of 16 random characters eight agree with 16 others once in 10^10 times. */
const MIN_REPEATED = 16;
const MAX_BYTES = 1_024;
const UUID_BYTES = 16;
const TWIN_BYTES = 4;
const HEX = /^[0-9a-f]+$/i;
const BASE64 = /^[A-Za-z0-9_+/-]+={0,2}$/;

/**
 * Of 32 random bytes fewer than 20 differ once in 10^9 times, and fewer than 16 of their steps once
 * in 10^15; what is repeated or counted has fewer.
 */
const MIN_DISTINCT_BYTES = 20;
const MIN_DISTINCT_STEPS = 16;
/** Of 32 random bytes 28 are printable once in 10^8 times, and one is there eight times in 10^10. */
const MOST_PRINTABLE = 7 / 8;
const MOST_OF_ONE_BYTE = 1 / 4;

/** Seven letters and more: a shorter word stands in one random text of some ten million. */
const WORDS =
  /passwor|passphrase|changeme|change[-_]me|secret[-_]?key|default|example|sojourn|session|qwertyu|letmein|keyboard|insecure|placeholder|replace|development|production|testing|0123456|1234567|abcdefg/i;
const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/i;
const DIGITS = /^\d+$/;

const ADVICE = 'Make one with "npx sojourn secret".';

/**
 * The bytes of a secret: of what `sojourn secret` prints exactly those that were drawn. Any other text
 * is taken for hexadecimal digits if it is nothing else, for base64 or base64url otherwise.
 *
 * @throws {@link OptionsError} if it is too short, damaged, or easier to guess than random bytes would
 * be. Of other secrets an estimate: it notices slips, not somebody who insists.
 */
export function secretBytes(option: string, key: unknown): Uint8Array {
  const text = typeof key === "string" ? key.trim() : undefined;
  const own = text === undefined ? undefined : ownSecretBytes(text);
  if (own === "damaged") throw refusal(option, "is not whole: characters are missing or wrong");
  if (own !== undefined) return own;
  const bytes = text === undefined ? givenBytes(option, key) : textBytes(option, text);
  if (bytes.length < MIN_BYTES) {
    throw refusal(option, `has ${bytes.length} bytes and needs at least ${MIN_BYTES}`);
  }
  if (bytes.length > MAX_BYTES) throw refusal(option, `has more than ${MAX_BYTES} bytes`);
  checkBytes(option, bytes);
  return bytes;
}

function textBytes(option: string, text: string): Uint8Array {
  if (text === "") throw refusal(option, "is empty (is the environment variable set?)");
  if (DIGITS.test(text)) throw refusal(option, "has digits only");
  if (HEX.test(text)) return hexBytes(option, text);
  if (UUID.test(text)) throw refusal(option, "holds a UUID, which is a name and no secret");
  if (WORDS.test(text)) throw refusal(option, "contains a word, so it was not drawn at random");
  if (!BASE64.test(text)) throw refusal(option, "is not base64url, nor hexadecimal");
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length >= MIN_BYTES && (isTyped(text.replace(/=+$/, "")) || repeats([...text]))) {
    throw refusal(option, "looks like typed text, not like random bytes");
  }
  return bytes;
}

function hexBytes(option: string, text: string): Uint8Array {
  if (text.length % 2 === 0) return Buffer.from(text, "hex");
  throw refusal(option, "has an odd number of hexadecimal digits, so it is not whole");
}

function givenBytes(option: string, key: unknown): Uint8Array {
  if (!(key instanceof Uint8Array)) {
    throw refusal(option, "must be a text or a Uint8Array");
  }
  // A copy, so that nobody changes the secret afterwards.
  return Uint8Array.from(key);
}

function checkBytes(option: string, bytes: Uint8Array): void {
  if (holdsText(bytes)) {
    throw refusal(option, "holds the characters of a text; pass 32 random bytes, or their text");
  }
  if (!looksRandom(bytes)) throw refusal(option, "repeats itself or follows a pattern");
  if (isHashOfWord(bytes)) throw refusal(option, "is the hash of a word that everybody knows");
  if (isPublished(bytes)) throw refusal(option, "is printed in public, as an example");
}

/** In UTF-8, or in Latin-1; in UTF-16 every second byte is the same. */
function holdsText(bytes: Uint8Array): boolean {
  const printable = bytes.filter((byte) => byte >= 0x20 && byte < 0x7f).length;
  return printable >= MOST_PRINTABLE * bytes.length || isUtf8Text(bytes);
}

function isUtf8Text(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return !/[^\P{Cc}\t\n\r]/u.test(text);
  } catch {
    return false;
  }
}

function looksRandom(bytes: Uint8Array): boolean {
  const steps = bytes.subarray(1).map((byte, place) => byte - (bytes[place] ?? 0));
  return (
    new Set(bytes).size >= MIN_DISTINCT_BYTES &&
    new Set(steps).size >= MIN_DISTINCT_STEPS &&
    mostOfOne(bytes) < MOST_OF_ONE_BYTE * bytes.length &&
    !repeats(bytes) &&
    !hasTwins(bytes)
  );
}

function mostOfOne(bytes: Uint8Array): number {
  const counts = new Array<number>(256).fill(0);
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
  return Math.max(...counts);
}

/**
 * Whether less than a secret is repeated to fill it, with changes here and there: half of the places
 * agree with those a period before. Of random bytes, or characters, so many hardly ever do.
 */
function repeats(parts: ArrayLike<unknown>): boolean {
  const longest = Math.min(MIN_BYTES - 1, parts.length - MIN_REPEATED);
  for (let period = 1; period <= longest; period += 1) {
    let agreeing = 0;
    for (let place = period; place < parts.length; place += 1) {
      if (parts[place] === parts[place - period]) agreeing += 1;
    }
    if (agreeing >= (parts.length - period) / 2) return true;
  }
  return false;
}

/** Two UUIDs of one host, or of one minute, agree in four bytes in a row; random bytes hardly do. */
function hasTwins(bytes: Uint8Array): boolean {
  let inARow = 0;
  for (let place = UUID_BYTES; place < bytes.length; place += 1) {
    inARow = bytes[place] === bytes[place - UUID_BYTES] ? inARow + 1 : 0;
    if (inARow === TWIN_BYTES) return true;
  }
  return false;
}

function refusal(option: string, problem: string): OptionsError {
  return new OptionsError(option, `the key ${problem}. ${ADVICE}`);
}
