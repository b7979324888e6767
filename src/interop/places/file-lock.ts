import { open, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { pausedAfter, type Random } from "../../core/waiting.ts";
import { FileStoreProblem } from "../../stores/file/failure.ts";
import { ABSENT, succeeds, unless } from "../../stores/file/files.ts";

/** Nobody holds one for longer than a few file operations take, unless its process has died. */
const ABANDONED_MS = 10_000;
const PRIVATE = 0o600;

/** Files that stand for a session being worked on, among the processes of this library. */
export class FileLock {
  readonly #folder: string;
  readonly #random: Random;

  constructor(folder: string, random: Random) {
    this.#folder = folder;
    this.#random = random;
  }

  /** Calls `work` once nobody else holds the lock of that name. */
  async hold<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const path = join(this.#folder, name);
    for (let attempts = 0; !(await isTaken(path)); attempts += 1) {
      await this.#removeAbandoned(path);
      if (await pausedAfter(attempts, signal, this.#random)) continue;
      throw new FileStoreProblem("another process worked on it until the deadline");
    }
    try {
      return await work();
    } finally {
      await succeeds(ABSENT, unlink(path));
    }
  }

  async #removeAbandoned(path: string): Promise<void> {
    const found = await unless(ABSENT, stat(path));
    if (found === undefined || Date.now() - found.mtimeMs < ABANDONED_MS) return;
    await succeeds(ABSENT, unlink(path));
  }
}

async function isTaken(path: string): Promise<boolean> {
  const file = await unless(["EEXIST"], open(path, "wx", PRIVATE));
  await file?.close();
  return file !== undefined;
}
