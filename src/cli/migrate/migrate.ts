import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { readArguments } from "../arguments.ts";
import { printable } from "../printable.ts";
import type { ExitCode, World } from "../world.ts";
import { WrongInput } from "../wrong-input.ts";
import type { Outcome } from "./change.ts";
import { loadParser, type Parser } from "./parsing.ts";
import { hasUncommitted, type Project, projectIn } from "./project.ts";
import { outcomeText } from "./report.ts";
import { swap } from "./swap/swap.ts";
import { turn } from "./turn/turn.ts";

/** Turns the programs of a project from another session library to this one, a step at a time. */
export async function migrate(args: readonly string[], world: World): Promise<ExitCode> {
  const given = readArguments(args, {
    values: ["folder", "step"],
    flags: ["write", "force", "list"],
  });
  const step = stepOf(given.one("step"));
  requireKnown(given.rest);
  const folder = resolve(world.folder, given.one("folder") ?? ".");
  if (given.has("write") && !given.has("force")) await requireCommitted(folder);
  const parser = await loadParser(folder);
  const project = await projectIn(folder);
  const first = await swap(project, parser);
  const outcome = step === 1 ? first : turnedOn(project, first, parser);
  if (given.has("write")) await write(folder, outcome);
  const isListed = given.has("list") || given.has("write");
  world.print(outcomeText(outcome, { isWritten: given.has("write"), isListed, step }, world.paint));
  return outcome.left.length === 0 ? 0 : 1;
}

export type Step = 1 | 2;

function stepOf(given: string | undefined): Step {
  if (given === undefined || given === "1") return 1;
  if (given === "2") return 2;
  throw new WrongInput(`--step is 1, the imports, or 2, the handlers: not ${printable(given)}.`);
}

function requireKnown(names: readonly string[]): void {
  if (names.length === 1 && names[0] === "express-session") return;
  throw new WrongInput("it knows express-session: sojourn migrate express-session [--step 2].");
}

async function requireCommitted(folder: string): Promise<void> {
  if (!(await hasUncommitted(folder))) return;
  throw new WrongInput(
    "there are changes here that are not committed, which it would mix with its own: " +
      "commit them, or say --force.",
  );
}

/** The second step after the first: again while there is more, as a helper follows its callers. */
function turnedOn(project: Project, first: Outcome, parser: Parser): Outcome {
  let outcome: Outcome = { ...first, left: [] };
  for (;;) {
    const next = turn(after(project, outcome), parser);
    outcome = joined(outcome, next);
    if (next.changed.length === 0) return { ...outcome, left: [...first.left, ...next.left] };
  }
}

/** The project as a step leaves it. */
function after(project: Project, { changed }: Outcome): Project {
  const programs = new Map(project.programs);
  for (const { path, after: text } of changed) {
    if (!path.endsWith(".json")) programs.set(path, text);
  }
  return { ...project, programs };
}

/** One outcome after another: a file that both change is one change. */
function joined(first: Outcome, second: Outcome): Outcome {
  const before = new Map(first.changed.map((each) => [each.path, each]));
  const again = new Set(second.changed.map(({ path }) => path));
  return {
    changed: [
      ...first.changed.filter(({ path }) => !again.has(path)),
      ...second.changed.map((each) => {
        const earlier = before.get(each.path);
        return earlier === undefined ? each : { ...each, before: earlier.before };
      }),
    ],
    turned: first.turned + second.turned,
    left: second.left,
    notes: [...new Set([...first.notes, ...second.notes])],
  };
}

async function write(folder: string, { changed }: Outcome): Promise<void> {
  for (const { path, after: text } of changed) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
