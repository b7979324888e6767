import { createHmac, timingSafeEqual } from "node:crypto";

/** How many random bytes a token takes. */
export const NONCE_BYTES = 16;
/** 48 bytes leave no bit to spare, so that each token has one spelling. */
const FORM = /^[A-Za-z0-9_-]{64}$/;

/**
 * A token that only who knows the session's own can make or judge. It is another one for each nonce, so
 * that a page that is compressed does not give it away piece by piece (BREACH).
 */
export function maskedToken(sessionToken: string, manager: string, nonce: Buffer): string {
  const own = nonce.subarray(0, NONCE_BYTES);
  return Buffer.concat([own, macOf(sessionToken, manager, own)]).toString("base64url");
}

/** Whether it was made for this session, under the session's token of now. */
export function isTokenOf(given: string, sessionToken: string, manager: string): boolean {
  if (!FORM.test(given)) return false;
  const bytes = Buffer.from(given, "base64url");
  const mac = macOf(sessionToken, manager, bytes.subarray(0, NONCE_BYTES));
  return timingSafeEqual(bytes.subarray(NONCE_BYTES), mac);
}

function macOf(sessionToken: string, manager: string, nonce: Uint8Array): Buffer {
  const mac = createHmac("sha256", sessionToken).update(`sojourn/csrf\0${manager}\0`).update(nonce);
  return mac.digest();
}
