/** What a pickle may cost its reader. */
export interface PickleLimits {
  /** Bytes of the pickle. */
  readonly maxBytes: number;
  /** Values inside values. */
  readonly maxDepth: number;
  /** Places of the memo. */
  readonly maxMemo: number;
  /**
   * Values of the whole tree, where what is shared counts each time that it appears. Twice as many
   * may lie on the stack in all.
   */
  readonly maxValues: number;
  /** Characters and bytes of all texts, where what is shared counts each time that it appears. */
  readonly maxText: number;
  /** Digits of an int: as many as Python itself reads from text. */
  readonly maxDigits: number;
}

/** Far more than a session holds, and read within a second. */
export const PICKLE_LIMITS: PickleLimits = {
  maxBytes: 1024 * 1024,
  maxDepth: 100,
  maxMemo: 250_000,
  maxValues: 250_000,
  maxText: 4 * 1024 * 1024,
  maxDigits: 4300,
};
