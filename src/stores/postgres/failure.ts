import { StoreError, type StoreOperation } from "../../core/errors.ts";

/** A problem that the store itself finds, in words for its user. */
export class PostgresStoreProblem extends Error {}

/** The connection is in somebody's transaction; nothing that was sent on it is kept. */
export class OpenTransaction extends PostgresStoreProblem {
  constructor() {
    super(
      "the connection had a transaction open; end it before the client is released, or pass a Pool",
    );
  }
}

/** A passed client turned out to be in somebody's transaction, which decides what becomes of it. */
export class JoinedTransaction extends Error {}

/** Nothing came of it on this connection, whatever the `cause`; another one may do it. */
export class Useless extends Error {
  constructor(cause: unknown) {
    super("the connection was of no use", { cause });
  }
}

/** The statement did not leave this process, whatever the `cause`. */
export class NotSent extends Error {
  constructor(cause: unknown) {
    super("the statement was not sent", { cause });
  }
}

/** The call was aborted before there was an answer. */
export class Unanswered extends Error {
  constructor() {
    super("the call's signal was aborted");
  }
}

const READS: ReadonlySet<StoreOperation> = new Set<StoreOperation>([
  "load",
  "generation",
  "list",
  "scan",
  "count",
  "subscribe",
]);

/**
 * What to reject with. The driver's own error stays away from whoever logs: its detail, and what
 * postgres.js hangs on it, may quote the session's data. A copy of what is safe is the cause.
 */
export function failureOf(operation: StoreOperation, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const outcome = isRead(operation) || isWithoutEffect(error) ? "failed" : "unknown";
  const reason = error instanceof NotSent ? error.cause : error;
  return new StoreError(operation, outcome, detailOf(error), { cause: withoutData(reason) });
}

/** Whether an operation leaves the sessions as they are. */
export function isRead(operation: StoreOperation): boolean {
  return READS.has(operation);
}

/** Whether a statement was sent on a connection that is no more. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error) || isOurs(error) || error instanceof NotSent) return false;
  const state = sqlState(error);
  return state === undefined || LOST_CONNECTION.test(state);
}

/** Whether the same statement may succeed at once: it was rolled back, or not even begun. */
export function mayRepeat(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && (CONTENTION.has(state) || isUnprepared(error));
}

/** Whether the server, or a pooler before it, does not know our prepared statement. */
export function isUnprepared(error: unknown): boolean {
  const state = sqlState(error);
  return state === INVALID_STATEMENT_NAME || state === DUPLICATE_STATEMENT;
}

/** Whether the server, or its settings, only let us read. */
export function isReadOnly(error: unknown): boolean {
  return sqlState(error) === READ_ONLY_TRANSACTION;
}

/** Whether the connection was in a state in which the store never leaves one. */
export function isStateWrong(error: unknown): boolean {
  return sqlState(error)?.startsWith("25") === true;
}

/** Whether the connection was in a transaction that had failed before. */
export function isFailedTransaction(error: unknown): boolean {
  return sqlState(error) === IN_FAILED_TRANSACTION;
}

/** The server's five characters, of an error that it sent; the drivers' own codes are longer. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("severity" in error) || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" && SQLSTATE_FORM.test(code) ? code : undefined;
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const SQLSTATE_FORM = /^[0-9A-Z]{5}$/;
const READ_ONLY_TRANSACTION = "25006";
const IN_FAILED_TRANSACTION = "25P02";
const INVALID_STATEMENT_NAME = "26000";
const DUPLICATE_STATEMENT = "42P05";
/** Could not serialize; deadlock. */
const CONTENTION: ReadonlySet<string> = new Set(["40001", "40P01"]);
const LOST_CONNECTION = /^(?:08|57P)/;
const CANNOT_CONNECT_NOW = "57P03";
/** The session was ended, perhaps in the midst of a commit. */
const LOST = /^(?:08|58|XX|40003|57P)/;
/** Errors of connecting: the system's, and postgres.js's own. */
const UNCONNECTED: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "CONNECT_TIMEOUT",
  "CONNECTION_ENDED",
]);

function isWithoutEffect(error: unknown): boolean {
  if (error instanceof NotSent || error instanceof PostgresStoreProblem) return true;
  const state = sqlState(error);
  // A statement that is refused is rolled back.
  if (state !== undefined) return state === CANNOT_CONNECT_NOW || !LOST.test(state);
  return error instanceof Error && "code" in error && UNCONNECTED.has(error.code);
}

function detailOf(error: unknown): string {
  if (error instanceof PostgresStoreProblem) return error.message;
  if (error instanceof Unanswered) return "PostgreSQL did not answer before the deadline";
  if (error instanceof NotSent) {
    return error.cause instanceof Unanswered
      ? "no connection was free before the deadline"
      : "there is no connection to PostgreSQL";
  }
  if (error instanceof JoinedTransaction) {
    return "the client was in a transaction of the application, which decides what becomes of this";
  }
  const state = sqlState(error);
  return state === undefined ? "the connection failed" : `PostgreSQL refused (SQLSTATE ${state})`;
}

/** Classes of errors whose message names tables, roles and limits, never a value. */
const PLAIN_CLASSES = /^(?:08|25|26|28|3D|3F|40|42|53|54|55|57|58)/;
const SAFE_FACTS = ["code", "routine", "table", "table_name", "constraint", "constraint_name"];
const SAFE_SYSTEM_FACTS = ["code", "errno", "syscall", "address", "port"];

/** A copy of an error that holds nothing of what was sent. */
function withoutData(error: unknown): unknown {
  if (!(error instanceof Error) || isOurs(error)) return error;
  const state = sqlState(error);
  const isPlain = state === undefined || PLAIN_CLASSES.test(state);
  const copy = new Error(isPlain ? error.message : "PostgreSQL refused a value");
  copy.name = error.name;
  for (const fact of state === undefined ? SAFE_SYSTEM_FACTS : SAFE_FACTS) {
    const value: unknown = Reflect.get(error, fact);
    if (value !== undefined) Reflect.set(copy, fact, value);
  }
  return copy;
}

function isOurs(error: Error): boolean {
  return [PostgresStoreProblem, JoinedTransaction, Unanswered].some(
    (ours) => error instanceof ours,
  );
}
