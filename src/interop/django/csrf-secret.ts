import { randomBytes } from "node:crypto";
import type { PyValue } from "../python/values.ts";
import { drawn } from "./session-key.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const SECRET_LENGTH = 32;
const MASKED_LENGTH = 64;

/**
 * A new secret against forged requests in the place of one in the session, as Django's `rotate_token`
 * draws it at a sign-in. Up to 4.0 it is masked there, and twice as long: any letters are a mask, and any
 * others the secret under it.
 */
export function rotatedSecret(before: PyValue | undefined): string | undefined {
  if (before === undefined) return undefined;
  const isMasked = typeof before === "string" && before.length === MASKED_LENGTH;
  return drawn(randomBytes, LETTERS, isMasked ? MASKED_LENGTH : SECRET_LENGTH);
}
