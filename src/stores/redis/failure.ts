import { StoreError, type StoreOperation } from "../../core/errors.ts";
import { Unsent } from "./driver.ts";
import { Unforeseen } from "./replies.ts";

/** What the `redis` package rejects with before it has sent anything. */
const UNSENT: ReadonlySet<string> = new Set([
  "AbortError",
  "ClientClosedError",
  "ClientOfflineError",
]);

/** Whether the server does not know the script (any more). */
export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

/** Whether the server takes no writes: it was a master when the connection was opened. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof Error && error.message.includes("READONLY");
}

/** Whether the server has answered, with an error. */
export function isRefusal(error: unknown): boolean {
  return isNamed(error, REFUSED);
}

/**
 * What to reject with: `failed` where the command was surely not sent, or where the server refused
 * it, as no script fails once it has written. If the client sends again by itself, a refusal may be
 * to the second time, and says nothing of the first.
 */
export function failureOf(operation: StoreOperation, error: unknown, resends: boolean): unknown {
  if (error instanceof StoreError) return error;
  const cause = withoutArguments(error);
  if (error instanceof Unsent) return new StoreError(operation, "failed", error.message);
  if (error instanceof Unforeseen) {
    const outcome = READS.has(operation) ? "failed" : "unknown";
    return new StoreError(operation, outcome, error.message);
  }
  if (!resends && isNamed(error, UNSENT)) {
    return new StoreError(operation, "failed", "the command was not sent", { cause });
  }
  if (!resends && isRefusal(error)) {
    return new StoreError(operation, "failed", "Redis refused", { cause });
  }
  return cause;
}

const READS: ReadonlySet<StoreOperation> = new Set([
  ...(["load", "generation", "list", "scan", "count"] as const),
]);

/** Of `redis`, and of `ioredis` and `iovalkey`. */
const REFUSED: ReadonlySet<string> = new Set(["ErrorReply", "ReplyError"]);

// By the class names, as the store does not import the package: instanceof is out of reach.
function isNamed(error: unknown, names: ReadonlySet<string>): boolean {
  for (let type = error; type instanceof Error; type = Object.getPrototypeOf(type)) {
    if (names.has(type.constructor.name)) return true;
  }
  return false;
}

/** ioredis hangs the command on its errors, with the session's data among the arguments. */
function withoutArguments(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  Reflect.deleteProperty(error, "command");
  if ("lastNodeError" in error) withoutArguments(error.lastNodeError);
  if (error.cause !== undefined) withoutArguments(error.cause);
  return error;
}
