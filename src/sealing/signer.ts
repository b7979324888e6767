import { timingSafeEqual } from "node:crypto";
import type { Binding } from "./binding.ts";
import type { KeyRing } from "./key-ring.ts";
import { ALTERED, MALFORMED, type Opening, UNKNOWN_KEY } from "./opening.ts";

/** Version 2 and key id, the text as base64url, and 43 characters of HMAC-SHA-256. */
const FORM = /^A[g-v][\w-]{6}\.[\w-]*\.[\w-]{43}$/;
const HEAD_CHARACTERS = 8;
const MAC_CHARACTERS = 43;

/**
 * Signs texts that the browser's scripts may read, on purpose: a theme, a language. Nobody without
 * the keys can change them. What must not be read belongs into a {@link Sealer}.
 */
export class Signer {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /** Signs a text under the ring's first key: head, text and signature, with dots between. */
  sign(text: string, binding: Binding): string {
    const key = this.#ring.first;
    const payload = Buffer.from(text, "utf8").toString("base64url");
    return `${key.signHead}.${payload}.${key.sign([lengthOf(binding), binding, payload])}`;
  }

  /** Reads what {@link sign} made for the same binding. Never throws for what it is given. */
  verify(signed: unknown, binding: Binding): Opening {
    if (typeof signed !== "string" || !FORM.test(signed)) return MALFORMED;
    const key = this.#ring.find("signHead", signed.slice(0, HEAD_CHARACTERS));
    if (key === undefined) return UNKNOWN_KEY;
    const payload = signed.slice(HEAD_CHARACTERS + 1, -MAC_CHARACTERS - 1);
    // The texts are compared, so that a signature has one spelling only.
    const expected = Buffer.from(key.sign([lengthOf(binding), binding, payload]), "latin1");
    const given = Buffer.from(signed.slice(-MAC_CHARACTERS), "latin1");
    if (!timingSafeEqual(expected, given)) return ALTERED;
    const text = Buffer.from(payload, "base64url").toString("utf8");
    return { kind: "opened", text, isCurrent: key === this.#ring.first };
  }
}

function lengthOf(binding: Binding): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(binding.length);
  return length;
}
