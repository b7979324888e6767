import { hiddenUser } from "../../core/hidden-user.ts";
import type { Directory, EndAll, StoreCall, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { endingValues } from "../sql/columns.ts";
import type { Connections } from "./connections.ts";
import type { Loan } from "./loan.ts";
import type { MysqlValue } from "./pool.ts";
import { bound, bytes, idBytes, ROWS } from "./rows.ts";
import { BATCH, type Statements } from "./statements.ts";

/** So many a call ends, and at most a batch more: the next one has a deadline of its own. */
const MOST_AT_ONCE = 20_000;

/** The directory of a MySQL store. */
export function mysqlDirectory(connections: Connections): Directory {
  return {
    generation(user, call) {
      return connections.run("generation", call, (loan, statements) =>
        newestGeneration(loan, statements, user),
      );
    },
    raiseGeneration(user, call, keepUntil) {
      return connections.run("raiseGeneration", call, async (loan, statements) => {
        const least = Math.max(call.now, (await newestGeneration(loan, statements, user)) + 1);
        const moved = [least, keepUntil ?? null];
        const values = [...userValues(user), ...moved, ...moved];
        return loan.number(statements.raiseGeneration, values);
      });
    },
    list(user, call) {
      const values = [...userValues(user), call.now];
      return connections.run("list", call, async (loan, { list, transaction }) => {
        const rows = await loan.current(list, values, transaction);
        return rows.map(ROWS.facts);
      });
    },
    endAll(user, end, call) {
      const task: Task = { end, where: userValues(user), call };
      return connections.run("endAll", call, (loan, statements) => endAll(loan, statements, task));
    },
    forget(user, call) {
      return connections.run("forget", call, async (loan, statements) => {
        await hideGeneration(loan, statements, user);
        return forgetExpired(loan, statements, user, call);
      });
    },
    scan({ manager, after, limit }, call) {
      const values = [idBytes(after), bytes(manager), call.now, limit];
      return connections.run("scan", call, async (loan, { scan, transaction }) => {
        const rows = await loan.current(scan, values, transaction);
        return rows.map(ROWS.record);
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
  readonly keep_until?: unknown;
}

/** A generation under one of a user's names, and until when it is kept. */
interface Generation {
  readonly generation: number;
  readonly keepUntil: number | null;
}

/** Under the user's own name, or another one where the user was forgotten, or both. */
async function newestGeneration(
  loan: Loan,
  { generation }: Statements,
  user: UserKey,
): Promise<number> {
  const names = [...userValues(user), ...userValues(hiddenUser(user))];
  const [row] = await loan.current(generation, names);
  return Number((row as GenerationRow).generation);
}

async function generationOf(
  loan: Loan,
  { generationOf, transaction }: Statements,
  user: UserKey,
): Promise<Generation | undefined> {
  const [row] = await loan.current(generationOf, userValues(user), transaction);
  if (row === undefined) return undefined;
  const { generation, keep_until } = row as GenerationRow;
  const keepUntil = keep_until === null ? null : Number(keep_until);
  return { generation: Number(generation), keepUntil };
}

/** Deletes only what it has written down before: another process may raise it in between. */
async function hideGeneration(loan: Loan, statements: Statements, user: UserKey): Promise<void> {
  const known = await generationOf(loan, statements, user);
  if (known === undefined) return;
  const { generation, keepUntil } = known;
  const moved = [generation, keepUntil];
  const values = [...userValues(hiddenUser(user)), ...moved, ...moved];
  await loan.write(statements.hideGeneration, values);
  await loan.write(statements.forgetGeneration, [...userValues(user), generation]);
}

/** Looked up without a lock and deleted by primary key, as a sweep does. */
async function forgetExpired(
  loan: Loan,
  { expiredOf, forgetMany, transaction }: Statements,
  user: UserKey,
  { now }: StoreCall,
): Promise<number> {
  const values = [...userValues(user), now];
  const rows = await loan.current(expiredOf, values, transaction);
  return rows.length === 0 ? 0 : loan.write(forgetMany(rows.map(ROWS.id)), values);
}

interface CountRow {
  readonly total: unknown;
}

interface Task {
  readonly end: EndAll;
  readonly where: readonly MysqlValue[];
  readonly call: StoreCall;
}

/** Who signs in meanwhile may sort before those that were looked at already; so it begins again. */
async function endAll(loan: Loan, statements: Statements, task: Task): Promise<SessionId[]> {
  const ended: SessionId[] = [];
  for (;;) {
    const before = ended.length;
    await endPass(loan, statements, task, ended);
    if (ended.length === before || ended.length >= MOST_AT_ONCE) return ended;
  }
}

/** Ends the user's sessions in the order of their ids. */
async function endPass(
  loan: Loan,
  statements: Statements,
  task: Task,
  ended: SessionId[],
): Promise<void> {
  const { end, where, call } = task;
  let last: SessionId | undefined;
  while (ended.length < MOST_AT_ONCE) {
    const values = [...where, idBytes(last), idBytes(end.except), call.now];
    const rows = await loan.current(statements.userIds, values, statements.transaction);
    const ids = rows.map(ROWS.id);
    if (ids.length > 0) ended.push(...(await endMany(loan, statements, ids, task)));
    if (ids.length < BATCH) return;
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
  const values = bound(endingValues(end));
  const ended = await loan.write(endMany(ids), [...values, ...where, call.now]);
  if (ended === ids.length) return ids;
  if (ended === 0) return [];
  // Somebody else was faster with some: those do not have the version of our tombstones.
  const rows = await loan.rows(idsOfVersion(ids), [bytes(end.version)]);
  return rows.map(ROWS.id);
}

function userValues({ manager, userId }: UserKey): MysqlValue[] {
  return bound([manager, userId]);
}
