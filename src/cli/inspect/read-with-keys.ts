import type { NamedKey } from "../keys.ts";

/** A reading, and the key that it was made with. */
export interface KeyedReading<Reading> {
  readonly reading: Reading;
  readonly key: NamedKey;
  /** As it is told to the user. */
  readonly keyText: string;
}

/** The reading with the first key that made the text; `undefined` where none did. */
export function readWithKeys<Reading extends { readonly ok: boolean; readonly reason?: string }>(
  keys: readonly NamedKey[],
  read: (secret: NamedKey["secret"]) => Reading,
): KeyedReading<Reading> | undefined {
  for (const [at, key] of keys.entries()) {
    const reading = read(key.secret);
    if (!reading.ok && (reading.reason === "altered" || reading.reason === "unknownKey")) continue;
    return { reading, key, keyText: keyText(key, at, keys.length) };
  }
  return undefined;
}

function keyText({ place }: NamedKey, at: number, count: number): string {
  return count === 1 ? place : `${place} (${at + 1} of ${count})`;
}
