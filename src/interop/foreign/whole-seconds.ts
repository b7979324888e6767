import { type Duration, durationMs } from "../../core/duration.ts";

/** A duration as Python counts it, in milliseconds: whole seconds, and one at the least. */
export function wholeSeconds(option: string, duration: Duration): number {
  return Math.max(1_000, Math.floor(durationMs(option, duration) / 1_000) * 1_000);
}
