/**
 * The most digits of a BigInt. Reading digits takes more than linear time, and other languages
 * refuse more than these for that reason: CVE-2020-10735.
 */
const MAX_DIGITS = 4_300;
const TOO_LARGE = 10n ** BigInt(MAX_DIGITS);

/** Whether a BigInt has more digits than are stored. */
export function hasEndlessDigits(value: bigint): boolean {
  return value >= TOO_LARGE || value <= -TOO_LARGE;
}

/** Whether a text is what `toString` makes of a BigInt that is stored. */
export function isOwnDigits(text: unknown): boolean {
  return typeof text === "string" && text.length <= MAX_DIGITS + 1 && DIGITS.test(text);
}

const DIGITS = /^(?:0|-?[1-9]\d{0,4299})$/;

/** Whether a text is the `href` of the URL that it gives. */
export function isOwnHref(text: unknown): boolean {
  return typeof text === "string" && URL.parse(text)?.href === text;
}

/** Whether a text is what `toISOString` makes of the moment that it gives. */
export function isOwnIsoText(text: unknown): boolean {
  if (typeof text !== "string") return false;
  const moment = new Date(text);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === text;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Whether a text is base64 with its padding. */
export function isBase64(text: unknown): boolean {
  return typeof text === "string" && text.length % 4 === 0 && BASE64.test(text);
}

/**
 * The most numbers, BigInts among them, that may be keys of one Map or members of one Set. V8 hashes
 * them without a seed, so that a visitor can choose such as make each step look at all before it.
 */
export const MAX_NUMBERS = 1_000;
