import type { EpochMs } from "../../core/record.ts";

/** Up to here Memcached takes an exptime as seconds from now, above it as an instant. */
const MAX_RELATIVE_S = 2_592_000;
/** Memcached reads a signed 32-bit number. */
const MAX_EXPTIME = 2_147_483_647;
const NEVER = 0;

/**
 * Memcached's expiry of an item: never before `expiresAt`, and a second or two after it, as its
 * clock ticks in seconds. Seconds from now wherever that can be said, so that the server's own
 * clock does not matter.
 */
export function exptimeOf(expiresAt: EpochMs, now: EpochMs): number {
  const seconds = Math.max(0, Math.ceil((expiresAt - now) / 1_000)) + 1;
  if (seconds <= MAX_RELATIVE_S) return seconds;
  const instant = Math.ceil(expiresAt / 1_000) + 1;
  return instant <= MAX_EXPTIME ? instant : NEVER;
}
