import type { Directory, EndAll, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { filled, inBatches } from "./batches.ts";
import type { Connections } from "./connections.ts";
import type { Loan } from "./loan.ts";
import type { MysqlValue } from "./pool.ts";
import { bytes, endedValues, idBytes, idOf, recordOf } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** The directory of a MySQL store. */
export function mysqlDirectory(connections: Connections, statements: Statements): Directory {
  return {
    generation(user, call) {
      return connections.run("generation", call, async (loan) => {
        const [row] = await loan.rows(statements.generation, userValues(user));
        return Number((row as GenerationRow | undefined)?.generation ?? 0);
      });
    },
    raiseGeneration(user, call) {
      return connections.run("raiseGeneration", call, async (loan) => {
        await loan.write(statements.raiseGeneration, userValues(user));
        const [row] = await loan.rows(statements.generation, userValues(user));
        return Number((row as GenerationRow | undefined)?.generation ?? 0);
      });
    },
    list(user, call) {
      return connections.run("list", call, async (loan) => {
        const rows = await loan.rows(statements.list, [...userValues(user), call.now]);
        return rows.map(recordOf);
      });
    },
    endAll(user, end, call) {
      const where = userValues(user);
      const except = idBytes(end.except);
      return connections.run("endAll", call, async (loan) => {
        const rows = await loan.rows(statements.userIds, [...where, except, call.now]);
        const ended: SessionId[] = [];
        for (const ids of inBatches(rows.map(idOf))) {
          ended.push(...(await endMany(loan, statements, { ids, end, where, now: call.now })));
        }
        return ended;
      });
    },
    scan({ manager, after, limit }, call) {
      // As a text: MySQL 8 refuses a LIMIT that came as a floating-point number.
      const values = [idBytes(after), bytes(manager), call.now, String(limit)];
      return connections.run("scan", call, async (loan) => {
        const rows = await loan.rows(statements.scan, values);
        return rows.map(recordOf);
      });
    },
    count(manager, call) {
      return connections.run("count", call, async (loan) => {
        const [row] = await loan.rows(statements.count, [bytes(manager), call.now]);
        return Number((row as CountRow | undefined)?.total ?? 0);
      });
    },
  };
}

interface GenerationRow {
  readonly generation: unknown;
}

interface CountRow {
  readonly total: unknown;
}

interface Batch {
  readonly ids: readonly SessionId[];
  readonly end: EndAll;
  readonly where: readonly MysqlValue[];
  readonly now: number;
}

/** Ends those of the ids that are still the user's, and tells which they were. */
async function endMany(
  loan: Loan,
  { endMany, idsOfVersion }: Statements,
  { ids, end, where, now }: Batch,
): Promise<readonly SessionId[]> {
  const values = endedValues({ ...end, next: undefined });
  const ended = await loan.write(endMany, [...values, ...filled(ids), ...where, now]);
  if (ended === ids.length) return ids;
  if (ended === 0) return [];
  // Somebody else was faster with some: those do not have the version of our tombstones.
  const rows = await loan.rows(idsOfVersion, [...filled(ids), bytes(end.version)]);
  return rows.map(idOf);
}

function userValues({ manager, userId }: UserKey): MysqlValue[] {
  return [bytes(manager), bytes(userId)];
}
