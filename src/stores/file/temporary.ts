import { join } from "node:path";
import type { EpochMs } from "../../core/record.ts";
import { removeTree } from "./chain.ts";
import { ABSENT, succeeds, unless } from "./files.ts";
import type { Task } from "./task.ts";

/**
 * How old a session under construction must be to count as left by a crash. Nothing depends on it:
 * a slower writer finds that its work is gone, and begins again.
 */
const ABANDONED_MS = 3_600_000;

/** Removes what is on its way out, and what was begun and never finished. */
export async function sweepTemporary(task: Task, present: EpochMs): Promise<void> {
  const { files, places } = task;
  for (const name of await files.list(places.temporary)) {
    const path = join(places.temporary, name);
    if (name.startsWith("dead-")) await removeTree(task, path);
    if (!name.startsWith("new-")) continue;
    const changedAt = await unless(ABSENT, files.changedAt(path));
    if (changedAt === undefined || changedAt > present - ABANDONED_MS) continue;
    // Out of its builder's reach first: what is taken apart is never moved into a place.
    const dead = places.dead();
    if (await succeeds(ABSENT, files.rename(path, dead))) await removeTree(task, dead);
  }
}

/** The time by the clock of the file system, which no application sets. */
export async function timeOfFiles({ files, places }: Task): Promise<EpochMs> {
  const probe = places.fresh();
  await files.makeFolder(probe);
  const time = await files.changedAt(probe);
  await unless(ABSENT, files.removeFolder(probe));
  return time;
}
