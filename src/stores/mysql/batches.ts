import type { SessionId } from "../../core/token.ts";
import { bytes } from "./rows.ts";
import { BATCH } from "./statements.ts";

/** The ids, as many at a time as one statement takes. */
export function* inBatches(ids: readonly SessionId[]): Generator<readonly SessionId[]> {
  for (let start = 0; start < ids.length; start += BATCH) yield ids.slice(start, start + BATCH);
}

/** The values of a statement on a batch. */
export function filled(ids: readonly SessionId[]): Buffer[] {
  const last = ids.at(-1) ?? "";
  return Array.from({ length: BATCH }, (_, place) => bytes(ids[place] ?? last));
}
