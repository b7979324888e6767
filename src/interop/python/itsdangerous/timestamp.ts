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
  if (text === "") return 0;
  // More than six bytes would be beyond it.
  const bytes = text.length > 8 ? undefined : decodedBase64url(text);
  if (bytes === undefined || bytes[0] === 0) return undefined;
  const seconds = bytes.readUIntBE(0, bytes.length);
  return seconds > LAST_SECOND ? undefined : seconds;
}
