import type { StoredSession } from "../../core/record.ts";

/** What a backend is given: plain data, so that its own serialisation carries it. */
export type Value = Readonly<Record<string, string | number | boolean>>;

/** A record or tombstone without its undefined fields, which JSON would drop and BSON make null. */
export function plainOf(stored: StoredSession): Value {
  const fields = Object.entries(stored).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields);
}
