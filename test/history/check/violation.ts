import type { Operation } from "../operation.ts";

/** A rule that the history breaks, and the operations that show it. */
export interface Violation {
  readonly rule: string;
  readonly story: string;
  readonly operations: readonly Operation[];
}

/** What the store's profile and the run's settings allow. Times in microseconds. */
export interface Terms {
  readonly mayForget: boolean;
  /** How old a read may be. */
  readonly staleness: number;
  readonly storeTimeout: number;
  readonly idleTimeout: number;
}
