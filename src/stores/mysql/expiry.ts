import { setImmediate as nextTurn } from "node:timers/promises";
import type { EpochMs } from "../../core/record.ts";
import type { Expiry, StoreCall } from "../../core/store.ts";
import type { Connections, Work } from "./connections.ts";
import { ROWS } from "./rows.ts";
import { BATCH } from "./statements.ts";

/** Clean-up for a MySQL store. */
export function mysqlExpiry(connections: Connections, intervalMs: number): Expiry {
  return {
    intervalMs,
    async deleteExpired(call) {
      const sweep = <T>(work: Work<T>): Promise<T> => connections.run("deleteExpired", call, work);
      let total = 0;
      let step: Step | undefined;
      try {
        do {
          const from: EpochMs = step?.last ?? 0;
          step = await sweep(batchFrom(from, call));
          total += step.deleted;
          await nextTurn();
        } while (step.isFull);
        while ((await sweep(generationsBefore(call))) === BATCH) await nextTurn();
        return total;
      } catch (error) {
        // What is left over, the next sweep finds.
        if (call.signal.aborted && total > 0) return total;
        throw error;
      }
    },
  };
}

/** One batch, and where the next one begins. */
interface Step {
  readonly deleted: number;
  readonly last: EpochMs;
  readonly isFull: boolean;
}

// They are looked up without a lock and deleted by primary key. A DELETE with a LIMIT would go along
// the index on expiry and lock its gaps, up to the first row that is still live. Each batch begins
// where the last one ended, as what was deleted stays in the index for a while.
function batchFrom(from: EpochMs, { now }: StoreCall): Work<Step> {
  return async (loan, { expired, deleteMany, transaction }) => {
    const rows = await loan.current(expired, [from, now], transaction);
    if (rows.length === 0) return { deleted: 0, last: from, isFull: false };
    const deleted = await loan.write(deleteMany(rows.map(ROWS.id)), [now]);
    const { expires_at } = rows.at(-1) as { readonly expires_at: unknown };
    return { deleted, last: Number(expires_at), isFull: rows.length === BATCH };
  };
}

function generationsBefore({ now }: StoreCall): Work<number> {
  return (loan, { deleteGenerations }) => loan.write(deleteGenerations, [now]);
}
