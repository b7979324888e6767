import { createHmac, type KeyObject } from "node:crypto";
import { type Digest, derivedKey, type PySecret } from "../python/itsdangerous/derived-key.ts";
import { type DjangoSecrets, digestsOf } from "./django-version.ts";

/** A key of Django's `salted_hmac`. */
export interface SaltedKey {
  readonly digest: Digest;
  readonly key: KeyObject;
  /** Which of the secrets it is made of. */
  readonly source: "secretKey" | "fallback";
}

/** All keys that Django tries for one salt, in its order. The first is the one that it writes with. */
export function saltedKeys(
  secrets: DjangoSecrets,
  salt: string,
): readonly [SaltedKey, ...SaltedKey[]] {
  const { secretKey, fallbacks = [], version = "4.0" } = secrets;
  const [digest = "sha256", ...others] = digestsOf(version);
  const own = saltedKey("secretKey", secretKey, salt, digest);
  const olderForms = others.map((other) => saltedKey("secretKey", secretKey, salt, other));
  const older = fallbacks.map((secret) => saltedKey("fallback", secret, salt, digest));
  return [own, ...olderForms, ...older];
}

/** The `salted_hmac` of a text. */
export function saltedHmac({ digest, key }: SaltedKey, text: string | Uint8Array): Buffer {
  return createHmac(digest, key).update(text).digest();
}

function saltedKey(
  source: SaltedKey["source"],
  secret: PySecret,
  salt: string,
  digest: Digest,
): SaltedKey {
  return { source, digest, key: derivedKey({ secret, salt, derivation: "concat", digest }) };
}
