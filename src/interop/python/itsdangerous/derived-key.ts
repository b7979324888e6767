import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto";

/** A secret or a salt: text stands for its UTF-8, as in Python. */
export type PySecret = string | Uint8Array;

/** The hash functions with which itsdangerous and Django sign. */
export type Digest = "sha1" | "sha256" | "sha512";

/** How a key is made of secret and salt: the `key_derivation` of itsdangerous. */
export type Derivation = "hmac" | "concat" | "django-concat" | "none";

/** What a key is derived from. */
export interface KeySource {
  readonly secret: PySecret;
  readonly salt: PySecret;
  readonly derivation: Derivation;
  readonly digest: Digest;
}

/** Derives the key with which itsdangerous signs. */
export function derivedKey(source: KeySource): KeyObject {
  return createSecretKey(keyBytes(source));
}

function keyBytes({ secret, salt, derivation, digest }: KeySource): Uint8Array {
  switch (derivation) {
    case "hmac":
      return createHmac(digest, secret).update(salt).digest();
    case "concat":
      return createHash(digest).update(salt).update(secret).digest();
    case "django-concat":
      return createHash(digest).update(salt).update("signer").update(secret).digest();
    case "none":
      return Buffer.from(secret);
    default:
      return derivation satisfies never;
  }
}
