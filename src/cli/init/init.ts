import { existsSync, lstatSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { readArguments } from "../arguments.ts";
import { printable } from "../printable.ts";
import type { ExitCode, World } from "../world.ts";
import { WrongInput } from "../wrong-input.ts";
import { plainJavaScript } from "./plain-javascript.ts";
import type { Project, Setup, SetupFile, StoreSetup } from "./setup.ts";
import { SETUPS, setupFor } from "./setups.ts";
import { STORES, storeFor } from "./stores.ts";

/** Writes a working set-up for the framework and the store that package.json names. */
export async function init(args: readonly string[], world: World): Promise<ExitCode> {
  const given = readArguments(args, { values: ["store", "folder"], flags: ["dry-run"] });
  const folder = resolve(world.folder, given.one("folder") ?? ".");
  const project = await projectIn(folder);
  const [name, ...surplus] = given.rest;
  if (surplus.length > 0) throw new WrongInput("one framework at a time: sojourn init [NAME].");
  const setup = chosenSetup(name, project);
  refuseJavaScript(setup, project);
  const store = chosenStore(given.one("store"), project, setup);
  world.print(`${setup.title}, sessions in ${store.name}\n\n`);
  for (const file of setup.files(project, store)) {
    await place(file, { folder, project, isDry: given.has("dry-run"), world });
  }
  world.print(`\n${nextSteps(setup, store, project).join("\n")}\n`);
  return 0;
}

async function projectIn(folder: string): Promise<Project> {
  const { dependencies = {}, devDependencies = {} } = parsed(await manifestIn(folder));
  const all = { ...devDependencies, ...dependencies };
  return {
    dependencies: all,
    isTypeScript: Object.hasOwn(all, "typescript") || existsSync(join(folder, "tsconfig.json")),
    hasFile: (path) => isThere(join(folder, path)),
  };
}

/** A link that leads nowhere is there, too: nothing is written through it. */
function isThere(file: string): boolean {
  try {
    lstatSync(file);
    return true;
  } catch {
    return false;
  }
}

async function manifestIn(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, "package.json"), "utf8");
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw new WrongInput(`package.json ${unreadable(error)}`);
    throw new WrongInput("there is no package.json here: run it in your project's folder.");
  }
}

function unreadable(error: unknown): string {
  return `cannot be read (${codeOf(error)}).`;
}

function codeOf(error: unknown): string {
  return String(Object(error).code ?? error);
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function parsed(text: string): Manifest {
  const manifest = jsonIn(text);
  if (typeof manifest === "object" && manifest !== null && !Array.isArray(manifest)) {
    return manifest;
  }
  throw new WrongInput("package.json must hold an object, with its dependencies.");
}

/** Editors of Windows begin a file with a mark of its encoding. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new WrongInput("package.json cannot be read: it is no JSON.");
  }
}

function refuseJavaScript({ title, onlyTypeScript }: Setup, { isTypeScript }: Project): void {
  if (isTypeScript || onlyTypeScript === undefined) return;
  throw new WrongInput(
    `the set-up of ${title} is TypeScript alone, ${onlyTypeScript}; this project has neither typescript ` +
      "in its package.json nor a tsconfig.json.",
  );
}

function chosenSetup(name: string | undefined, project: Project): Setup {
  const setup = name === undefined ? setupFor(project) : SETUPS.find((each) => each.name === name);
  if (setup !== undefined) return setup;
  const known = SETUPS.map((each) => each.name).join(", ");
  const problem =
    name === undefined
      ? "package.json names no framework that is known. Name one"
      : `${printable(name)} is not known. Known are`;
  throw new WrongInput(`${problem}: ${known}.`);
}

function chosenStore(name: string | undefined, project: Project, setup: Setup): StoreSetup {
  if (name === undefined) return setup.store ?? storeFor(project);
  if (setup.store !== undefined && name !== setup.store.name) {
    throw new WrongInput(`${setup.title} takes no --store but ${setup.store.name}.`);
  }
  if (setup.store !== undefined) return setup.store;
  const store = STORES.find((each) => each.name === name);
  if (store !== undefined) return store;
  const known = STORES.map((each) => each.name).join(", ");
  throw new WrongInput(`--store ${printable(name)} is not known. Known are: ${known}.`);
}

interface Placing {
  readonly folder: string;
  readonly project: Project;
  readonly isDry: boolean;
  readonly world: World;
}

/** Nothing that is there is ever changed. */
async function place(file: SetupFile, { folder, project, isDry, world }: Placing): Promise<void> {
  const { path, text } = inLanguageOf(project, file.path, file.text);
  if (!project.hasFile(path)) {
    world.print(`${world.paint("good", "writes")}  ${path}\n`);
    if (!isDry) await write(join(folder, path), { path, text });
    return;
  }
  const { sentence } = file.addition;
  const addition = inLanguageOf(project, file.path, file.addition.text).text;
  world.print(`${world.paint("doubtful", "is there")}  ${path}\n${indented(sentence)}\n`);
  world.print(`${indented(addition)}\n`);
}

/** Of two that write it at once, the first one's stays. */
async function write(file: string, { path, text }: { path: string; text: string }): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag: "wx" });
  } catch (error) {
    throw new WrongInput(
      `${path} cannot be written (${codeOf(error)}). What was written before it stays, and is not written again.`,
    );
  }
}

function inLanguageOf(
  { isTypeScript }: Project,
  path: string,
  text: string,
): { readonly path: string; readonly text: string } {
  return isTypeScript ? { path, text } : plainJavaScript(path, text);
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`.trimEnd())
    .join("\n");
}

function nextSteps(setup: Setup, { driver }: StoreSetup, { dependencies }: Project): string[] {
  const missing = ["sojourn", driver].filter(
    (name) => name !== undefined && !Object.hasOwn(dependencies, name),
  );
  const install = missing.length === 0 ? [] : [`npm install ${missing.join(" ")}`];
  return [...install, ...setup.next, `The guide: ${setup.guide} of the package.`];
}
