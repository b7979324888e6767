import { join } from "node:path";
import { parseId, type SessionId } from "../../core/token.ts";
import { ABSENT, unless } from "./files.ts";
import { shardNames, tagFolder } from "./places.ts";
import type { Task } from "./task.ts";

const SHARD = /^[0-9a-f]{2}$/;
const TAG = /^[0-9a-f]{32}$/;
/** Node has four threads for the file system; a few more steps than that keep them busy. */
const BATCH = 16;

/** The ids of all sessions after one, in their order. */
export async function* sessionsAfter(
  task: Task,
  after: SessionId | undefined,
): AsyncGenerator<SessionId> {
  for await (const shard of shardsFrom(task, after)) {
    for (const name of await namesIn(task, shard)) {
      const id = parseId(name);
      if (id !== undefined && (after === undefined || id > after)) yield id;
    }
  }
}

async function* shardsFrom(task: Task, after: SessionId | undefined): AsyncGenerator<string> {
  const { records } = task.places;
  const [first, second] = after === undefined ? ["", ""] : shardNames(after);
  for (const outer of await shardsIn(task, records)) {
    if (outer < first) continue;
    for (const inner of await shardsIn(task, join(records, outer))) {
      if (outer !== first || inner >= second) yield join(records, outer, inner);
    }
  }
}

/** The tags after one of the users that have a folder in this one, in their order. */
export async function* tagsAfter(
  task: Task,
  folder: string,
  after: string | undefined,
): AsyncGenerator<string> {
  const first = after === undefined ? "" : tagFolder(after);
  for (const outer of await shardsIn(task, folder)) {
    if (outer < first) continue;
    for (const tag of await namesIn(task, join(folder, outer))) {
      if (TAG.test(tag) && (after === undefined || tag > after)) yield tag;
    }
  }
}

/** The same items, some at a time, for work that may be done at once. */
export async function* batches<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  size: number = BATCH,
): AsyncGenerator<readonly Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function shardsIn(task: Task, folder: string): Promise<readonly string[]> {
  return (await namesIn(task, folder)).filter((name) => SHARD.test(name));
}

async function namesIn({ files }: Task, folder: string): Promise<readonly string[]> {
  const names = (await unless(ABSENT, files.list(folder))) ?? [];
  return names.toSorted((one, other) => (one < other ? -1 : 1));
}
