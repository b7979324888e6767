import { StoreError, type StoreOperation } from "../../core/errors.ts";

/** https://sqlite.org/rescode.html: the low byte of an extended code is its primary one. */
const PRIMARY_CODE = 0xff;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_IOERR = 10;

/**
 * What to reject with. A statement that fails is rolled back, so nothing was written; only an
 * input/output error may hit the commit itself, and then the driver's own error says so.
 */
export function failureOf(operation: StoreOperation, error: unknown): unknown {
  if (error instanceof StoreError || isOf(error, SQLITE_IOERR, "IOERR")) return error;
  const detail = error instanceof SqliteStoreProblem ? error.message : "SQLite refused";
  return new StoreError(operation, "failed", detail, { cause: error });
}

/** Whether another connection holds a lock, so that the same statement may succeed later. */
export function isBusy(error: unknown): boolean {
  return isOf(error, SQLITE_BUSY, "BUSY") || isOf(error, SQLITE_LOCKED, "LOCKED");
}

/** A problem that the store itself finds, in words for its user. */
export class SqliteStoreProblem extends Error {}

// node:sqlite gives the number, better-sqlite3 the name.
function isOf(error: unknown, primary: number, name: string): boolean {
  if (!(error instanceof Error)) return false;
  if ("errcode" in error && typeof error.errcode === "number") {
    return (error.errcode & PRIMARY_CODE) === primary;
  }
  return "code" in error && `${error.code}_`.startsWith(`SQLITE_${name}_`);
}
