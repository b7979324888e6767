import { decodedBase64url } from "../base64url.ts";

/** The last second that a JavaScript date can hold, long after Python's own last year. */
const LAST_SECOND = 8_640_000_000_000;

/** Seconds as big-endian bytes without leading zeros, in base64url: nothing at all for zero. */
export function secondsText(seconds: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(seconds));
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? "" : bytes.toString("base64url", first);
}

/** The seconds that {@link secondsText} wrote. */
export function textSeconds(text: string): number | undefined {
  const bytes = text.length > 11 ? undefined : decodedBase64url(text);
  if (bytes === undefined || bytes.length > 8 || bytes[0] === 0) return undefined;
  const seconds = bytes.reduce((number, byte) => 256 * number + byte, 0);
  return seconds > LAST_SECOND ? undefined : seconds;
}
