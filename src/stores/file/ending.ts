import type { Tombstone } from "../../core/record.ts";
import { findHead, follow } from "./chain.ts";
import type { Head } from "./heads.ts";
import type { Task } from "./task.ts";
import { healEntry } from "./user-index.ts";

/**
 * Puts the tombstone where a live session is whose newest version is `wanted`. Resolves to
 * `false`, changing nothing, where there is none.
 */
export async function endWhere(
  task: Task,
  tombstone: Tombstone,
  wanted: (head: Head) => boolean,
): Promise<boolean> {
  const { id } = tombstone;
  for (;;) {
    const head = await findHead(task, id);
    const isLive = head?.kind === "live" && head.expiresAt > task.call.now;
    if (!isLive || !wanted(head)) return false;
    if (!(await follow(task, head, tombstone))) continue;
    if (head.userTag !== "") await task.quietly(() => healEntry(task, head.userTag, id));
    return true;
  }
}
