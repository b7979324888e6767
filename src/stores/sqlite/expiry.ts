import { setImmediate as nextTurn } from "node:timers/promises";
import type { Expiry } from "../../core/store.ts";
import type { Connection } from "./connection.ts";

/** A few milliseconds' work, before others have their turn. */
const BATCH = 250;

/** Clean-up for a SQLite store. */
export function sqliteExpiry(connection: Connection, intervalMs: number): Expiry {
  return {
    intervalMs,
    async deleteExpired(call) {
      let total = 0;
      for (;;) {
        const deleted = await connection.run("deleteExpired", call, ({ deleteExpired }) =>
          Number(deleteExpired.run(call.now, BATCH).changes),
        );
        total += deleted;
        if (deleted < BATCH || call.signal.aborted) return total;
        await nextTurn();
      }
    },
  };
}
