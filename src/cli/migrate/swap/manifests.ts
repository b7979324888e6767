import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Changed, Left } from "../change.ts";
import type { Project } from "../project.ts";
import { NEW_MODULE, OLD_MODULE } from "./modules.ts";

const OWN = "sojourn";
const TYPES = "@types/express-session";
const SECTIONS = ["dependencies", "devDependencies", "optionalDependencies"] as const;
/** Where it is not installed, its name tells whether it may need express-session beside it. */
const MAY_BE_STORE = /session|^connect-|-store$/;
const NO_STORE = /^(@types\/.*|cookie-session|connect-(flash|ensure-login|timeout|livereload))$/;

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

interface Manifests {
  readonly changed: readonly Changed[];
  readonly notes: readonly string[];
}

/** The package.json files that name express-session, as they are to be after the swap. */
export async function changedManifests(
  project: Project,
  done: { readonly changed: readonly Changed[]; readonly left: readonly Left[] },
): Promise<Manifests> {
  const changed: Changed[] = [];
  const notes: string[] = [];
  for (const [path, before] of project.manifests) {
    const manifest = parsed(before);
    if (manifest === undefined || !names(manifest, OLD_MODULE)) continue;
    if (!isInUse(project, done.changed, dirname(path))) continue;
    const needs = await needsOf(join(project.folder, dirname(path)), manifest, done.left);
    const after = written(before, renewed(manifest, needs.length === 0));
    notes.push(...needs.map((need) => `${path} keeps ${OLD_MODULE}: ${need}.`));
    notes.push(...oldTools(manifest).map((tool) => `${path} has ${tool}.`));
    if (after !== before) changed.push({ path, before, after });
  }
  return { changed, notes };
}

/** Whether a program of that folder has the drop-in. */
function isInUse(project: Project, changed: readonly Changed[], folder: string): boolean {
  const isIn = (path: string): boolean => folder === "." || path.startsWith(`${folder}/`);
  const texts = [...changed.map(({ path, after }) => [path, after] as const), ...project.programs];
  return texts.some(([path, text]) => isIn(path) && text.includes(NEW_MODULE));
}

async function needsOf(
  folder: string,
  manifest: Manifest,
  left: readonly Left[],
): Promise<string[]> {
  const needs = left.length === 0 ? [] : ["there are places that are left to you"];
  for (const name of Object.keys({ ...manifest.devDependencies, ...manifest.dependencies })) {
    if (name === OLD_MODULE || name === TYPES || name === OWN) continue;
    const need = await needOf(folder, name);
    if (need !== undefined) needs.push(need);
  }
  return needs;
}

/** Whether a package wants express-session beside it, as connect-redis does. */
async function needOf(folder: string, name: string): Promise<string | undefined> {
  const path = join(folder, "node_modules", name, "package.json");
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) {
    const mayBe = MAY_BE_STORE.test(name) && !NO_STORE.test(name);
    return mayBe ? `${name} may ask for it, and is not installed` : undefined;
  }
  const isAsked = Object.hasOwn(parsed(text)?.peerDependencies ?? {}, OLD_MODULE);
  return isAsked ? `${name} asks for it` : undefined;
}

/** What knows no subpaths of a package, such as `sojourn/express-session`. */
function oldTools({ dependencies, devDependencies }: Manifest): string[] {
  const all = { ...dependencies, ...devDependencies };
  return SUBPATHS_SINCE.flatMap(([name, major, minor, more]) => {
    const [, ownMajor, ownMinor] = /(\d+)(?:\.(\d+))?/.exec(all[name] ?? "") ?? [];
    if (ownMajor === undefined) return [];
    const isOld =
      Number(ownMajor) < major || (Number(ownMajor) === major && Number(ownMinor ?? minor) < minor);
    return isOld ? [`${name} ${all[name]}, which knows no ${NEW_MODULE}: ${more}`] : [];
  });
}

const SUBPATHS_SINCE = [
  ["typescript", 4, 7, 'it takes 4.7, and "moduleResolution": "node16" or "bundler"'],
  ["jest", 28, 0, "it takes 28"],
] as const;

function renewed(manifest: Manifest, isOver: boolean): Manifest {
  const next = structuredClone(manifest);
  const section = SECTIONS.find((each) => Object.hasOwn(next[each] ?? {}, OLD_MODULE));
  if (section !== undefined && !names(next, OWN)) {
    next[section] = inOrder({ ...next[section], [OWN]: `^${ownVersion()}` });
  }
  if (!isOver) return next;
  for (const each of SECTIONS) {
    delete next[each]?.[OLD_MODULE];
    delete next[each]?.[TYPES];
  }
  return next;
}

function names(manifest: Manifest, name: string): boolean {
  return SECTIONS.some((section) => Object.hasOwn(manifest[section] ?? {}, name));
}

/** As npm writes it, where it was so before; else at the end. */
function inOrder(section: Record<string, string>): Record<string, string> {
  const keys = Object.keys(section);
  const before = keys.slice(0, -1);
  const isSorted = before.every((key, place) => place === 0 || (before[place - 1] ?? "") <= key);
  return isSorted ? Object.fromEntries(Object.entries(section).sort(byKey)) : section;
}

function byKey([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1;
}

function ownVersion(): string {
  const { version } = createRequire(import.meta.url)("sojourn/package.json") as { version: string };
  return version;
}

function parsed(text: string): Manifest | undefined {
  try {
    return Object(JSON.parse(text)) as Manifest;
  } catch {
    return undefined;
  }
}

/** With the indentation and the end that the file had. */
function written(before: string, manifest: Manifest): string {
  const indent = /^[{[]\r?\n([ \t]+)/.exec(before)?.[1] ?? "  ";
  const end = /\s*$/.exec(before)?.[0] ?? "";
  const text = JSON.stringify(manifest, null, indent) + end;
  return before.includes("\r\n") ? text.replace(/\r?\n/g, "\r\n") : text;
}
