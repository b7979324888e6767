import { mkdir, open, readdir, readFile, rename, rmdir, stat, unlink } from "node:fs/promises";

/** The file system, as far as the store uses it. Each method but `write` is one system call. */
export interface Files {
  /** The names in a folder. */
  list(folder: string): Promise<readonly string[]>;
  read(path: string): Promise<string>;
  /** Creates a file that only its owner reads; rejects with EEXIST where there is one. */
  write(path: string, text: string): Promise<void>;
  /** Creates a folder that only its owner enters, and those above it; it may be there already. */
  makeFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  removeFile(path: string): Promise<void>;
  /** Removes a folder; rejects with ENOTEMPTY or EEXIST where something is in it. */
  removeFolder(path: string): Promise<void>;
  /** Makes the names in a folder outlive a loss of power, where that was asked for. */
  sync(folder: string): Promise<void>;
  /** When a file or folder was changed last, in epoch milliseconds. */
  changedAt(path: string): Promise<number>;
}

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** The files of this machine. Where `isDurable`, contents and names are forced to the disk. */
export function nodeFiles(isDurable: boolean): Files {
  return {
    list: (folder) => readdir(folder),
    read: (path) => readFile(path, "utf8"),
    async write(path, text) {
      const file = await open(path, "wx", PRIVATE_FILE);
      try {
        if (text !== "") await file.writeFile(text);
        if (isDurable) await file.sync();
      } finally {
        await file.close();
      }
    },
    async makeFolder(path) {
      await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER });
    },
    rename: (from, to) => rename(from, to),
    removeFile: (path) => unlink(path),
    removeFolder: (path) => rmdir(path),
    async sync(folder) {
      if (!isDurable) return;
      const handle = await open(folder, "r");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    changedAt: async (path) => (await stat(path)).mtimeMs,
  };
}

/** The same files, asking `check` before every step; it throws where no further one is wanted. */
export function checkedFiles(files: Files, check: () => void): Files {
  const checked =
    <Values extends readonly unknown[], Result>(step: (...values: Values) => Promise<Result>) =>
    async (...values: Values): Promise<Result> => {
      check();
      return step(...values);
    };
  return {
    list: checked(files.list),
    read: checked(files.read),
    write: checked(files.write),
    makeFolder: checked(files.makeFolder),
    rename: checked(files.rename),
    removeFile: checked(files.removeFile),
    removeFolder: checked(files.removeFolder),
    sync: checked(files.sync),
    changedAt: checked(files.changedAt),
  };
}

/** What the step resolves to, or `undefined` where it fails with one of the codes. */
export async function unless<Result>(
  codes: readonly string[],
  step: Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await step;
  } catch (error) {
    if (codes.includes(codeOf(error))) return undefined;
    throw error;
  }
}

/** Whether the step was done: `false` where it fails with one of the codes. */
export async function succeeds(codes: readonly string[], step: Promise<void>): Promise<boolean> {
  return (
    (await unless(
      codes,
      step.then(() => true),
    )) ?? false
  );
}

/** Something on the path is not there. */
export const ABSENT: readonly string[] = ["ENOENT"];
/** Systems differ in how they call a folder that is not empty. */
export const OCCUPIED: readonly string[] = ["ENOTEMPTY", "EEXIST"];

/** The system's name for a failure; empty where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
