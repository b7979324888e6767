import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Built and bundled programs are larger, and nobody edits them. */
const MAX_BYTES = 512 * 1024;
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
  readonly manifests: ReadonlyMap<string, string>;
}

export async function projectIn(folder: string): Promise<Project> {
  const paths = (await pathsOfGit(folder)) ?? (await pathsBelow(folder));
  const isManifest = (path: string): boolean => /(^|\/)package\.json$/.test(path);
  const own = paths.filter((path) => !path.split("/").some((part) => NOT_OURS.has(part))).sort();
  return {
    folder,
    programs: await textsOf(
      folder,
      own.filter((path) => PROGRAM.test(path) && !BUILT.test(path)),
    ),
    manifests: await textsOf(folder, own.filter(isManifest)),
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

async function textsOf(folder: string, paths: readonly string[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const path of paths) {
    const text = await textOf(join(folder, path));
    if (text !== undefined) texts.set(path, text);
  }
  return texts;
}

async function textOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() && found.size <= MAX_BYTES ? readFile(path, "utf8") : undefined;
}
