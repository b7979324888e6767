import type { StoreOperation } from "../../core/errors.ts";
import type { SessionRecord, Tombstone } from "../../core/record.ts";
import type { Directory, EndAll, ScanPage, StoreCall, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { findHead, read } from "./chain.ts";
import { endWhere } from "./ending.ts";
import { generationOf, raiseGeneration } from "./generations.ts";
import { managerTag, userTag } from "./places.ts";
import type { Task } from "./task.ts";
import { entriesOf, healEntry, isOf } from "./user-index.ts";
import { sessionsAfter } from "./walk.ts";

/** Runs the work of one call. */
export type RunTask = <Result>(
  operation: StoreOperation,
  call: StoreCall,
  work: (task: Task) => Promise<Result>,
) => Promise<Result>;

/** The directory of a file store. */
export function fileDirectory(run: RunTask): Directory {
  return {
    generation: (user, call) => run("generation", call, (task) => generationOf(task, user)),
    raiseGeneration: (user, call) =>
      run("raiseGeneration", call, (task) => raiseGeneration(task, user)),
    list: (user, call) => run("list", call, (task) => list(task, user)),
    endAll: (user, end, call) => run("endAll", call, (task) => endAll(task, user, end)),
    scan: (page, call) => run("scan", call, (task) => scan(task, page)),
    count: (manager, call) => run("count", call, (task) => count(task, manager)),
  };
}

async function list(task: Task, user: UserKey): Promise<readonly SessionRecord[]> {
  const tag = userTag(user);
  const records: SessionRecord[] = [];
  for (const id of await entriesOf(task, tag)) {
    const standing = await read(task, id);
    if (!isOf(standing?.head, tag)) {
      await task.quietly(() => healEntry(task, tag, id));
      continue;
    }
    const stored = standing?.stored;
    if (stored?.kind === "live" && stored.expiresAt > task.call.now) records.push(stored);
  }
  return records.sort((one, other) => other.lastSeenAt - one.lastSeenAt);
}

async function endAll(task: Task, user: UserKey, end: EndAll): Promise<readonly SessionId[]> {
  const tag = userTag(user);
  const { version, reason, endedAt, expiresAt } = end;
  const ended: SessionId[] = [];
  for (const id of await entriesOf(task, tag)) {
    if (id === end.except) continue;
    const tombstone: Tombstone = {
      kind: "ended",
      id,
      manager: user.manager,
      version,
      reason,
      endedAt,
      next: undefined,
      notes: undefined,
      expiresAt,
    };
    if (await endWhere(task, tombstone, (head) => isOf(head, tag))) ended.push(id);
  }
  return ended;
}

async function scan(task: Task, page: ScanPage): Promise<readonly SessionRecord[]> {
  const tag = managerTag(page.manager);
  const records: SessionRecord[] = [];
  for await (const id of sessionsAfter(task, page.after)) {
    if (records.length >= page.limit) break;
    const head = await findHead(task, id);
    if (head?.managerTag !== tag) continue;
    const stored = (await read(task, id))?.stored;
    const isListed = stored?.kind === "live" && stored.expiresAt > task.call.now;
    if (isListed && stored.manager === page.manager) records.push(stored);
  }
  return records;
}

/** From names alone: no file is read. */
async function count(task: Task, manager: string): Promise<number> {
  const tag = managerTag(manager);
  let total = 0;
  for await (const id of sessionsAfter(task, undefined)) {
    const head = await findHead(task, id);
    const isLive = head?.kind === "live" && head.expiresAt > task.call.now;
    if (isLive && head.managerTag === tag) total += 1;
  }
  return total;
}
