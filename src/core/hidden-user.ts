import { sideManager } from "./side-record.ts";
import type { UserKey } from "./store.ts";
import { hiddenUserId } from "./token.ts";

/** What stands for a user where nobody is to read who it is. It is no other user's own name. */
export function hiddenUser({ manager, userId }: UserKey): UserKey {
  return { manager: sideManager(manager, "user"), userId: hiddenUserId(userId, manager) };
}
