import { join } from "node:path";
import type { EpochMs } from "../../core/record.ts";
import type { UserKey } from "../../core/store.ts";
import { ABSENT, OCCUPIED, unless } from "./files.ts";
import { userTag } from "./places.ts";
import type { Task } from "./task.ts";

// A user's generation is the highest number among the files in the user's folder. Whoever raises it
// makes the file of a number that nobody has gone past. In the file stands until when it is kept.
// Only a number below the highest but one is removed before all are, so the highest never falls.

const NUMBER = /^[1-9]\d{0,15}$/;
/** With an end, as a file is there before its text is. */
const END = /^(\d+|Infinity)\.$/;

/** The user's generation, 0 at first. */
export async function generationOf(task: Task, user: UserKey): Promise<number> {
  return highest(await numbersIn(task, task.places.generation(userTag(user))));
}

/** Raises the user's generation above all that it has been until it is written, and returns it. */
export async function raiseGeneration(
  task: Task,
  user: UserKey,
  keepUntil: EpochMs = Number.POSITIVE_INFINITY,
): Promise<number> {
  const folder = task.places.generation(userTag(user));
  for (;;) {
    const ends = await endsIn(task, folder);
    const last = highest([...ends.keys()]);
    const next = Math.max(last + 1, task.call.now);
    const known = [...ends.values()].filter((end) => end !== undefined);
    if (!(await isMade(task, folder, next, Math.max(keepUntil, ...known)))) continue;
    // Somebody else may have gone past it before it was there.
    if (highest(await numbersIn(task, folder)) > next) continue;
    await task.settledFiles.sync(folder);
    const past = [...ends].filter(([number, end]) => number < last && end !== undefined);
    await task.quietly(() => removeAll(task, folder, past));
    return next;
  }
}

/** Forgets a user's generation that is kept no longer than until `due`. */
export async function forgetGeneration(task: Task, tag: string, due: EpochMs): Promise<void> {
  const folder = task.places.generation(tag);
  const ends = [...(await endsIn(task, folder))];
  if (ends.some(([, end]) => end === undefined || end > due)) return;
  await removeAll(task, folder, ends);
  await unless([...ABSENT, ...OCCUPIED], task.files.removeFolder(folder));
}

/** `false` where another one was faster, or the folder must be there first, which it is now. */
async function isMade(task: Task, folder: string, number: number, end: EpochMs): Promise<boolean> {
  const path = join(folder, `${number}`);
  const isWritten = await task.decideOr(ABSENT, ["EEXIST"], (files) =>
    files.write(path, `${end}.`),
  );
  if (isWritten === undefined) await task.makeFolder(folder);
  return isWritten ?? false;
}

/** Until when each number is kept; `undefined` where that is not known, so it is not removed. */
async function endsIn(
  task: Task,
  folder: string,
): Promise<ReadonlyMap<number, EpochMs | undefined>> {
  const ends = new Map<number, EpochMs | undefined>();
  for (const number of await numbersIn(task, folder)) {
    const text = await unless(ABSENT, task.files.read(join(folder, `${number}`)));
    const end = text === undefined ? undefined : END.exec(text)?.[1];
    ends.set(number, end === undefined ? undefined : Number(end));
  }
  return ends;
}

/** The lowest first. */
async function removeAll(
  task: Task,
  folder: string,
  ends: readonly (readonly [number, EpochMs | undefined])[],
): Promise<void> {
  for (const [number] of ends.toSorted(([one], [other]) => one - other)) {
    await unless(ABSENT, task.files.removeFile(join(folder, `${number}`)));
  }
}

function highest(numbers: readonly number[]): number {
  return Math.max(0, ...numbers);
}

async function numbersIn({ files }: Task, folder: string): Promise<readonly number[]> {
  const names = (await unless(ABSENT, files.list(folder))) ?? [];
  return names.filter((name) => NUMBER.test(name)).map(Number);
}
