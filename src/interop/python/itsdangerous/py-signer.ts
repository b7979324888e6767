import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto";
import { type Derivation, type Digest, derivedKey, type PySecret } from "./derived-key.ts";

/** How a signer of itsdangerous is set up. */
export interface PySignerOptions {
  /** From the oldest to the newest. The last one signs; all are accepted. */
  readonly keys: readonly PySecret[];
  readonly salt: PySecret;
  readonly derivation: Derivation;
  /** @default "sha1" */
  readonly digest?: Digest;
}

/** What {@link PySigner.unsign} answers. */
export type Unsigned =
  | { readonly ok: true; readonly value: string; readonly isCurrent: boolean }
  | { readonly ok: false; readonly reason: "malformed" | "altered" };

const MALFORMED: Unsigned = Object.freeze({ ok: false, reason: "malformed" });
const ALTERED: Unsigned = Object.freeze({ ok: false, reason: "altered" });

/**
 * Signs texts as the `Signer` of itsdangerous: `value.signature`. As there, a signature is compared by
 * its bytes, of which base64 has several spellings.
 */
export class PySigner {
  readonly #digest: Digest;
  /** The newest first. */
  readonly #keys: readonly KeyObject[];

  constructor({ keys, salt, derivation, digest = "sha1" }: PySignerOptions) {
    if (keys.length === 0) throw new TypeError("A signer needs a key.");
    this.#digest = digest;
    this.#keys = keys.map((secret) => derivedKey({ secret, salt, derivation, digest })).reverse();
  }

  /** Signs a text with the newest key. */
  sign(value: string): string {
    const [newest] = this.#keys;
    return newest === undefined
      ? value
      : `${value}.${this.#signature(newest, value).toString("base64url")}`;
  }

  /** Reads what {@link sign} made, with the newest key that made it. */
  unsign(signed: string): Unsigned {
    const dot = signed.lastIndexOf(".");
    // Python has no bytes for half of a surrogate pair, and Node would put others in its place.
    if (dot === -1 || !signed.isWellFormed()) return MALFORMED;
    const value = signed.slice(0, dot);
    const signature = Buffer.from(signed.slice(dot + 1), "base64");
    const place = this.#keys.findIndex((key) => isSame(signature, this.#signature(key, value)));
    return place === -1 ? ALTERED : { ok: true, value, isCurrent: place === 0 };
  }

  #signature(key: KeyObject, value: string): Buffer {
    return createHmac(this.#digest, key).update(value).digest();
  }
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
