import { setImmediate as nextTurn } from "node:timers/promises";
import type { Expiry, StoreCall } from "../../core/store.ts";
import type { Connection } from "./connection.ts";

/** A few milliseconds' work, before others have their turn. */
const BATCH = 250;

/** Clean-up for a SQLite store. */
export function sqliteExpiry(connection: Connection, intervalMs: number): Expiry {
  /** Resolves to how many rows are gone. */
  const deleteAll = async (
    which: "deleteExpired" | "deleteGenerations",
    call: StoreCall,
  ): Promise<number> => {
    for (let total = 0; ; await nextTurn()) {
      const deleted = await connection.run("deleteExpired", call, (statements) =>
        Number(statements[which].run(call.now, BATCH).changes),
      );
      total += deleted;
      if (deleted < BATCH || call.signal.aborted) return total;
    }
  };
  return {
    intervalMs,
    async deleteExpired(call) {
      const total = await deleteAll("deleteExpired", call);
      if (!call.signal.aborted) await deleteAll("deleteGenerations", call);
      return total;
    },
  };
}
