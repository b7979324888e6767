import { randomBytes } from "node:crypto";
import { secretBytes } from "../sealing/secret.ts";

const BYTES = 32;

/** A secret as text, one that the key ring will not take for a weak one. */
export function newSecret(): string {
  for (;;) {
    const secret = randomBytes(BYTES).toString("base64url");
    if (isStrong(secret)) return secret;
  }
}

// One in some hundred thousand happens to spell a word, or to look typed.
function isStrong(secret: string): boolean {
  try {
    secretBytes("secret", secret);
    return true;
  } catch {
    return false;
  }
}
