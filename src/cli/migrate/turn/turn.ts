import { type Changed, type Left, leftAt, type Outcome } from "../change.ts";
import { edited } from "../edits.ts";
import type { Parser } from "../parsing.ts";
import type { Project } from "../project.ts";
import { NEW_MODULE } from "../swap/modules.ts";
import type { Syntax } from "../syntax.ts";
import { callsIn } from "./calls.ts";
import { majorOf } from "./express.ts";
import { modulesFor, type SessionsModule } from "./modules.ts";
import { type Place, placesIn } from "./places.ts";
import { isSessionsModule, sessionsModule } from "./sessions-module.ts";
import { setupsIn } from "./setup.ts";
import { isTest } from "./tests.ts";
import { type TurnedFile, turnedFile } from "./turned-file.ts";

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
  const mounting = programs.filter(({ setups }) => setups.length > 0);
  if (mounting.length === 0) {
    return { changed: [], turned: 0, left: [...left, ...unmounted(programs)], notes };
  }
  const moduleOf = modulesFor(project, mounting);
  const isCalledAtOnce = callsIn(project, parser);
  const files = programs.map((program) => {
    const major = majorOf(project, program.path);
    const module = moduleOf(program.path);
    return turnedFile({ ...program, module, around: { major, isCalledAtOnce } });
  });
  const changed = changesOf(project, programs, files, moduleOf);
  return {
    changed,
    turned: files.reduce((sum, { turned }) => sum + turned, 0),
    left: [...left, ...files.flatMap((file) => file.left)],
    notes,
  };
}

/** Programs whose module is in use, and that module. */
function changesOf(
  project: Project,
  programs: readonly Program[],
  files: readonly TurnedFile[],
  moduleOf: (path: string) => SessionsModule,
): Changed[] {
  const used = new Map<string, SessionsModule>();
  for (const [at, { path }] of programs.entries()) {
    const module = moduleOf(path);
    if ((files[at]?.turned ?? 0) > 0) used.set(module.path, module);
  }
  const changed = programs.flatMap(({ path, source }, at) => {
    const after = edited(source, files[at]?.edits ?? []);
    const isUsed = used.has(moduleOf(path).path);
    return isUsed && after !== source ? [{ path, before: source, after }] : [];
  });
  const written = [...used.values()]
    .filter(({ path }) => !project.programs.has(path))
    .map(({ path, kind }) => ({ path, before: undefined, after: sessionsModule(kind) }));
  return [...changed, ...written];
}

function programsOf(
  project: Project,
  parser: Parser,
): { readonly programs: Program[]; readonly left: Left[]; readonly inTests: number } {
  const programs: Program[] = [];
  const left: Left[] = [];
  let inTests = 0;
  for (const [path, source] of project.programs) {
    if (!mayHaveSessions(source)) continue;
    const root = parser(path, source);
    const places = root === undefined ? [] : [...placesIn(root)];
    if (isTest(path)) inTests += places.length;
    else if (root === undefined) left.push(...unread(path, source));
    else if (OTHERS.test(source)) left.push(...foreign(path, source, places));
    else programs.push({ path, source, root, places, setups: setupsIn(root) });
  }
  return { programs, left, inTests };
}

function mayHaveSessions(source: string): boolean {
  if (isSessionsModule(source)) return false;
  return /\bsession(ID|Store)?\b/.test(source) || source.includes(NEW_MODULE);
}

/** Libraries that put a session of their own on the request. */
const OTHERS = /['"](cookie-session|client-sessions|express-cookie-session)['"]/;

function foreign(path: string, source: string, places: readonly Place[]): Left[] {
  const reason = "the file has another library's sessions";
  return places.map(({ piece }) => leftAt(path, source, piece.start, reason));
}

function unread(path: string, source: string): Left[] {
  const found = [...source.matchAll(/\breq(uest)?\.session/g)];
  const reason = "the file cannot be read as JavaScript or TypeScript";
  return found.map(({ index }) => leftAt(path, source, index, reason));
}

function unmounted(programs: readonly Program[]): Left[] {
  const reason = `nothing here calls what ${NEW_MODULE} exports: the first step comes first`;
  return programs.flatMap(({ path, source, places }) =>
    places.map(({ piece }) => leftAt(path, source, piece.start, reason)),
  );
}
