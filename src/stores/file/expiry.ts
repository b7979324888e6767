import { join } from "node:path";
import type { SessionId } from "../../core/token.ts";
import { findHead, remove, removeEmpty, removeTree, tidy } from "./chain.ts";
import { ABSENT, succeeds, unless } from "./files.ts";
import type { Task } from "./task.ts";
import { addEntry, healEntry, healUser } from "./user-index.ts";
import { sessionsAfter, userTags } from "./walk.ts";

/**
 * How old a session under construction must be to count as left by a crash. Nothing depends on it:
 * a slower writer finds that its work is gone, and begins again.
 */
const ABANDONED_MS = 3_600_000;

/** Deletes what has expired and what crashes left, until the deadline; resolves to how many. */
export async function deleteExpired(task: Task): Promise<number> {
  let total = 0;
  try {
    for await (const id of sessionsAfter(task, undefined)) {
      if (await sweepSession(task, id)) total += 1;
    }
    for await (const tag of userTags(task)) await healUser(task, tag);
    await sweepTemporary(task);
  } catch (error) {
    // What was deleted is deleted, and the rest is left to the next time.
    if (!task.call.signal.aborted) throw error;
  }
  return total;
}

async function sweepSession(task: Task, id: SessionId): Promise<boolean> {
  const head = await findHead(task, id);
  if (head === undefined) {
    await removeEmpty(task, id);
    return false;
  }
  const { expiresAt, userTag } = head;
  if (expiresAt > task.call.now) {
    await tidy(task, id, head);
    if (userTag !== "") await addEntry(task, userTag, id);
    return false;
  }
  // Who touched it meanwhile has renamed this head, so it is not found and not removed.
  const isRemoved = await remove(task, id, head);
  if (isRemoved && userTag !== "") await task.quietly(() => healEntry(task, userTag, id));
  return isRemoved;
}

async function sweepTemporary(task: Task): Promise<void> {
  const { files, places } = task;
  for (const name of await files.list(places.temporary)) {
    const path = join(places.temporary, name);
    if (name.startsWith("dead-")) await removeTree(task, path);
    if (!name.startsWith("new-")) continue;
    const changedAt = await unless(ABSENT, files.changedAt(path));
    if (changedAt === undefined || changedAt > task.call.now - ABANDONED_MS) continue;
    // Out of its builder's reach first: what is taken apart is never moved into a place.
    const dead = places.dead();
    if (await succeeds(ABSENT, files.rename(path, dead))) await removeTree(task, dead);
  }
}
