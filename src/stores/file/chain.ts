import { join } from "node:path";
import type { EpochMs, StoredSession } from "../../core/record.ts";
import type { SessionId } from "../../core/token.ts";
import { ABSENT, OCCUPIED, succeeds, unless } from "./files.ts";
import { type Head, headOf, isLeftBehind, nameOf, parseHead, touchedHead } from "./heads.ts";
import { storedOf, textOf } from "./records.ts";
import type { Task } from "./task.ts";

// The compare-and-set of this store, argued in its README: a session's folder holds one folder,
// the head, whose name is its newest version. A writer puts its file into the head that it has
// read, and then renames that head. Of all who try one finds it under the old name; and as no name
// ever comes back, a writer that was paused for however long finds nothing to rename.

/** The newest version of a session, if there is one. */
export async function findHead({ files, places }: Task, id: SessionId): Promise<Head | undefined> {
  const names = (await unless(ABSENT, files.list(places.session(id)))) ?? [];
  let newest: Head | undefined;
  for (const name of names) {
    const head = parseHead(name);
    if (head === undefined) continue;
    if (newest === undefined || head.sequence > newest.sequence) newest = head;
  }
  return newest;
}

/** What stands under an id, whether it has expired or not. */
export interface Standing {
  readonly head: Head;
  /** `undefined` where the file is damaged. */
  readonly stored: StoredSession | undefined;
}

/** Reads the newest version; looks again where it was replaced meanwhile. */
export async function read(task: Task, id: SessionId): Promise<Standing | undefined> {
  let missed: string | undefined;
  for (;;) {
    const head = await findHead(task, id);
    if (head === undefined) return undefined;
    const text = await unless(ABSENT, task.files.read(join(pathOf(task, id, head), head.file)));
    if (text !== undefined) return { head, stored: storedOf(id, head, text) };
    // Nobody removes the file of a head: the second time it is missing it was lost otherwise.
    if (missed === head.nonce) return { head, stored: undefined };
    missed = head.nonce;
  }
}

/** Puts `stored` after `head`. Resolves to `false`, changing nothing, where others were faster. */
export async function follow(task: Task, head: Head, stored: StoredSession): Promise<boolean> {
  const { files } = task;
  const next = headOf(stored, head.sequence);
  const from = pathOf(task, stored.id, head);
  const isWritten =
    (await succeeds(ABSENT, files.write(join(from, next.file), textOf(stored)))) &&
    (await succeeds(ABSENT, files.sync(from)));
  if (!isWritten || !(await replace(task, stored.id, head, next))) return false;
  await task.quietly(() => tidy(task, stored.id, next));
  return true;
}

/** Moves the clocks of `head`, whose file stays as it is. */
export function touch(
  task: Task,
  id: SessionId,
  head: Head,
  clocks: { readonly lastSeenAt: EpochMs; readonly expiresAt: EpochMs },
): Promise<boolean> {
  return replace(task, id, head, touchedHead(head, clocks.lastSeenAt, clocks.expiresAt));
}

async function replace(task: Task, id: SessionId, head: Head, next: Head): Promise<boolean> {
  const isReplaced = await task.decide(ABSENT, (files) =>
    files.rename(pathOf(task, id, head), pathOf(task, id, next)),
  );
  if (isReplaced) await task.settledFiles.sync(task.places.session(id));
  return isReplaced;
}

/**
 * Begins a session: it is built aside and moved into its place, which must be empty. Resolves to
 * `false`, changing nothing, where there is one already.
 */
export async function begin(task: Task, stored: StoredSession): Promise<boolean> {
  const { places } = task;
  const shard = places.shardOf(stored.id);
  for (;;) {
    const built = await build(task, stored);
    // A sweep that took the slow for the crashed: what was built is gone.
    if (built === undefined) continue;
    const isMoved = await task.decideOr(ABSENT, OCCUPIED, (files) =>
      files.rename(built, places.session(stored.id)),
    );
    if (isMoved) await task.settledFiles.sync(shard);
    else await task.quietly(() => removeTree(task, built));
    if (isMoved !== undefined) return isMoved;
    // The first of its kind has no folder to be in yet.
    await task.makeFolder(shard);
  }
}

async function build({ files, places }: Task, stored: StoredSession): Promise<string | undefined> {
  const folder = places.fresh();
  const head = headOf(stored, 0);
  const path = join(folder, nameOf(head));
  const steps = async (): Promise<void> => {
    await files.makeFolder(path);
    await files.write(join(path, head.file), textOf(stored));
    await files.sync(path);
    await files.sync(folder);
  };
  return (await succeeds(ABSENT, steps())) ? folder : undefined;
}

/** Removes a session whose newest version is `head`; `false`, changing nothing, if it is not. */
export async function remove(task: Task, id: SessionId, head: Head): Promise<boolean> {
  const { places } = task;
  const dead = places.dead();
  const isRemoved = await task.decide(ABSENT, (files) =>
    files.rename(pathOf(task, id, head), dead),
  );
  if (!isRemoved) return false;
  await task.quietly(async () => {
    await removeEmpty(task, id);
    await removeTree(task, dead);
  });
  return true;
}

/** Removes a session's folder where nothing is in it: whoever creates anew brings another. */
export async function removeEmpty({ files, places }: Task, id: SessionId): Promise<void> {
  await unless([...ABSENT, ...OCCUPIED], files.removeFolder(places.session(id)));
}

/**
 * Removes the files of earlier versions, and those that slower and crashed writers left. A file
 * for the place after `head` is spared: its writer may be about to rename.
 */
export async function tidy(task: Task, id: SessionId, head: Head): Promise<void> {
  const folder = pathOf(task, id, head);
  const names = (await unless(ABSENT, task.files.list(folder))) ?? [];
  for (const name of names) {
    if (!isLeftBehind(name, head)) continue;
    await unless(ABSENT, task.files.removeFile(join(folder, name)));
  }
}

/** Removes a folder that nobody uses, with what is in it. */
export async function removeTree(task: Task, folder: string): Promise<void> {
  const { files } = task;
  for (const name of (await unless(ABSENT, files.list(folder))) ?? []) {
    const path = join(folder, name);
    // Linux and macOS differ in what unlinking a folder is refused with.
    const isFile = await succeeds(["EISDIR", "EPERM", ...ABSENT], files.removeFile(path));
    if (!isFile) await removeTree(task, path);
  }
  await unless([...ABSENT, ...OCCUPIED, "ENOTDIR"], files.removeFolder(folder));
}

function pathOf({ places }: Task, id: SessionId, head: Head): string {
  return join(places.session(id), nameOf(head));
}
