import { join } from "node:path";
import type { UserKey } from "../../core/store.ts";
import { ABSENT, unless } from "./files.ts";
import type { Task } from "./task.ts";

// A user's generation is the highest number among the empty files in the user's folder. Only a
// number below the highest but one is ever removed, so the highest never falls.

const NUMBER = /^[1-9]\d{0,14}$/;

/** The user's generation, 0 at first. */
export async function generationOf(task: Task, user: UserKey): Promise<number> {
  return Math.max(0, ...(await numbersOf(task, user)));
}

/** Raises the user's generation above what it was when the call began. */
export async function raiseGeneration(task: Task, user: UserKey): Promise<number> {
  const folder = task.places.generation(user);
  const next = (await generationOf(task, user)) + 1;
  const write = (): Promise<boolean | undefined> =>
    task.decideOr(ABSENT, ["EEXIST"], (files) => files.write(join(folder, `${next}`), ""));
  let isWritten = await write();
  if (isWritten === undefined) {
    await task.makeFolder(folder);
    isWritten = await write();
  }
  // Where the number is there already, another has raised it since: both have what they wanted.
  if (isWritten === undefined) throw new Error("the folder of a generation is gone");
  await task.settledFiles.sync(folder);
  await task.quietly(() => forgetEarlier(task, user, next - 1));
  return next;
}

async function forgetEarlier(task: Task, user: UserKey, first: number): Promise<void> {
  const folder = task.places.generation(user);
  for (const number of await numbersOf(task, user)) {
    if (number < first) await unless(ABSENT, task.files.removeFile(join(folder, `${number}`)));
  }
}

async function numbersOf({ files, places }: Task, user: UserKey): Promise<readonly number[]> {
  const names = (await unless(ABSENT, files.list(places.generation(user)))) ?? [];
  return names.filter((name) => NUMBER.test(name)).map(Number);
}
