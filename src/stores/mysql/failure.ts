import { StoreError, type StoreOperation } from "../../core/errors.ts";

/** A problem that the store itself finds before it writes, in words for its user. */
export class MysqlStoreProblem extends Error {}

/** A read has met a transaction that somebody left open. Another connection has none. */
export class OpenTransaction extends MysqlStoreProblem {}

/** What a call was waiting for when it was aborted. */
export type Wait = keyof typeof LATE;

const LATE = {
  tables: "its tables were not ready until the deadline",
  connection: "no connection was to be had until the deadline",
  turn: "it was not sent until the deadline",
  reading: "the server did not answer until the deadline",
  writing: "the server did not answer until the deadline",
} as const;

/** The call was aborted. */
export class Late extends Error {
  readonly wait: Wait;

  constructor(wait: Wait) {
    super(LATE[wait]);
    this.wait = wait;
  }
}

/** The pool could not give a connection, so that nothing was sent. */
export class Unreachable extends Error {}

/**
 * A deadlock, a lock wait that took too long, "record has changed since last read", and a
 * transaction that a cluster rolled back at its commit. A statement on its own leaves nothing
 * behind then.
 */
const ROLLED_BACK: readonly number[] = [1213, 1205, 1020, 3101];
/** A server that is read-only, in its three ways, and a cluster's node that is not ready. */
const READ_ONLY: readonly number[] = [1290, 1792, 1836, 1047];
/** A full table. */
const REFUSED: readonly number[] = [1114, ...READ_ONLY];
/** Classes of SQLSTATE: the access, the statement or the values are refused. */
const REFUSED_CLASSES: readonly string[] = ["22", "28", "42"];

const DUPLICATE = 1062;
const NO_SUCH_TABLE = 1146;
const OUT_OF_STATEMENTS = 1461;
/** A column, and an index. */
const IS_THERE: readonly number[] = [1060, 1061];

/** Whether the same statement may succeed, if it is sent again. */
export function isRolledBack(error: unknown): boolean {
  return ROLLED_BACK.includes(numberOf(error));
}

/** Whether the server would do it, were it not read-only by now: another may be in its place. */
export function isReadOnly(error: unknown): boolean {
  return READ_ONLY.includes(numberOf(error));
}

/** Whether the server has no room for another prepared statement. */
export function isOutOfStatements(error: unknown): boolean {
  return numberOf(error) === OUT_OF_STATEMENTS;
}

/** Whether the column or the index that was to be added is there. */
export function isThere(error: unknown): boolean {
  return IS_THERE.includes(numberOf(error));
}

/** Whether a row with the same primary key is there. */
export function isDuplicate(error: unknown): boolean {
  return numberOf(error) === DUPLICATE;
}

/** Whether the table is not there. */
export function isMissingTable(error: unknown): boolean {
  return numberOf(error) === NO_SUCH_TABLE;
}

/** The table is not there, or has not the columns that it should. */
export function isMisfit(error: unknown): boolean {
  return sqlClassOf(error) === "42";
}

/**
 * What to reject with. Where a write may have happened the driver's own error says so, and after an
 * abort an `unknown`.
 *
 * @param hasWritten - Whether an earlier statement of the same operation has written.
 */
export function failureOf(operation: StoreOperation, error: unknown, hasWritten: boolean): unknown {
  if (error instanceof StoreError) return error;
  if (error instanceof Late) {
    const outcome = error.wait === "writing" || hasWritten ? "unknown" : "failed";
    return new StoreError(operation, outcome, error.message);
  }
  if (hasWritten || !isRefused(error)) return error;
  return new StoreError(operation, "failed", detailOf(error), { cause: causeOf(error) });
}

/** What the message says of an error: nothing that the driver may have quoted. */
export function detailOf(error: unknown): string {
  if (error instanceof MysqlStoreProblem || error instanceof Unreachable) return error.message;
  return "the server refused";
}

/** The driver's own error. */
export function causeOf(error: unknown): unknown {
  return error instanceof Unreachable ? error.cause : error;
}

function isRefused(error: unknown): boolean {
  if (error instanceof MysqlStoreProblem || error instanceof Unreachable) return true;
  return (
    isRolledBack(error) ||
    REFUSED.includes(numberOf(error)) ||
    REFUSED_CLASSES.includes(sqlClassOf(error))
  );
}

// https://mariadb.com/kb/en/mariadb-error-codes/, and the same numbers at MySQL.
function numberOf(error: unknown): number {
  if (!(error instanceof Error && "errno" in error)) return 0;
  return typeof error.errno === "number" ? error.errno : 0;
}

function sqlClassOf(error: unknown): string {
  if (!(error instanceof Error && "sqlState" in error)) return "";
  return typeof error.sqlState === "string" ? error.sqlState.slice(0, 2) : "";
}
