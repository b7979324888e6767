import type { Expiry } from "../../core/store.ts";
import type { Connection } from "./connection.ts";

/**
 * A twentieth of a second's work for the server. Each step reads what has expired in the last hour and
 * is not due along, so there should not be many.
 */
const BATCH = 5_000;

/** Clean-up for a PostgreSQL store. */
export function postgresExpiry(connection: Connection, intervalMs: number): Expiry {
  return {
    intervalMs,
    async deleteExpired(call) {
      let total = 0;
      let from = Number.MIN_SAFE_INTEGER;
      try {
        for (let isFull = true; isFull; ) {
          const [row] = await connection.run("deleteExpired", call, [from, call.now, BATCH]);
          const [deleted, latest, forgotten] = row ?? [];
          total += Number(deleted);
          from = Number(latest ?? from);
          isFull = Math.max(Number(deleted), Number(forgotten)) === BATCH;
        }
      } catch (error) {
        // What is left over, the next sweep finds.
        if (!call.signal.aborted || total === 0) throw error;
      }
      return total;
    },
  };
}
