import type { Directory, EndAll, StoreCall, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Connections } from "./connections.ts";
import type { Loan } from "./loan.ts";
import type { MysqlValue } from "./pool.ts";
import { bytes, endedValues, idBytes, idOf, recordOf } from "./rows.ts";
import { BATCH, type Statements } from "./statements.ts";

/** The directory of a MySQL store. */
export function mysqlDirectory(connections: Connections): Directory {
  return {
    generation(user, call) {
      return connections.run("generation", call, async (loan, { generation }) => {
        const [row] = await loan.current(generation, userValues(user));
        return Number((row as GenerationRow).generation);
      });
    },
    raiseGeneration(user, call, keepUntil) {
      const moved = [call.now, keepUntil ?? null];
      const values = [...userValues(user), ...moved, ...moved];
      return connections.run("raiseGeneration", call, (loan, { raiseGeneration }) =>
        loan.number(raiseGeneration, values),
      );
    },
    list(user, call) {
      const values = [...userValues(user), call.now];
      return connections.run("list", call, async (loan, { list, transaction }) => {
        const rows = await loan.current(list, values, transaction);
        return rows.map(recordOf);
      });
    },
    endAll(user, end, call) {
      const task: Task = { end, where: userValues(user), call };
      return connections.run("endAll", call, async (loan, statements) => {
        const ended: SessionId[] = [];
        // Who signs in meanwhile may sort before those that were looked at already.
        while (await endPass(loan, statements, task, ended));
        return ended;
      });
    },
    scan({ manager, after, limit }, call) {
      const values = [idBytes(after), bytes(manager), call.now, limit];
      return connections.run("scan", call, async (loan, { scan, transaction }) => {
        const rows = await loan.current(scan, values, transaction);
        return rows.map(recordOf);
      });
    },
    count(manager, call) {
      return connections.run("count", call, async (loan, { count }) => {
        const [row] = await loan.current(count, [bytes(manager), call.now]);
        return Number((row as CountRow).total);
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

interface Task {
  readonly end: EndAll;
  readonly where: readonly MysqlValue[];
  readonly call: StoreCall;
}

/** Ends the user's sessions in the order of their ids. Resolves to whether there were any. */
async function endPass(
  loan: Loan,
  statements: Statements,
  task: Task,
  ended: SessionId[],
): Promise<boolean> {
  const { end, where, call } = task;
  const before = ended.length;
  let last: SessionId | undefined;
  for (;;) {
    const values = [...where, idBytes(last), idBytes(end.except), call.now];
    const rows = await loan.current(statements.userIds, values, statements.transaction);
    const ids = rows.map(idOf);
    if (ids.length > 0) ended.push(...(await endMany(loan, statements, ids, task)));
    if (ids.length < BATCH) return ended.length > before;
    last = ids.at(-1);
  }
}

/** Ends those of the ids that are still the user's, and tells which they were. */
async function endMany(
  loan: Loan,
  { endMany, idsOfVersion }: Statements,
  ids: readonly SessionId[],
  { end, where, call }: Task,
): Promise<readonly SessionId[]> {
  const values = endedValues({ ...end, next: undefined, notes: undefined });
  const ended = await loan.write(endMany(ids), [...values, ...where, call.now]);
  if (ended === ids.length) return ids;
  if (ended === 0) return [];
  // Somebody else was faster with some: those do not have the version of our tombstones.
  const rows = await loan.rows(idsOfVersion(ids), [bytes(end.version)]);
  return rows.map(idOf);
}

function userValues({ manager, userId }: UserKey): MysqlValue[] {
  return [bytes(manager), bytes(userId)];
}
