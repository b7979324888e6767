import { randomBytes } from "node:crypto";
import { open, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall, StoreProfile } from "../../core/store.ts";
import { untilAborted } from "../../core/waiting.ts";
import { failureOf } from "../../stores/file/failure.ts";
import { ABSENT, unless } from "../../stores/file/files.ts";
import type { Row } from "../foreign/foreign-sessions.ts";
import { FileLock } from "./file-lock.ts";
import type { ForeignPlace } from "./place.ts";

/** How a framework keeps a session in a file. */
export interface FileForm {
  readonly folder: string;
  /** The file's name; `undefined` for a key that can have none. */
  nameOf(key: string): string | undefined;
  /** A name, new each time, that the framework does not take for a session's. */
  temporaryFor(name: string, random: string): string;
  /** The same, but always one. */
  lockFor(name: string): string;
  /** What a file holds; `undefined` where that has expired, or is none of the framework's. */
  rowIn(content: Buffer, call: StoreCall): Row | undefined;
  /** What a file is to hold. `current` is what it holds. */
  contentOf(row: Row, current: Buffer | undefined): Buffer;
  readonly caveats: readonly string[];
}

const READS: readonly StoreOperation[] = ["load", "prepare"];
const PRIVATE = 0o600;

/** A framework's sessions in the files of one folder, each replaced by renaming another to it. */
export function fileRows(form: FileForm): ForeignPlace {
  const { folder } = form;
  const lock = new FileLock(folder, Math.random);
  const write = async (name: string, content: Buffer): Promise<void> => {
    const temporary = join(folder, form.temporaryFor(name, randomBytes(8).toString("hex")));
    const file = await open(temporary, "wx", PRIVATE);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  };
  /** Works on what a file holds, while no other process of ours does. */
  const change = (
    operation: StoreOperation,
    key: string,
    call: StoreCall,
    work: (name: string, found: Found) => Promise<boolean>,
  ): Promise<boolean> => {
    const name = form.nameOf(key);
    if (name === undefined) return Promise.resolve(false);
    return bounded(operation, call, () =>
      lock.hold(form.lockFor(name), call.signal, async () => {
        const content = await unless(ABSENT, readFile(join(folder, name)));
        const row = content && form.rowIn(content, call);
        return work(name, { content, row });
      }),
    );
  };
  return {
    profile: { ...PROFILE, caveats: [...PROFILE.caveats, ...form.caveats] },
    async read(key, call) {
      const name = form.nameOf(key);
      if (name === undefined) return undefined;
      const reading = (): Promise<Buffer | undefined> =>
        unless(ABSENT, readFile(join(folder, name)));
      const content = await bounded("load", call, reading);
      return content && form.rowIn(content, call);
    },
    insert: (key, after, call) =>
      change("create", key, call, async (name, { content, row }) => {
        if (row !== undefined) return false;
        await write(name, form.contentOf(after, content));
        return true;
      }),
    replace: (key, before, after, call) =>
      change("update", key, call, async (name, { content, row }) => {
        if (row === undefined || !isSame(row, before)) return false;
        await write(name, form.contentOf(after, content));
        return true;
      }),
    remove: (key, before, call) =>
      change("end", key, call, async (name, { row }) => {
        if (row === undefined || (before !== undefined && !isSame(row, before))) return false;
        const removing = unlink(join(folder, name)).then(() => true);
        return (await unless(ABSENT, removing)) ?? false;
      }),
    async prepare(call) {
      await bounded("prepare", call, () =>
        lock.hold(".sojourn-trial", call.signal, async () => {}),
      );
    },
  };
}

interface Found {
  readonly content: Buffer | undefined;
  readonly row: Row | undefined;
}

function isSame(row: Row, bytes: Uint8Array): boolean {
  return Buffer.compare(row.bytes, bytes) === 0;
}

/** A folder may lie on a server that does not answer. */
async function bounded<T>(
  operation: StoreOperation,
  { signal }: StoreCall,
  work: () => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw new StoreError(operation, "failed", "its time had run out");
  const outcome = READS.includes(operation) ? "failed" : "unknown";
  const late = (): StoreError =>
    new StoreError(operation, outcome, "the file system did not answer before the deadline");
  try {
    return await untilAborted(work(), signal, late);
  } catch (error) {
    throw failureOf(operation, error, false);
  }
}

const PROFILE: StoreProfile = {
  scope: "host",
  durability: "process",
  readYourWrites: "always",
  eviction: "never",
  caveats: [
    "The framework knows no lock: what it writes or deletes between a look here and the renaming " +
      "that follows is overwritten, or comes back.",
    "The processes of this library wait for each other by a lock file; one that was left for ten " +
      "seconds is taken away.",
    "Nothing is forced to the disk: a loss of power may undo the last writes, an end among them.",
  ],
};
