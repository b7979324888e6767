import { pooledRandom } from "../../core/environment.ts";
import { OptionsError } from "../../core/errors.ts";
import { type Binding, bindTo } from "../binding.ts";
import { type KeyList, KeyRing } from "../key-ring.ts";
import { Sealer } from "../sealer.ts";

/** Wraps keys outside of this process, as a key management service does. */
export interface KeyWrapper {
  /** Encrypts a key of 32 bytes. */
  wrap(key: Uint8Array): Promise<Uint8Array>;
  /** Decrypts what `wrap` gave. Rejects for anything else. */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}

/** Keys as texts that a store may see, and back. */
export interface Wrapping {
  wrap(key: Uint8Array): Promise<string>;
  unwrap(wrapped: string): Promise<Uint8Array>;
}

/** @throws {@link OptionsError} for anything but secrets or a wrapper. */
export function wrappingOf(option: string, given: KeyList | KeyWrapper, name: string): Wrapping {
  if (isWrapper(given)) return byWrapper(given);
  if (typeof given === "string" || given instanceof Uint8Array || Array.isArray(given)) {
    const sealer = new Sealer(new KeyRing(option, given), pooledRandom());
    return bySealer(sealer, bindTo("sojourn/key-ring", name));
  }
  throw new OptionsError(
    option,
    'must be a secret, made with "npx sojourn secret", a list of them, or { wrap, unwrap } of a key ' +
      "management service.",
  );
}

function isWrapper(given: KeyList | KeyWrapper): given is KeyWrapper {
  return typeof given === "object" && given !== null && "wrap" in given && "unwrap" in given;
}

function bySealer(sealer: Sealer, binding: Binding): Wrapping {
  return {
    wrap: async (key) => sealer.seal(Buffer.from(key).toString("base64url"), binding),
    unwrap: async (wrapped) => {
      const opening = sealer.open(wrapped, binding);
      if (opening.kind === "opened") return Buffer.from(opening.text, "base64url");
      throw new Error(WHY[opening.kind]);
    },
  };
}

const WHY = {
  malformed: "a key of the ring is no sealed text",
  unknownKey: "a key of the ring is wrapped under a secret that is not in wrapWith",
  altered: "a key of the ring was altered, or belongs to a ring of another name",
} as const;

function byWrapper(wrapper: KeyWrapper): Wrapping {
  return {
    wrap: async (key) => Buffer.from(await wrapper.wrap(key)).toString("base64url"),
    unwrap: (wrapped) => wrapper.unwrap(Buffer.from(wrapped, "base64url")),
  };
}
