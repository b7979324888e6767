import type { RandomBytes } from "../core/token.ts";
import type { Binding } from "./binding.ts";
import type { KeyRing } from "./key-ring.ts";
import { committed, decoded, decrypted, HEAD_CHARACTERS, sealedMessage } from "./message.ts";
import { ALTERED, MALFORMED, type Opening, UNKNOWN_KEY } from "./opening.ts";
import { BOUND_VERSION, SALT_BYTES, SEAL_VERSION } from "./ring-key.ts";

/** What the base64url of {@link BOUND_VERSION} and a key id begins with. */
const BOUND_FORM = /^A[w-z0-9_-]/;

/**
 * Seals texts under the ring's key and a secret of whoever it is about, together: neither of them opens
 * anything alone. Each text has a salt of its own, and no derived key outlives its use.
 */
export class BoundSealer {
  readonly #ring: KeyRing;
  readonly #random: RandomBytes;

  constructor(ring: KeyRing, random: RandomBytes) {
    this.#ring = ring;
    this.#random = random;
  }

  /** @param secret - As base64url: 32 random bytes, or a hash of such. */
  seal(text: string, binding: Binding, secret: string): string {
    const salt = Buffer.from(this.#random(SALT_BYTES));
    const derived = this.#ring.first.deriveBound(salt, Buffer.from(secret, "base64url"));
    return sealedMessage(derived, text, binding, this.#random);
  }

  /** Opens what {@link seal} made for the same binding and secret. Never throws for what it is given. */
  open(sealed: string, binding: Binding, secret: string): Opening {
    const message = decoded(sealed, BOUND_VERSION);
    if (message === undefined) return MALFORMED;
    const key = this.#ring.find("boundHead", sealed.slice(0, HEAD_CHARACTERS));
    if (key === undefined) return UNKNOWN_KEY;
    const other = Buffer.from(secret, "base64url");
    const derived = committed((salt) => key.deriveBound(salt, other), message);
    const text = derived && decrypted(derived, message, binding);
    if (text === undefined) return ALTERED;
    return { kind: "opened", text, isCurrent: key === this.#ring.first };
  }
}

/** Whether a text was sealed by a {@link BoundSealer}. */
export function isBound(sealed: string): boolean {
  return BOUND_FORM.test(sealed);
}

/** The head that a sealed text under the same key has, by which keys are named everywhere. */
export function sealHeadOf(sealed: string): string {
  const head = Buffer.from(sealed.slice(0, HEAD_CHARACTERS), "base64url");
  head[0] = SEAL_VERSION;
  return head.toString("base64url");
}
