import { STORE_BUG_NAMES, type StoreBugName } from "./planted.ts";
import { EXCLUSIVE_BUG_NAMES, type ExclusiveBugName } from "./planted-exclusive.ts";

/** What can be planted into an application process. */
export type BugName = StoreBugName | ExclusiveBugName;

export const BUG_NAMES: readonly BugName[] = [...STORE_BUG_NAMES, ...EXCLUSIVE_BUG_NAMES];

export function isExclusiveBug(bug: BugName): bug is ExclusiveBugName {
  return (EXCLUSIVE_BUG_NAMES as readonly BugName[]).includes(bug);
}
