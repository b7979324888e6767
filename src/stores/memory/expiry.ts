import { setImmediate as nextTurn } from "node:timers/promises";
import type { StoreOperation } from "../../core/errors.ts";
import type { Expiry, StoreCall } from "../../core/store.ts";
import type { Shelf } from "./shelf.ts";

const INTERVAL_MS = 60_000;
/** About a millisecond's work, before others have their turn. */
const BATCH = 1_000;

/** Clean-up for a memory store. */
export function memoryExpiry(opened: (operation: StoreOperation) => Shelf): Expiry {
  return {
    intervalMs: INTERVAL_MS,
    deleteExpired: (call) => removeAllExpired(() => opened("deleteExpired"), call),
  };
}

/** Removes what has expired, letting others have their turn in between, until the call's end. */
export async function removeAllExpired(
  opened: () => Shelf,
  { now, signal }: Pick<StoreCall, "now" | "signal">,
): Promise<number> {
  let total = 0;
  for (;;) {
    const { removed, isAll } = opened().removeExpired(now, BATCH);
    total += removed;
    if (isAll || signal.aborted) return total;
    await nextTurn();
  }
}
