import { randomInt } from "node:crypto";
import { join } from "node:path";
import { parseId, type SessionId } from "../../core/token.ts";
import { findHead } from "./chain.ts";
import { ABSENT, type Files, OCCUPIED, succeeds, unless } from "./files.ts";
import type { Head } from "./heads.ts";
import { nonce } from "./places.ts";
import type { Task } from "./task.ts";

// An empty file for each session of a user. A writer adds it before the record can be seen, and
// once more afterwards. Who takes one away renames it to a mark of his own first, which counts as
// an entry still, then looks at the record, and removes the mark only if that is not the user's.
// So of the two, whichever looks later sees what the other did: no record is without its entry.

const MARK = "~";
/** So many of a user's entries are healed at one visit. */
const VISITED = 200;

/** A file in a user's folder. */
interface Entry {
  readonly name: string;
  readonly id: SessionId;
  readonly isMark: boolean;
}

/** Makes sure that a session is among those of the user. */
export async function addEntry(task: Task, tag: string, id: SessionId): Promise<void> {
  await addThrough(task, task.files, tag, id);
}

/** The second look of {@link addEntry}: after the write, so the deadline does not matter. */
export async function confirmEntry(task: Task, tag: string, id: SessionId): Promise<void> {
  await addThrough(task, task.settledFiles, tag, id);
}

async function addThrough(task: Task, files: Files, tag: string, id: SessionId): Promise<void> {
  const folder = task.places.user(tag);
  const write = (): Promise<boolean> =>
    succeeds(ABSENT, unless(["EEXIST"], files.write(join(folder, id), "")));
  // A sweep may remove the folder again, as long as it is empty.
  while (!(await write())) await task.makeFolder(folder);
  await unless(ABSENT, files.sync(folder));
}

/** The sessions that may be the user's. */
export async function entriesOf(task: Task, tag: string): Promise<readonly SessionId[]> {
  const entries = await entriesIn(task, tag);
  return [...new Set(entries.map(({ id }) => id))];
}

/** Whether a session's newest version is the user's, and live but perhaps expired. */
export function isOf(head: Head | undefined, tag: string): head is Head {
  return head?.kind === "live" && head.userTag === tag;
}

/**
 * Takes away the entry of a session that is not the user's, and brings back that of one that is. In
 * few steps, however many sessions the user has: the marks of who crashed at it are left to
 * {@link healUser}.
 */
export async function healEntry(task: Task, tag: string, id: SessionId): Promise<void> {
  await heal(task, tag, { name: id, id, isMark: false });
}

/**
 * Heals the entries of a user, and removes the folder where none is left. Of a user with very many
 * some are looked at, from a place at random on, so that no visit takes for ever.
 */
export async function healUser(task: Task, tag: string): Promise<void> {
  const entries = await entriesIn(task, tag);
  const first = entries.length > VISITED ? randomInt(entries.length) : 0;
  let isUsed = entries.length > VISITED;
  for (const entry of [...entries.slice(first), ...entries.slice(0, first)].slice(0, VISITED)) {
    const isRight = !entry.isMark && isOf(await findHead(task, entry.id), tag);
    if (isRight) isUsed = true;
    else await heal(task, tag, entry);
  }
  if (isUsed) return;
  await unless([...ABSENT, ...OCCUPIED], task.files.removeFolder(task.places.user(tag)));
}

async function heal(task: Task, tag: string, { name, id, isMark }: Entry): Promise<void> {
  const { files, places } = task;
  const folder = places.user(tag);
  const mark = isMark ? name : `${id}${MARK}${nonce()}`;
  if (!isMark && !(await succeeds(ABSENT, files.rename(join(folder, name), join(folder, mark))))) {
    return;
  }
  // The order matters: the record is read after the mark is set.
  if (isOf(await findHead(task, id), tag)) await addEntry(task, tag, id);
  await unless(ABSENT, files.removeFile(join(folder, mark)));
}

async function entriesIn({ files, places }: Task, tag: string): Promise<readonly Entry[]> {
  const names = (await unless(ABSENT, files.list(places.user(tag)))) ?? [];
  return names.flatMap((name) => {
    const [text, mark] = name.split(MARK);
    const id = parseId(text);
    return id === undefined ? [] : [{ name, id, isMark: mark !== undefined }];
  });
}
