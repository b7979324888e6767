import { OptionsError } from "../../../core/errors.ts";
import { KeyRing } from "../../../sealing/key-ring.ts";
import type { NamedKey } from "../../keys.ts";

/** The keys that our own sealing takes, each as a ring of its own; others are passed over. */
export function ownRings(keys: readonly NamedKey[]): readonly (readonly [NamedKey, KeyRing])[] {
  return keys.flatMap((key) => {
    const ring = ringOf(key);
    return ring === undefined ? [] : [[key, ring] as const];
  });
}

function ringOf({ secret }: NamedKey): KeyRing | undefined {
  try {
    return new KeyRing("key", secret);
  } catch (error) {
    if (error instanceof OptionsError) return undefined;
    throw error;
  }
}

/** The id of the key that a sealed or a signed text begins with. It tells nothing of the key. */
export function keyIdIn(text: string): string {
  return Buffer.from(text.slice(0, 8), "base64url").toString("hex", 1);
}
