import type { Expiry } from "../../core/store.ts";
import type { Connection } from "./connection.ts";

/** Some milliseconds' work for the server. */
const BATCH = 500;

/** Clean-up for a PostgreSQL store. */
export function postgresExpiry(connection: Connection, intervalMs: number): Expiry {
  return {
    intervalMs,
    async deleteExpired(call) {
      let total = 0;
      let from: unknown = Number.MIN_SAFE_INTEGER;
      for (;;) {
        const values = [Number(from), call.now, BATCH];
        const [row] = await connection.run("deleteExpired", call, values);
        const [deleted, latest] = row ?? [];
        total += Number(deleted);
        if (Number(deleted) < BATCH || call.signal.aborted) return total;
        from = latest;
      }
    },
  };
}
