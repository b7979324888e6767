import type { EpochMs } from "../python/time-bounds.ts";

/** The instant of a count of seconds as Tornado writes it: digits, the first of which is no zero. */
export function readSeconds(text: string): EpochMs | undefined {
  return /^[1-9][0-9]{0,11}$/.test(text) ? 1_000 * Number(text) : undefined;
}
