import { setImmediate as nextTurn } from "node:timers/promises";
import type { Expiry, StoreCall } from "../../core/store.ts";
import { filled } from "./batches.ts";
import type { Connections } from "./connections.ts";
import type { Loan } from "./loan.ts";
import { idOf } from "./rows.ts";
import { BATCH, type Statements } from "./statements.ts";

/** Clean-up for a MySQL store. */
export function mysqlExpiry(
  connections: Connections,
  statements: Statements,
  intervalMs: number,
): Expiry {
  return {
    intervalMs,
    async deleteExpired(call) {
      let total = 0;
      for (;;) {
        const { found, deleted } = await connections.run("deleteExpired", call, (loan) =>
          sweep(loan, statements, call),
        );
        total += deleted;
        if (found < BATCH || call.signal.aborted) return total;
        await nextTurn();
      }
    },
  };
}

// The ids are looked up without a lock and deleted by primary key. A DELETE with a LIMIT would go
// along the index on expiry and lock its gaps, up to the first row that is still live.
async function sweep(
  loan: Loan,
  { expiredIds, deleteMany }: Statements,
  { now }: StoreCall,
): Promise<{ readonly found: number; readonly deleted: number }> {
  const ids = (await loan.rows(expiredIds, [now])).map(idOf);
  if (ids.length === 0) return { found: 0, deleted: 0 };
  const deleted = await loan.write(deleteMany, [...filled(ids), now]);
  return { found: ids.length, deleted };
}
