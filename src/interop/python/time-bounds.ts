import type { EpochMs } from "../../core/record.ts";

export type { EpochMs } from "../../core/record.ts";

/** When a signed text is read, and how old it may be then. */
export interface TimeBounds {
  readonly now: EpochMs;
  /** In seconds. Whoever gives none takes what is of any age, and of the future too. */
  readonly maxAge?: number;
}
