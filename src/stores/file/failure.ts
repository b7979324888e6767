import { StoreError, type StoreOperation } from "../../core/errors.ts";
import { codeOf } from "./files.ts";

/** A problem that the store itself finds, in words for its user. */
export class FileStoreProblem extends Error {}

/** What to reject with; the system's own error where it may have been written all the same. */
export function failureOf(
  operation: StoreOperation,
  error: unknown,
  mayHaveWritten: boolean,
): unknown {
  if (error instanceof StoreError) return error;
  const isOurs = error instanceof FileStoreProblem;
  if (mayHaveWritten) {
    return isOurs ? new StoreError(operation, "unknown", error.message, { cause: error }) : error;
  }
  const detail = isOurs ? error.message : `the file system refused${codeIn(error)}`;
  return new StoreError(operation, "failed", detail, { cause: error });
}

function codeIn(error: unknown): string {
  const code = codeOf(error);
  return code === "" ? "" : ` (${code})`;
}
