import { isSameText } from "../python/same-text.ts";
import type { EpochMs, TimeBounds } from "../python/time-bounds.ts";
import { base62, readBase62 } from "./base62.ts";
import type { DjangoSecrets } from "./django-version.ts";
import { type SaltedKey, saltedHmac, saltedKeys } from "./salted-keys.ts";

/** What {@link DjangoSigner.unsign} answers. */
export type DjangoUnsigned =
  | {
      readonly ok: true;
      readonly value: string;
      /** To the second. */
      readonly issuedAt: EpochMs;
      /** Whether the key and the hash function signed it that sign now. */
      readonly isCurrent: boolean;
    }
  | { readonly ok: false; readonly reason: "malformed" | "altered" }
  | { readonly ok: false; readonly reason: "expired"; readonly issuedAt: EpochMs };

/** Signs texts as Django's `TimestampSigner`: `value:seconds:signature`. */
export class DjangoSigner {
  readonly #keys: readonly [SaltedKey, ...SaltedKey[]];

  constructor(secrets: DjangoSecrets, salt: string) {
    this.#keys = saltedKeys(secrets, `${salt}signer`);
  }

  /** Signs a text as of a second. */
  sign(value: string, now: EpochMs): string {
    const timed = `${value}:${base62(Math.floor(now / 1_000))}`;
    return `${timed}:${signature(this.#keys[0], timed)}`;
  }

  /** Reads what {@link sign} made. As Django does, it takes what is of the future. */
  unsign(signed: string, { now, maxAge = Number.POSITIVE_INFINITY }: TimeBounds): DjangoUnsigned {
    const colon = signed.lastIndexOf(":");
    if (colon === -1 || !signed.isWellFormed()) return { ok: false, reason: "malformed" };
    const timed = signed.slice(0, colon);
    const given = signed.slice(colon + 1);
    const place = this.#keys.findIndex((key) => isSameText(given, signature(key, timed)));
    if (place === -1) return { ok: false, reason: "altered" };
    const [value, seconds] = parted(timed);
    if (seconds === undefined) return { ok: false, reason: "malformed" };
    const issuedAt = 1_000 * seconds;
    // Parts of a second count, unlike those of itsdangerous.
    if (now - issuedAt > 1_000 * maxAge) return { ok: false, reason: "expired", issuedAt };
    return { ok: true, value, issuedAt, isCurrent: place === 0 };
  }
}

function parted(timed: string): readonly [value: string, seconds: number | undefined] {
  const colon = timed.lastIndexOf(":");
  const seconds = colon === -1 ? undefined : readBase62(timed.slice(colon + 1));
  return [timed.slice(0, colon), seconds];
}

function signature(key: SaltedKey, text: string): string {
  return saltedHmac(key, text).toString("base64url");
}
