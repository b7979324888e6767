import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type {
  Directory,
  EndOutcome,
  Expiry,
  Seen,
  SilentStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
} from "../../core/store.ts";
import { refusal, touched } from "../../core/store-steps.ts";
import { type CommitId, parseId, type SessionId } from "../../core/token.ts";
import { begin, findHead, follow, read, touch } from "./chain.ts";
import { fileDirectory } from "./directory.ts";
import { endWhere } from "./ending.ts";
import type { Files } from "./files.ts";
import { prepareFolder } from "./folder.ts";
import { Places, userTag } from "./places.ts";
import { Sweep } from "./sweep.ts";
import { Task } from "./task.ts";
import { addEntry, confirmEntry, healEntry } from "./user-index.ts";

/** Sessions in a folder. Every write is decided by one renaming; see chain.ts. */
export class FileStore implements SilentStore {
  readonly profile: StoreProfile;
  readonly directory: Directory;
  readonly expiry: Expiry;
  readonly #places: Places;
  readonly #files: Files;
  #isPrepared = false;
  #isClosed = false;

  constructor(folder: string, files: Files, profile: StoreProfile, sweepIntervalMs: number) {
    this.profile = profile;
    this.#places = new Places(folder);
    this.#files = files;
    this.directory = fileDirectory((operation, call, work) => this.#run(operation, call, work));
    const sweep = new Sweep();
    this.expiry = {
      intervalMs: sweepIntervalMs,
      deleteExpired: (call) => this.#run("deleteExpired", call, (task) => sweep.run(task)),
    };
  }

  load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    return this.#runOn(id, "load", call, (task) => find(task, id));
  }

  create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    return this.#runOn(record.id, "create", call, async (task) => {
      const isPlaced = await indexed(task, record, "", () => placed(task, record));
      return isPlaced ? "created" : "taken";
    });
  }

  update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    return this.#runOn(record.id, "update", call, async (task) => {
      for (;;) {
        if (await replaced(task, record, expected)) return { kind: "updated" };
        // None where it may succeed by now.
        const missed = refusal(await find(task, record.id), expected);
        if (missed !== undefined) return missed;
      }
    });
  }

  end(tombstone: Tombstone, expected: CommitId | undefined, call: StoreCall): Promise<EndOutcome> {
    const { id } = tombstone;
    return this.#runOn<EndOutcome>(id, "end", call, async (task) => {
      for (;;) {
        const isEnded = await endWhere(
          task,
          tombstone,
          ({ version }) => expected === undefined || version === expected,
        );
        if (isEnded) return { kind: "ended" };
        const missed = refusal(await find(task, id), expected);
        if (missed !== undefined) return missed;
      }
    });
  }

  touch(id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    return this.#runOn(id, "touch", call, async (task) => {
      for (;;) {
        const head = await findHead(task, id);
        if (head?.kind !== "live" || head.expiresAt <= call.now) return false;
        const clocks = touched(head, seen);
        if (clocks === head || (await touch(task, id, head, clocks))) return true;
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** Ids become parts of paths, so what is none goes no further than here. */
  async #runOn<Result>(
    id: SessionId,
    operation: StoreOperation,
    call: StoreCall,
    work: (task: Task) => Promise<Result>,
  ): Promise<Result> {
    if (parseId(id) !== undefined) return this.#run(operation, call, work);
    throw new StoreError(operation, "failed", "it was given what is no session id");
  }

  #run<Result>(
    operation: StoreOperation,
    call: StoreCall,
    work: (task: Task) => Promise<Result>,
  ): Promise<Result> {
    const task = new Task(this.#places, this.#files, call);
    return task.run(operation, async () => {
      if (this.#isClosed) throw new StoreError(operation, "failed", "the file store is closed");
      if (!this.#isPrepared) await prepareFolder(task.files, this.#places);
      this.#isPrepared = true;
      return work(task);
    });
  }
}

async function find(task: Task, id: SessionId): Promise<StoredSession | undefined> {
  const stored = (await read(task, id))?.stored;
  return stored !== undefined && stored.expiresAt > task.call.now ? stored : undefined;
}

/** Puts a record where nothing is, or where something has expired. */
async function placed(task: Task, record: SessionRecord): Promise<boolean> {
  while (!(await begin(task, record))) {
    const head = await findHead(task, record.id);
    if (head === undefined) continue;
    if (head.expiresAt > task.call.now) return false;
    if (await follow(task, head, record)) return true;
  }
  return true;
}

/** Replaces a live record of the expected version; `false` where there is none any more. */
async function replaced(task: Task, record: SessionRecord, expected: CommitId): Promise<boolean> {
  const head = await findHead(task, record.id);
  const isLive = head?.kind === "live" && head.expiresAt > task.call.now;
  if (!isLive || head.version !== expected) return false;
  return indexed(task, record, head.userTag, () => follow(task, head, record));
}

/**
 * Does a write that may make the session another user's, and keeps the entries right.
 *
 * @param before - The tag of the user whose it was; empty if nobody's.
 */
async function indexed(
  task: Task,
  record: SessionRecord,
  before: string,
  write: () => Promise<boolean>,
): Promise<boolean> {
  const { id, manager, userId } = record;
  const tag = userId === undefined ? "" : userTag({ manager, userId });
  if (tag === before) return write();
  if (tag !== "") await addEntry(task, tag, id);
  const isWritten = await write();
  if (isWritten && tag !== "") await confirmEntry(task, tag, id);
  const stale = isWritten ? before : tag;
  if (stale !== "") await task.quietly(() => healEntry(task, stale, id));
  return isWritten;
}
