/** One record of a store, as it lies there. */
export interface StoredRow {
  /** What the store knows it by. Never printed. */
  readonly key: string;
  readonly bytes: Buffer;
  /** When it ends, where the store says so beside the value. */
  readonly expiresAt: number | undefined;
}

/** The records of a store, a page at a time, so that memory stays bounded. */
export type Pages = AsyncIterable<readonly StoredRow[]>;

/** How many records are asked for at once. */
export const PAGE_ROWS = 500;
/** Records larger than this are counted, and not read. */
export const MAX_ROW_BYTES: number = 2 * 1_048_576;
