import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, unlinkSync } from "node:fs";
import { open, readFile, stat, unlink } from "node:fs/promises";
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
  const files = new Files(form);
  return {
    profile: { ...PROFILE, caveats: [...PROFILE.caveats, ...form.caveats] },
    read: async (key, call) => {
      const name = form.nameOf(key);
      if (name === undefined) return undefined;
      return bounded("load", call, async () => (await files.look(name, call)).row);
    },
    insert: (key, after, call) =>
      files.change("create", key, call, async (name, found) =>
        found.row === undefined ? files.put(name, found, after) : false,
      ),
    replace: (key, before, after, call) =>
      files.change("update", key, call, async (name, found) =>
        isSame(found.row, before) ? files.put(name, found, after) : false,
      ),
    remove: (key, before, call) =>
      files.change("end", key, call, async (name, found) => {
        if (found.row === undefined) return false;
        return (
          (before === undefined || isSame(found.row, before)) && files.take(name, found, before)
        );
      }),
    prepare: (call) => bounded("prepare", call, () => files.tried(call)),
  };
}

/** What a file holds. */
interface Found {
  readonly content: Buffer | undefined;
  readonly row: Row | undefined;
}

/** The files of one folder. */
class Files {
  readonly #form: FileForm;
  readonly #lock: FileLock;

  constructor(form: FileForm) {
    this.#form = form;
    this.#lock = new FileLock(form.folder, Math.random);
  }

  async look(name: string, call: StoreCall): Promise<Found> {
    const content = await unless(ABSENT, readFile(this.#pathOf(name)));
    return { content, row: content && this.#form.rowIn(content, call) };
  }

  /** Works on what a file holds, while no other process of ours does. */
  async change(
    operation: StoreOperation,
    key: string,
    call: StoreCall,
    work: (name: string, found: Found) => Promise<boolean>,
  ): Promise<boolean> {
    const name = this.#form.nameOf(key);
    if (name === undefined) return false;
    return bounded(operation, call, () =>
      this.#lock.hold(this.#form.lockFor(name), call.signal, async () =>
        work(name, await this.look(name, call)),
      ),
    );
  }

  /** Puts a row where still is what was found. */
  async put(name: string, { content }: Found, row: Row): Promise<boolean> {
    const { temporaryFor, contentOf } = this.#form;
    const temporary = this.#pathOf(temporaryFor(name, randomBytes(8).toString("hex")));
    const found = content && (await unless(ABSENT, stat(this.#pathOf(name))));
    const file = await open(temporary, "wx", PRIVATE);
    try {
      // The framework may run as another user of one group.
      if (found !== undefined) await file.chmod(found.mode & 0o777);
      await file.writeFile(contentOf(row, content));
    } finally {
      await file.close();
    }
    const isPut = this.#ifStill(name, content, () => renameSync(temporary, this.#pathOf(name)));
    if (!isPut) await unlink(temporary);
    return isPut;
  }

  /** Takes a file away: where still is what was found, or whatever is there. */
  async take(name: string, { content }: Found, before: Uint8Array | undefined): Promise<boolean> {
    const path = this.#pathOf(name);
    if (before !== undefined) return this.#ifStill(name, content, () => unlinkSync(path));
    const removing = unlink(path).then(() => true);
    return (await unless(ABSENT, removing)) ?? false;
  }

  tried(call: StoreCall): Promise<void> {
    return this.#lock.hold(".sojourn-trial", call.signal, async () => undefined);
  }

  /**
   * Looks once more and acts in the same breath: the framework knows no lock, so that only this
   * moment, some microseconds, is left to it. What is looked at was read just now and is small.
   */
  #ifStill(name: string, content: Buffer | undefined, act: () => void): boolean {
    const path = this.#pathOf(name);
    const current = existsSync(path) ? readFileSync(path) : undefined;
    const isStill =
      current === undefined || content === undefined
        ? current === content
        : current.equals(content);
    if (isStill) act();
    return isStill;
  }

  #pathOf(name: string): string {
    return join(this.#form.folder, name);
  }
}

function isSame(row: Row | undefined, bytes: Uint8Array): boolean {
  return row !== undefined && Buffer.compare(row.bytes, bytes) === 0;
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
    "The framework knows no lock: what it writes or deletes in the microseconds between a last look " +
      "here and the renaming that follows is overwritten, or comes back.",
    "The processes of this library wait for each other by a lock file; one that was left for ten " +
      "seconds is taken away.",
    "Nothing is forced to the disk: a loss of power may undo the last writes, an end among them.",
  ],
};
