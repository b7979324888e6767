/** What is bound to a statement's parameters. */
export type SqliteValue = string | number | null | Uint8Array;

/** A prepared statement, as far as the store uses one. */
export interface SqliteStatement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint };
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): readonly unknown[];
}

/**
 * An open database, as far as the store uses one: a `DatabaseSync` of `node:sqlite`, a `Database`
 * of `better-sqlite3`, or another that behaves like them.
 */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  /** `node:sqlite`'s name for being inside a transaction. */
  readonly isTransaction?: boolean;
  /** `better-sqlite3`'s name for the same. */
  readonly inTransaction?: boolean;
}

/** Whether the application has a transaction open on the connection. */
export function isInTransaction(database: SqliteDatabase): boolean {
  const known = database.isTransaction ?? database.inTransaction;
  return known ?? !canBegin(database);
}

// Node before 22.16 does not tell. A deferred BEGIN takes no lock, so it fails for one reason.
function canBegin(database: SqliteDatabase): boolean {
  try {
    database.exec("BEGIN");
  } catch {
    return false;
  }
  database.exec("ROLLBACK");
  return true;
}
