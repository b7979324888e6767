import { createHmac, timingSafeEqual } from "node:crypto";

/** Signs texts and knows its own signatures: keygrip's instances, and what is made of a list of keys here. */
export interface Keygrip {
  /** The signature of a text under the first key. */
  sign(data: string): string;
  /** Which key has signed a text so; -1 where none has. */
  index(data: string, digest: string): number;
}

/** A key as `node:crypto` takes it. */
export type Key = string | Uint8Array;

/**
 * Signs as keygrip does by default: HMAC-SHA-1, in base64url. What HMAC needs of its hash has not
 * fallen with SHA-1's collisions (RFC 6151 §2.3, NIST SP 800-131A).
 *
 * @throws Error where there is no key.
 */
export function keygrip(keys: readonly Key[]): Keygrip {
  const [first] = keys;
  if (first === undefined) throw new Error("Keys must be provided.");
  return {
    sign: (data) => signature(data, first),
    index: (data, digest) => keys.findIndex((key) => isSame(digest, signature(data, key))),
  };
}

function signature(data: string, key: Key): string {
  return createHmac("sha1", key).update(data).digest("base64url");
}

function isSame(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
