import type { PyValue } from "../values.ts";
import { Pickler } from "./pickler.ts";
import { orReason, Refusal } from "./refusal.ts";

/** The protocols of pickles. 5 and 4 are of Python 3.8 and 3.4, 3 of Python 3.0, 2 to 0 of Python 2. */
export type PickleProtocol = 0 | 1 | 2 | 3 | 4 | 5;

/** A pickle, or why there is none: a reason that tells nothing of the data. */
export type PickleWritten =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/**
 * Writes a pickle. It is, byte for byte, the one of CPython 3.8 and later for a tree of values in
 * which nothing appears twice, and else one that Python reads as an equal value.
 */
export function writePickle(value: PyValue, protocol: PickleProtocol): PickleWritten {
  const written = orReason(() => new Pickler(protocol).pickle(value));
  return written instanceof Refusal
    ? { ok: false, reason: written.message }
    : { ok: true, bytes: written };
}
