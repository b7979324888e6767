import { randomBytes } from "node:crypto";
import { open, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { Row } from "../foreign/foreign-sessions.ts";
import type { ForeignPlace } from "../places/place.ts";
import { Turns } from "./turns.ts";

/** Who else may not read them: Django's own are of this mode. */
const PRIVATE = 0o600;
/** All files of this process: two managers may have the same folder. */
const TURNS = new Turns();

/** The files of Django's back end `file`, each named after the cookie and the key. */
export function fileRows(folder: string, cookieName: string): ForeignPlace {
  const root = resolve(folder);
  const pathOf = (key: string): string => join(root, `${cookieName}${key}`);
  return {
    profile: PROFILE,
    read: (key) => told("load", () => read(pathOf(key))),
    insert: (key, { bytes }) => told("create", () => insert(pathOf(key), bytes)),
    replace: (key, before, { bytes }) =>
      told("update", () => whereStill(pathOf(key), before, (path) => put(path, bytes))),
    remove: (key, before) =>
      told("end", () =>
        before === undefined ? removed(pathOf(key)) : whereStill(pathOf(key), before, removed),
      ),
    prepare: () =>
      told("prepare", async () => {
        if (!(await stat(root)).isDirectory()) throw new TypeError("folder is no folder");
      }),
  };
}

async function read(path: string): Promise<Row | undefined> {
  const bytes = await bytesAt(path);
  // Django makes an empty one before it fills it.
  if (bytes === undefined || bytes.length === 0) return undefined;
  return { bytes, endsAt: undefined, writtenAt: (await stat(path)).mtimeMs };
}

async function insert(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeFile(path, bytes, { flag: "wx", mode: PRIVATE });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function whereStill(
  path: string,
  before: Uint8Array,
  change: (path: string) => Promise<boolean>,
): Promise<boolean> {
  return TURNS.take(path, async () => {
    const found = await bytesAt(path);
    return found !== undefined && Buffer.compare(found, before) === 0 ? change(path) : false;
  });
}

/** Whole or not at all, as Django does it: under another name first. */
async function put(path: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = `${path}_out_${randomBytes(6).toString("hex")}`;
  const file = await open(temporary, "wx", PRIVATE);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  return true;
}

async function removed(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function bytesAt(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function told<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    // A rename that failed has changed nothing.
    throw new StoreError(operation, "failed", "the folder of Django's sessions failed", { cause });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

const PROFILE: ForeignPlace["profile"] = {
  scope: "host",
  durability: "process",
  readYourWrites: "always",
  eviction: "never",
  caveats: [
    "Files have no compare and set: writes of this process wait for each other, and of two processes " +
      "that write one session within the same moment one undoes the other.",
    "Django writes without looking: of two requests at once its own may undo what was written here.",
    "What has expired stays until clearsessions takes it away.",
    "Where a session says of itself that it lives so many seconds, Django's files live on; here they end.",
  ],
};
