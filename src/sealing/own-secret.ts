import { createHash } from "node:crypto";

// sjk1_ (Sojourn's key, version 1), 32 random bytes as base64url, and a checksum of what is in front.
const PREFIX = "sjk1_";
/** 36 bits: a slip passes once in 10^10 times. */
const CHECKSUM_CHARACTERS = 6;
const TAIL = /([\w-]{43})([\w-]{6})$/;
/** With the line of the prefix mistyped, or exchanged with what follows. */
const ALMOST = /^sjk1([_-]|.{49,51}$)/i;

/** What `sojourn secret` prints of 32 random bytes. */
export function ownSecret(bytes: Uint8Array): string {
  const body = Buffer.from(bytes).toString("base64url");
  return `${PREFIX}${body}${checksumOf(body)}`;
}

/**
 * The bytes of what {@link ownSecret} made; `"damaged"` where characters of it are missing or wrong,
 * `undefined` for any other text. Of 10^7 random texts fewer than one looks like a damaged one.
 */
export function ownSecretBytes(text: string): Uint8Array | "damaged" | undefined {
  const [tail = "", body = "", checksum] = TAIL.exec(text) ?? [];
  const isTailWhole = body !== "" && checksum === checksumOf(body);
  if (isTailWhole && text === PREFIX + tail) return Buffer.from(body, "base64url");
  // A part of the prefix is missing, or the whole of it.
  return isTailWhole || text.includes(PREFIX) || ALMOST.test(text) ? "damaged" : undefined;
}

function checksumOf(body: string): string {
  const digest = createHash("sha256").update(PREFIX + body);
  return digest.digest("base64url").slice(0, CHECKSUM_CHARACTERS);
}
