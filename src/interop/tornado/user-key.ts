import type { PyValue } from "../python/values.ts";

/** The user that a value names: a text, or a number as databases count users. */
export function userIn(stored: PyValue | undefined): string | undefined {
  if (typeof stored === "number" || typeof stored === "bigint") return String(stored);
  return typeof stored === "string" && stored !== "" ? stored : undefined;
}

/** What is to name a user: the value that did so before, where it still does. */
export function storedUser(
  userId: string | undefined,
  before: PyValue | undefined,
): PyValue | undefined {
  return userIn(before) === userId ? before : userId;
}
