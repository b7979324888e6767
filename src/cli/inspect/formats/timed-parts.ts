import { textSeconds } from "../../../interop/python/itsdangerous/timestamp.ts";

/** A text of itsdangerous' `TimestampSigner`, taken apart without a key. */
interface TimedParts {
  readonly payload: string;
  /** To the second. */
  readonly issuedAt: number;
  readonly signature: string;
}

/** The parts of `payload.seconds.signature`; `undefined` where a text has not that form. */
export function timedParts(text: string): TimedParts | undefined {
  const second = text.lastIndexOf(".");
  const first = text.lastIndexOf(".", second - 1);
  const signature = text.slice(second + 1);
  if (first < 1 || second <= first || !/^[\w-]{1,90}=?$/.test(signature)) return undefined;
  const seconds = textSeconds(text.slice(first + 1, second));
  if (seconds === undefined) return undefined;
  return { payload: text.slice(0, first), issuedAt: 1_000 * seconds, signature };
}

/** The hash function of an HMAC in base64url, by its length. */
export function digestName(signature: string): string {
  switch (signature.length) {
    case 27:
      return "HMAC-SHA1";
    case 43:
      return "HMAC-SHA256";
    case 86:
      return "HMAC-SHA512";
    default:
      return `no HMAC that is known: ${signature.length} characters`;
  }
}
