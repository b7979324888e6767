import {
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { RecentMap } from "./recent-map.ts";

/** The first byte of what is sealed, signed, and sealed to a token. One version, one decoder. */
export const SEAL_VERSION = 1;
const SIGN_VERSION = 2;
export const BOUND_VERSION = 3;

export const SALT_BYTES = 16;
export const COMMITMENT_BYTES = 20;
const ID_BYTES = 5;
const FINGERPRINT_BYTES = 32;
const CIPHER_KEY_BYTES = 32;
/** Derived keys that are kept for opening: about half a kilobyte each, so half a megabyte. */
const KEPT_DERIVED_KEYS = 1_024;

/** What one secret and one salt give: a key, and the proof of having used this very secret. */
export interface DerivedKey {
  /** Version, key id, salt and commitment as text: what every message under this key begins with. */
  readonly prefix: string;
  readonly cipherKey: KeyObject;
  readonly commitment: Uint8Array;
}

/**
 * One secret of a ring. Everything that is used is derived from it, each use under a name of its
 * own (HKDF-SHA-256, RFC 5869), so that no key ever does two things.
 */
export class RingKey {
  /** What a sealed text under this secret begins with: version and key id. */
  readonly sealHead: string;
  /** What a signed text under this secret begins with. */
  readonly signHead: string;
  /** What a text begins with that is sealed under this secret and another one. */
  readonly boundHead: string;
  /**
   * Derived keys by their prefix. Only those under which a message has opened, or was sealed here,
   * are kept: invented salts evict nothing.
   */
  readonly derived: RecentMap<DerivedKey> = new RecentMap(KEPT_DERIVED_KEYS);
  readonly #secret: KeyObject;
  readonly #fingerprint: Buffer;
  #signing: KeyObject | undefined;

  constructor(secret: Uint8Array) {
    this.#secret = createSecretKey(secret);
    this.#fingerprint = derive(this.#secret, "sojourn/key-id/v1", FINGERPRINT_BYTES);
    this.sealHead = head(SEAL_VERSION, this.#id);
    this.signHead = head(SIGN_VERSION, this.#id);
    this.boundHead = head(BOUND_VERSION, this.#id);
  }

  /** Whether it is the same secret; the id alone is too short to tell. */
  isSame(other: RingKey): boolean {
    return timingSafeEqual(this.#fingerprint, other.#fingerprint);
  }

  /** 5.3 µs for the derivation, 1 µs for the key object. */
  derive(salt: Uint8Array): DerivedKey {
    return this.#derive(SEAL_VERSION, "sojourn/seal/v1", salt, salt);
  }

  /**
   * The key for a salt and another secret: without that one this one opens nothing. It goes into HKDF
   * beside the salt, so that it keys the HMAC which takes in this one: to whoever lacks either of the
   * two, the key is random. Nothing of it is kept.
   */
  deriveBound(salt: Uint8Array, other: Uint8Array): DerivedKey {
    return this.#derive(BOUND_VERSION, "sojourn/seal-bound/v1", salt, Buffer.concat([salt, other]));
  }

  /** HMAC-SHA-256 under the key for signing. */
  sign(pieces: readonly (Uint8Array | string)[]): string {
    this.#signing ??= createSecretKey(derive(this.#secret, "sojourn/sign/v1", CIPHER_KEY_BYTES));
    const hmac = createHmac("sha256", this.#signing);
    for (const piece of pieces) hmac.update(piece);
    return hmac.digest("base64url");
  }

  #derive(version: number, use: string, salt: Uint8Array, input: Uint8Array): DerivedKey {
    const material = derive(this.#secret, use, CIPHER_KEY_BYTES + COMMITMENT_BYTES, input);
    const commitment = material.subarray(CIPHER_KEY_BYTES);
    const start = Buffer.concat([Buffer.of(version), this.#id, salt, commitment]);
    return {
      prefix: start.toString("base64url"),
      cipherKey: createSecretKey(material.subarray(0, CIPHER_KEY_BYTES)),
      commitment,
    };
  }

  get #id(): Buffer {
    return this.#fingerprint.subarray(0, ID_BYTES);
  }
}

function derive(
  secret: KeyObject,
  use: string,
  length: number,
  salt: Uint8Array = new Uint8Array(0),
): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, use, length));
}

function head(version: number, id: Uint8Array): string {
  return Buffer.concat([Buffer.of(version), id]).toString("base64url");
}
