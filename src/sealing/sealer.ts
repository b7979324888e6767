import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import type { RandomBytes } from "../core/token.ts";
import type { Binding } from "./binding.ts";
import type { KeyRing } from "./key-ring.ts";
import { ALTERED, MALFORMED, type Opening, UNKNOWN_KEY } from "./opening.ts";
import { isPaddedLength, pad, paddedLength, paddingStart } from "./padding.ts";
import {
  COMMITMENT_BYTES,
  type DerivedKey,
  type RingKey,
  SALT_BYTES,
  SEAL_VERSION,
} from "./ring-key.ts";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Version and key id. Six bytes, so that they are eight whole characters. */
const HEAD_BYTES = 6;
const HEAD_CHARACTERS = 8;
const SALT_END: number = HEAD_BYTES + SALT_BYTES;
/** Forty-two bytes, so fifty-six whole characters. */
const PREFIX_BYTES: number = SALT_END + COMMITMENT_BYTES;
const PREFIX_CHARACTERS: number = (PREFIX_BYTES / 3) * 4;
const BOX_START: number = PREFIX_BYTES + NONCE_BYTES;

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
    const { cipherKey, prefix } = this.#derivedKey();
    const length = Buffer.byteLength(text);
    const tagStart = NONCE_BYTES + paddedLength(length);
    const message = Buffer.allocUnsafe(tagStart + TAG_BYTES);
    message.set(this.#random(NONCE_BYTES));
    const frame = message.subarray(NONCE_BYTES, tagStart);
    frame.write(text);
    pad(frame, length);
    const cipher = createCipheriv(CIPHER, cipherKey, message.subarray(0, NONCE_BYTES));
    cipher.setAAD(binding);
    const sealed = cipher.update(frame);
    message.set(sealed, NONCE_BYTES);
    message.set(cipher.final(), NONCE_BYTES + sealed.length);
    message.set(cipher.getAuthTag(), tagStart);
    return prefix + message.toString("base64url");
  }

  /** Opens what {@link seal} made for the same binding. Never throws for what it is given. */
  open(sealed: unknown, binding: Binding): Opening {
    if (typeof sealed !== "string") return MALFORMED;
    const key = this.#ring.find("sealHead", sealed.slice(0, HEAD_CHARACTERS));
    const message = decoded(sealed);
    if (message === undefined) return MALFORMED;
    if (key === undefined) return UNKNOWN_KEY;
    const known = key.derived.get(sealed.slice(0, PREFIX_CHARACTERS));
    const derived = known ?? committed(key, message);
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

/** How many characters a text of `bytes` bytes of UTF-8 has when it is sealed. */
export function sealedLength(bytes: number): number {
  return Math.ceil(((BOX_START + paddedLength(bytes) + TAG_BYTES) * 4) / 3);
}

/** The bytes of a sealed text, unless its form is not exact: one message has one spelling. */
function decoded(sealed: string): Buffer | undefined {
  const message = Buffer.from(sealed, "base64url");
  const isExact =
    isPaddedLength(message.length - BOX_START - TAG_BYTES) &&
    message[0] === SEAL_VERSION &&
    // Node's decoder skips what it does not know, takes + and / too, and drops spare bits.
    message.toString("base64url") === sealed;
  return isExact ? message : undefined;
}

/** The key for the message's salt, if the message commits to it: it was made with this secret. */
function committed(key: RingKey, message: Buffer): DerivedKey | undefined {
  const derived = key.derive(message.subarray(HEAD_BYTES, SALT_END));
  const commitment = message.subarray(SALT_END, PREFIX_BYTES);
  return timingSafeEqual(derived.commitment, commitment) ? derived : undefined;
}

function decrypted(
  { cipherKey }: DerivedKey,
  message: Buffer,
  binding: Binding,
): string | undefined {
  const tagStart = message.length - TAG_BYTES;
  const nonce = message.subarray(PREFIX_BYTES, BOX_START);
  const decipher = createDecipheriv(CIPHER, cipherKey, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(binding);
  decipher.setAuthTag(message.subarray(tagStart));
  const frame = decipher.update(message.subarray(BOX_START, tagStart));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  const end = paddingStart(frame);
  return end === undefined ? undefined : frame.toString("utf8", 0, end);
}
