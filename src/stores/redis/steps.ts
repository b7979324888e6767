/** How much is under way at a time. */
export interface Pace {
  /** Items that one step takes. */
  readonly size: number;
  /** Steps at a time. */
  readonly atOnce: number;
}

/**
 * Works through many items a few at a time, so that what other visitors ask for is not behind them
 * all. Resolves to what came of each, in order; after a failure no further step is begun.
 */
export async function inSteps<Item, Result>(
  items: readonly Item[],
  { size, atOnce }: Pace,
  work: (some: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results: (readonly Result[])[] = [];
  let next = 0;
  const walk = async (): Promise<void> => {
    while (next < items.length) {
      const start = next;
      next += size;
      try {
        results[start / size] = await work(items.slice(start, start + size));
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, walk));
  return results.flat();
}
