import { posix } from "node:path";
import type { Project } from "../project.ts";
import type { Syntax } from "../syntax.ts";
import { isEsm, spellingIn } from "./imports.ts";
import { isSessionsModule, type ModuleKind } from "./sessions-module.ts";

interface Mounting {
  readonly path: string;
  readonly root: Syntax;
}

/** The module that a half moved application has its sessions from. */
export interface SessionsModule {
  readonly path: string;
  readonly kind: ModuleKind;
}

/**
 * The sessions' module of each program. Applications that lie side by side have one each; one within
 * another may be mounted in it, and has the same.
 */
export function modulesFor(
  project: Project,
  mountings: readonly Mounting[],
): (path: string) => SessionsModule {
  const outermost = mountings.filter(
    ({ path }) => !mountings.some((other) => other.path !== path && isAbove(other.path, path)),
  );
  const modules = outermost.map((mounting) => moduleFor(project, mounting));
  return (path) => {
    const at = outermost.findIndex((mounting) => isIn(posix.dirname(mounting.path), path));
    const [first] = modules;
    const own = modules[at] ?? first;
    if (own === undefined) throw new RangeError("There is no set-up to find the sessions of.");
    return own;
  };
}

/** Whether the folder of one holds the other's, or is the same and comes first. */
function isAbove(one: string, other: string): boolean {
  const [folder, within] = [posix.dirname(one), posix.dirname(other)];
  return folder === within ? one < other : isIn(folder, other);
}

function isIn(folder: string, path: string): boolean {
  return folder === "." || path.startsWith(`${folder}/`);
}

/** Beside the file that sets express-session up, and in its language. */
function moduleFor(project: Project, { path, root }: Mounting): SessionsModule {
  const extension = posix.extname(path).replace("x", "");
  const isTyped = extension.includes("ts");
  const kind = { extension, isTyped, isEsm: isEsm(root), spelling: spellingIn(root) };
  const names = ["sessions", "request-sessions", "sessions-of-requests"].map((name) =>
    posix.join(posix.dirname(path), name + extension),
  );
  const isOurs = (each: string): boolean => isSessionsModule(project.programs.get(each) ?? "");
  const isFree = (each: string): boolean => !project.programs.has(each);
  const found = names.find(isOurs) ?? names.find(isFree);
  return { path: found ?? posix.join(posix.dirname(path), `opened-sessions${extension}`), kind };
}
