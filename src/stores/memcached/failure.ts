import { StoreError, type StoreOperation } from "../../core/errors.ts";

/** What to reject with when a command that writes nothing has failed. */
export function readFailure(operation: StoreOperation, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  return new StoreError(operation, "failed", "Memcached gave no answer", { cause: error });
}

/**
 * What to reject with when a write has failed. Where the command was never sent, or the server
 * refused it, nothing was written; otherwise the driver's own error says that nobody knows.
 */
export function writeFailure(operation: StoreOperation, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  if (isUnsent(error)) {
    return new StoreError(operation, "failed", "Memcached is not reached", { cause: error });
  }
  if (isRefusal(error)) {
    const detail = "Memcached refused the item; is its -I below maxItemBytes, or its memory full?";
    return new StoreError(operation, "failed", detail, { cause: error });
  }
  return error;
}

/** The call's deadline came before a command was sent. */
export function lateBefore(operation: StoreOperation): StoreError {
  return new StoreError(operation, "failed", "the deadline came before it was sent");
}

/** The call's deadline came before the answer to a command. */
export function lateAfter(operation: StoreOperation, outcome: "failed" | "unknown"): StoreError {
  return new StoreError(operation, outcome, "Memcached did not answer before the deadline");
}

// memcache-client marks what failed while it was connecting.
function isUnsent(error: Error): boolean {
  return "connecting" in error && error.connecting === true;
}

// Not any SERVER_ERROR: a proxy says that of a server that did not answer, too.
function isRefusal(error: Error): boolean {
  return /^(?:SERVER_ERROR (?:object too large|out of memory)|CLIENT_ERROR)\b/.test(error.message);
}
