import { timingSafeEqual } from "node:crypto";

/** Tells in constant time whether a text is the expected one; only its length may show. */
export function isSameText(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
