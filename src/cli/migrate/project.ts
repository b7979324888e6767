import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Programs that somebody edits are smaller. */
const MAX_BYTES = 512 * 1024;
/** And those that are bundled from others. */
const MAX_BUNDLED_BYTES = 16 * 1024 * 1024;
const PROGRAM = /\.[cm]?[jt]sx?$/;
const BUILT = /\.min\.[cm]?js$|\.bundle\.js$|\.d\.[cm]?ts\.map$/;
const NOT_OURS = new Set([
  "node_modules",
  "bower_components",
  "dist",
  "build",
  "coverage",
  "vendor",
]);

/** Programs and package.json files of a project, by their paths in its folder. */
export interface Project {
  readonly folder: string;
  readonly programs: ReadonlyMap<string, string>;
  /** Programs that cannot be turned, whatever is in them, and why. */
  readonly closed: ReadonlyMap<string, ClosedProgram>;
  readonly manifests: ReadonlyMap<string, string>;
}

interface ClosedProgram {
  readonly text: string;
  readonly reason: string;
}

export async function projectIn(folder: string): Promise<Project> {
  const paths = (await pathsOfGit(folder)) ?? (await pathsBelow(folder));
  const isManifest = (path: string): boolean => /(^|\/)package\.json$/.test(path);
  const own = paths.filter((path) => !path.split("/").some((part) => NOT_OURS.has(part))).sort();
  const isProgram = (path: string): boolean => PROGRAM.test(path) && !BUILT.test(path);
  const programs = new Map<string, string>();
  const closed = new Map<string, ClosedProgram>();
  for (const [path, bytes] of await bytesOf(folder, own.filter(isProgram))) {
    const text = textOf(bytes);
    if (bytes.length > MAX_BYTES) closed.set(path, { text: bytes.toString(), reason: LARGE });
    else if (text === undefined) closed.set(path, { text: bytes.toString(), reason: NO_TEXT });
    else programs.set(path, text);
  }
  const manifests = await bytesOf(folder, own.filter(isManifest));
  const texts = [...manifests].map(([path, bytes]) => [path, textOf(bytes)] as const);
  return {
    folder,
    programs,
    closed,
    manifests: new Map(texts.filter((each): each is [string, string] => each[1] !== undefined)),
  };
}

/** Whether git has changes here that it does not know yet; `false` too where there is no git. */
export async function hasUncommitted(folder: string): Promise<boolean> {
  const status = await git(folder, ["status", "--porcelain", "--", "."]);
  return status !== undefined && status.trim() !== "";
}

/** What git knows, and what it does not ignore. */
async function pathsOfGit(folder: string): Promise<string[] | undefined> {
  const listed = await git(folder, ["ls-files", "-z", "-co", "--exclude-standard", "--", "."]);
  return listed?.split("\0").filter((path) => path !== "");
}

async function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run("git", args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch {
    return undefined;
  }
}

async function pathsBelow(folder: string, path = ""): Promise<string[]> {
  const entries = await readdir(join(folder, path), { withFileTypes: true });
  const paths = entries.map(async (entry) => {
    const at = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isFile()) return [at];
    const isSkipped = entry.name.startsWith(".") || NOT_OURS.has(entry.name);
    return entry.isDirectory() && !isSkipped ? pathsBelow(folder, at) : [];
  });
  return (await Promise.all(paths)).flat();
}

async function bytesOf(folder: string, paths: readonly string[]): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const path of paths) {
    const at = join(folder, path);
    const file = await stat(at).catch(() => undefined);
    const isRead = file?.isFile() === true && file.size <= MAX_BUNDLED_BYTES;
    if (isRead) found.set(path, await readFile(at));
  }
  return found;
}

const LARGE = "the file is too large: turn what it is made of";
const NO_TEXT = "the file is no UTF-8, and would be another one when it is written";

/** `undefined` where it would not be the same bytes when it is written again. */
function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
