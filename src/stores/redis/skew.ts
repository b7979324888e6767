import type { EpochMs } from "../../core/record.ts";
import type { StoreCall } from "../../core/store.ts";

/**
 * How much longer than its end the server keeps what is stored. The end is judged by the
 * application's clock; the server counts from the write on, so neither a wrong clock nor a slow
 * call takes away what is still there for somebody.
 */
export const SKEW_MS = 60_000;

/** How long the server is told to keep what ends then, in milliseconds. */
export function keepMs(endsAt: EpochMs, { now }: StoreCall): string {
  return String(Math.max(endsAt - now, 0) + SKEW_MS);
}
