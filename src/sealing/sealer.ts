import type { RandomBytes } from "../core/token.ts";
import type { Binding } from "./binding.ts";
import type { KeyRing } from "./key-ring.ts";
import {
  committed,
  decoded,
  decrypted,
  HEAD_CHARACTERS,
  PREFIX_CHARACTERS,
  sealedMessage,
} from "./message.ts";
import { ALTERED, MALFORMED, type Opening, UNKNOWN_KEY } from "./opening.ts";
import { type DerivedKey, type RingKey, SALT_BYTES, SEAL_VERSION } from "./ring-key.ts";

export { sealedLength } from "./message.ts";

/**
 * How many messages one derived key seals. Two of them have the same random nonce with a
 * probability of 2^-61; over N messages under one secret it is N × 2^-79, so NIST's bound of 2^-32
 * (SP 800-38D, 8.3) is reached after 2^47 of them, not after 2^32.
 */
const MESSAGES_PER_SALT = 262_144;

/**
 * Seals texts: nobody without the keys can read them, change them, or use one in the place of
 * another. `docs/sealed-format.md` has the format byte by byte.
 */
export class Sealer {
  readonly #ring: KeyRing;
  readonly #random: RandomBytes;
  #sealingKey: RingKey | undefined;
  #derived: DerivedKey | undefined;
  #messagesLeft = 0;

  /** Draws nothing yet: some runtimes have no randomness while modules are loaded. */
  constructor(ring: KeyRing, random: RandomBytes) {
    this.#ring = ring;
    this.#random = random;
  }

  /** Seals a text under the ring's first key, as base64url. Its length shows in steps of 64 bytes. */
  seal(text: string, binding: Binding): string {
    return sealedMessage(this.#derivedKey(), text, binding, this.#random);
  }

  /** Opens what {@link seal} made for the same binding. Never throws for what it is given. */
  open(sealed: unknown, binding: Binding): Opening {
    if (typeof sealed !== "string") return MALFORMED;
    const key = this.#ring.find("sealHead", sealed.slice(0, HEAD_CHARACTERS));
    const message = decoded(sealed, SEAL_VERSION);
    if (message === undefined) return MALFORMED;
    if (key === undefined) return UNKNOWN_KEY;
    const known = key.derived.get(sealed.slice(0, PREFIX_CHARACTERS));
    const derived = known ?? committed((salt) => key.derive(salt), message);
    if (derived === undefined) return ALTERED;
    const text = decrypted(derived, message, binding);
    if (text === undefined) return ALTERED;
    if (known === undefined) key.derived.set(derived.prefix, derived);
    return { kind: "opened", text, isCurrent: key === this.#ring.first };
  }

  #derivedKey(): DerivedKey {
    const { first } = this.#ring;
    if (this.#derived === undefined || this.#messagesLeft === 0 || first !== this.#sealingKey) {
      this.#sealingKey = first;
      this.#derived = first.derive(Buffer.from(this.#random(SALT_BYTES)));
      first.derived.set(this.#derived.prefix, this.#derived);
      this.#messagesLeft = MESSAGES_PER_SALT;
    }
    this.#messagesLeft -= 1;
    return this.#derived;
  }
}
