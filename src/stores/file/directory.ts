import type { StoreOperation } from "../../core/errors.ts";
import type { SessionRecord, StoredSession } from "../../core/record.ts";
import type { Directory, EndAll, ScanPage, StoreCall, UserKey } from "../../core/store.ts";
import { tombstoneOf } from "../../core/store-steps.ts";
import type { SessionId } from "../../core/token.ts";
import { findHead, read, remove, tidy } from "./chain.ts";
import { endWhere } from "./ending.ts";
import { ABSENT, OCCUPIED, unless } from "./files.ts";
import { generationOf, raiseGeneration } from "./generations.ts";
import { managerTag, userTag } from "./places.ts";
import type { Task } from "./task.ts";
import { entriesOf, healEntry, isOf } from "./user-index.ts";
import { batches, sessionsAfter } from "./walk.ts";

/** So long `endAll` goes on ending, and then leaves the rest to the next call. */
const TURN_MS = 3_000;

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
    raiseGeneration: (user, call, keepUntil) =>
      run("raiseGeneration", call, (task) => raiseGeneration(task, user, keepUntil)),
    list: (user, call) => run("list", call, (task) => list(task, user)),
    endAll: (user, end, call) => run("endAll", call, (task) => endAll(task, user, end)),
    forget: (user, call) => run("forget", call, (task) => forget(task, user)),
    scan: (page, call) => run("scan", call, (task) => scan(task, page)),
    count: (manager, call) => run("count", call, (task) => count(task, manager)),
  };
}

async function list(task: Task, user: UserKey): Promise<readonly SessionRecord[]> {
  const tag = userTag(user);
  const records: SessionRecord[] = [];
  for await (const batch of batches(await entriesOf(task, tag))) {
    const found = await Promise.all(batch.map((id) => liveOf(task, tag, id)));
    records.push(...found.filter((record) => record !== undefined));
  }
  return records.sort((one, other) => other.lastSeenAt - one.lastSeenAt);
}

/** A user's session, and no entry of what is none. */
async function liveOf(task: Task, tag: string, id: SessionId): Promise<SessionRecord | undefined> {
  const standing = await read(task, id);
  if (!isOf(standing?.head, tag)) await task.quietly(() => healEntry(task, tag, id));
  else if (isLive(standing?.stored, task.call)) return standing.stored;
  return undefined;
}

/**
 * Ends what it finds, until it finds nothing more: a session that was given a new token meanwhile
 * is behind an entry that an earlier look did not see.
 */
async function endAll(task: Task, user: UserKey, end: EndAll): Promise<readonly SessionId[]> {
  const tag = userTag(user);
  const until = performance.now() + TURN_MS;
  const ended: SessionId[] = [];
  for (let before = -1; before < ended.length; ) {
    before = ended.length;
    const ids = (await entriesOf(task, tag)).filter((id) => id !== end.except);
    for await (const batch of batches(ids)) {
      const outcomes = await Promise.all(
        batch.map((id) => endWhere(task, tombstoneOf(id, user, end), (head) => isOf(head, tag))),
      );
      ended.push(...batch.filter((_, place) => outcomes[place]));
      if (ended.length > 0 && performance.now() > until) return ended;
    }
  }
  return ended;
}

/** Removes what has expired, goes on in the manner of {@link endAll}, and leaves no empty folder. */
async function forget(task: Task, user: UserKey): Promise<number> {
  const tag = userTag(user);
  const until = performance.now() + TURN_MS;
  let forgotten = 0;
  for await (const batch of batches(await entriesOf(task, tag))) {
    const outcomes = await Promise.all(batch.map((id) => isForgotten(task, tag, id)));
    forgotten += outcomes.filter(Boolean).length;
    if (forgotten > 0 && performance.now() > until) return forgotten;
  }
  await unless([...ABSENT, ...OCCUPIED], task.files.removeFolder(task.places.user(tag)));
  return forgotten;
}

/** Whether it was a session of the user that had expired. What is no more is put right beside. */
async function isForgotten(task: Task, tag: string, id: SessionId): Promise<boolean> {
  const head = await findHead(task, id);
  const isTheirs = isOf(head, tag);
  if (isTheirs && head.expiresAt > task.call.now) return false;
  const isRemoved = isTheirs && (await remove(task, id, head));
  if (!isTheirs && head !== undefined) await tidy(task, id, head);
  await healEntry(task, tag, id);
  return isRemoved;
}

async function scan(task: Task, page: ScanPage): Promise<readonly SessionRecord[]> {
  const tag = managerTag(page.manager);
  const records: SessionRecord[] = [];
  for await (const batch of batches(sessionsAfter(task, page.after))) {
    const found = await Promise.all(
      batch.map(async (id) =>
        (await findHead(task, id))?.managerTag === tag ? read(task, id) : undefined,
      ),
    );
    for (const standing of found) {
      const stored = standing?.stored;
      if (isLive(stored, task.call) && stored.manager === page.manager) records.push(stored);
    }
    if (records.length >= page.limit) break;
  }
  return records.slice(0, page.limit);
}

function isLive(stored: StoredSession | undefined, { now }: StoreCall): stored is SessionRecord {
  return stored?.kind === "live" && stored.expiresAt > now;
}

/** From names alone: no file is read. */
async function count(task: Task, manager: string): Promise<number> {
  const tag = managerTag(manager);
  let total = 0;
  for await (const batch of batches(sessionsAfter(task, undefined))) {
    const heads = await Promise.all(batch.map((id) => findHead(task, id)));
    for (const head of heads) {
      const isLive = head?.kind === "live" && head.expiresAt > task.call.now;
      if (isLive && head.managerTag === tag) total += 1;
    }
  }
  return total;
}
