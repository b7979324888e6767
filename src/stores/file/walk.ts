import { join } from "node:path";
import { parseId, type SessionId } from "../../core/token.ts";
import { ABSENT, unless } from "./files.ts";
import { shardNames } from "./places.ts";
import type { Task } from "./task.ts";

const SHARD = /^[0-9a-f]{2}$/;
const TAG = /^[0-9a-f]{32}$/;

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

/** The tags of all users that have a folder. */
export async function* userTags(task: Task): AsyncGenerator<string> {
  const { users } = task.places;
  for (const outer of await shardsIn(task, users)) {
    for (const tag of await namesIn(task, join(users, outer))) {
      if (TAG.test(tag)) yield tag;
    }
  }
}

async function shardsIn(task: Task, folder: string): Promise<readonly string[]> {
  return (await namesIn(task, folder)).filter((name) => SHARD.test(name));
}

async function namesIn({ files }: Task, folder: string): Promise<readonly string[]> {
  const names = (await unless(ABSENT, files.list(folder))) ?? [];
  return names.toSorted((one, other) => (one < other ? -1 : 1));
}
