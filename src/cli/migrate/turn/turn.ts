import { posix } from "node:path";
import { type Changed, type Left, leftAt, type Outcome } from "../change.ts";
import { edited } from "../edits.ts";
import type { Parser } from "../parsing.ts";
import type { Project } from "../project.ts";
import { NEW_MODULE } from "../swap/modules.ts";
import type { Syntax } from "../syntax.ts";
import { callsIn } from "./calls.ts";
import { majorOf } from "./express.ts";
import { isEsm } from "./imports.ts";
import { type Place, placesIn } from "./places.ts";
import { type ModuleKind, sessionsModule } from "./sessions-module.ts";
import { setupsIn } from "./setup.ts";
import { isTest } from "./tests.ts";
import { turnedFile } from "./turned-file.ts";

interface Program {
  readonly path: string;
  readonly source: string;
  readonly root: Syntax;
  readonly places: readonly Place[];
  readonly setups: readonly Syntax[];
}

/** The second step: handlers open their sessions rather than find them on the request. */
export function turn(project: Project, parser: Parser): Outcome {
  const { programs, left, inTests } = programsOf(project, parser);
  const notes = inTests === 0 ? [] : [`${inTests} places in tests stay as they are.`];
  const setup = programs.find(({ setups }) => setups.length > 0);
  if (setup === undefined)
    return { changed: [], turned: 0, left: [...left, ...unmounted(programs)], notes };
  const module = moduleFor(project, setup);
  const isCalledAtOnce = callsIn(project, parser);
  const files = programs.map((program) => {
    const major = majorOf(project, program.path);
    return turnedFile({ ...program, module, around: { major, isCalledAtOnce } });
  });
  const changed: Changed[] = [];
  for (const [at, { edits }] of files.entries()) {
    const program = programs[at];
    if (program === undefined || edits.length === 0) continue;
    const { path, source } = program;
    changed.push({ path, before: source, after: edited(source, edits) });
  }
  const isNew = changed.length > 0 && !project.programs.has(module.path);
  const written = { path: module.path, before: undefined, after: sessionsModule(module.kind) };
  return {
    changed: isNew ? [...changed, written] : changed,
    turned: files.reduce((sum, { turned }) => sum + turned, 0),
    left: [...left, ...files.flatMap((file) => file.left)],
    notes,
  };
}

function programsOf(
  project: Project,
  parser: Parser,
): { readonly programs: Program[]; readonly left: Left[]; readonly inTests: number } {
  const programs: Program[] = [];
  const left: Left[] = [];
  let inTests = 0;
  for (const [path, source] of project.programs) {
    if (!/\bsession(ID|Store)?\b/.test(source) && !source.includes(NEW_MODULE)) continue;
    const root = parser(path, source);
    if (root === undefined) {
      left.push(...unread(path, source));
      continue;
    }
    const places = [...placesIn(root)];
    if (isTest(path)) inTests += places.length;
    else programs.push({ path, source, root, places, setups: setupsIn(root) });
  }
  return { programs, left, inTests };
}

function unread(path: string, source: string): Left[] {
  const found = isTest(path) ? [] : [...source.matchAll(/\breq(uest)?\.session/g)];
  const reason = "the file cannot be read as JavaScript or TypeScript";
  return found.map(({ index }) => leftAt(path, source, index, reason));
}

function unmounted(programs: readonly Program[]): Left[] {
  const reason = `nothing here calls what ${NEW_MODULE} exports: the first step comes first`;
  return programs.flatMap(({ path, source, places }) =>
    places.map(({ piece }) => leftAt(path, source, piece.start, reason)),
  );
}

/** Beside the file that sets express-session up, and in its language. */
function moduleFor(
  project: Project,
  { path, root }: Program,
): { readonly path: string; readonly kind: ModuleKind } {
  const extension = posix.extname(path).replace("x", "");
  const kind = { extension, isTyped: extension.includes("ts"), isEsm: isEsm(root) };
  const names = ["sessions", "request-sessions", "app-sessions"].map((name) =>
    posix.join(posix.dirname(path), name + extension),
  );
  const isOurs = (each: string): boolean => project.programs.get(each) === sessionsModule(kind);
  const found = names.find(isOurs) ?? names.find((each) => !project.programs.has(each));
  return {
    path: found ?? posix.join(posix.dirname(path), `sessions-of-requests${extension}`),
    kind,
  };
}
