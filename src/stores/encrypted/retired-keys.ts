import { OptionsError } from "../../core/errors.ts";
import { isBound, sealHeadOf } from "../../sealing/bound-sealer.ts";
import type { KeyList, KeyRing, Keys } from "../../sealing/key-ring.ts";
import { RingKey } from "../../sealing/ring-key.ts";
import { secretBytes } from "../../sealing/secret.ts";

/** What sealed texts begin with, and errors name: eight characters that tell the keys apart. */
const KEY_ID = /^A[Q-f][\w-]{6}$/;
const KEY_ID_LENGTH = 8;

/** Keys under which nothing is to be believed any more. */
export class RetiredKeys {
  readonly #ids: ReadonlySet<string>;
  /** What a ring that turns by itself says of its own. */
  readonly #revoked: () => ReadonlySet<string>;

  /** @throws {@link OptionsError} if one is no key and no key's id, or is in use. */
  constructor(option: string, given: KeyList, ring: KeyRing, keys: Keys) {
    const list = typeof given === "string" || given instanceof Uint8Array ? [given] : given;
    if (!Array.isArray(list)) {
      throw new OptionsError(
        option,
        "must be a list of keys, or of their ids as errors name them.",
      );
    }
    this.#revoked = revokedIn(keys);
    this.#ids = new Set(list.map((key, place) => idOf(`${option}[${place}]`, key, ring)));
  }

  /** Whether a text is sealed under one of them. */
  has(sealed: string): boolean {
    const id = keyIdOf(sealed);
    return this.#ids.has(id) || this.#revoked().has(id);
  }
}

const NONE: ReadonlySet<string> = new Set();

function revokedIn(keys: Keys): () => ReadonlySet<string> {
  const isTurning = typeof keys === "function" && "retired" in keys;
  const { retired } = keys as { readonly retired?: unknown };
  return isTurning && typeof retired === "function" ? () => retired() : () => NONE;
}

/** The id of the key that a text is sealed under. It opens nothing. */
export function keyIdOf(sealed: string): string {
  return isBound(sealed) ? sealHeadOf(sealed) : sealed.slice(0, KEY_ID_LENGTH);
}

function idOf(option: string, key: unknown, ring: KeyRing): string {
  const isId = typeof key === "string" && KEY_ID.test(key);
  const id = isId ? key : new RingKey(secretBytes(option, key)).sealHead;
  if (ring.find("sealHead", id) === undefined) return id;
  throw new OptionsError(option, "is in keys as well. Take it out there.");
}
