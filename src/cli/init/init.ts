import { existsSync } from "node:fs";
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
  const store = chosenStore(given.one("store"), project, setup);
  world.print(`${setup.title}, sessions in ${store.name}\n\n`);
  for (const file of setup.files(project, store)) {
    await place(file, { folder, project, isDry: given.has("dry-run"), world });
  }
  world.print(`\n${nextSteps(setup, store, project).join("\n")}\n`);
  return 0;
}

async function projectIn(folder: string): Promise<Project> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => undefined);
  if (text === undefined) {
    throw new WrongInput("there is no package.json here: run it in your project's folder.");
  }
  const { dependencies = {}, devDependencies = {} } = parsed(text);
  const all = { ...devDependencies, ...dependencies };
  return {
    dependencies: all,
    isTypeScript: Object.hasOwn(all, "typescript") || existsSync(join(folder, "tsconfig.json")),
    hasFile: (path) => existsSync(join(folder, path)),
  };
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function parsed(text: string): Manifest {
  try {
    return Object(JSON.parse(text)) as Manifest;
  } catch {
    throw new WrongInput("package.json cannot be read: it is no JSON.");
  }
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
    if (isDry) return;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    // Two at once: the first one's stays.
    await writeFile(join(folder, path), text, { flag: "wx" });
    return;
  }
  const { sentence } = file.addition;
  const addition = inLanguageOf(project, file.path, file.addition.text).text;
  world.print(`${world.paint("doubtful", "is there")}  ${path}\n${indented(sentence)}\n`);
  world.print(`${indented(addition)}\n`);
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
