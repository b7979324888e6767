import { type Changed, type Left, leftAt, type Outcome } from "../change.ts";
import { type Edit, edited } from "../edits.ts";
import type { Parser } from "../parsing.ts";
import type { Project } from "../project.ts";
import { NEW_MODULE } from "../swap/modules.ts";
import type { Syntax } from "../syntax.ts";
import { callsByName } from "./calls.ts";
import { majorOf } from "./express.ts";
import type { Callers, HelperCall } from "./helpers.ts";
import { modulesFor, type SessionsModule } from "./modules.ts";
import { type Place, placesIn } from "./places.ts";
import { isSessionsModule, sessionsModule } from "./sessions-module.ts";
import { setupsIn } from "./setup.ts";
import { type Sources, sourcesOf } from "./sources.ts";
import { isTest } from "./tests.ts";
import { allEdits, type TurnedFile, turnedFile } from "./turned-file.ts";

interface Program {
  readonly path: string;
  readonly source: string;
  readonly root: Syntax;
  readonly places: readonly Place[];
  readonly setups: readonly Syntax[];
}

/** The second step: handlers open their sessions rather than find them on the request. */
export function turn(project: Project, parser: Parser): Outcome {
  return turnedBut(new Set(), project, parser);
}

/** The same without some programs, of which no program would come. */
function turnedBut(spoiled: ReadonlySet<string>, project: Project, parser: Parser): Outcome {
  const all = sourcesOf(project, parser);
  const rootOf: Sources["rootOf"] = (path) => (spoiled.has(path) ? undefined : all.rootOf(path));
  const sources = { ...all, rootOf };
  const { programs, left, inTests } = programsOf(sources);
  const notes = inTests === 0 ? [] : [`${inTests} places in tests stay as they are.`];
  const mounting = programs.filter(({ setups }) => setups.length > 0);
  if (mounting.length === 0) {
    return { changed: [], turned: 0, left: [...left, ...unmounted(programs)], notes };
  }
  const moduleOf = modulesFor(project, mounting);
  const calls = callsByName(sources);
  const aroundOf: Callers["aroundOf"] = (path) => ({ major: majorOf(project, path), ...calls });
  const files = programs.map((program) => turnedFile(program, { ...sources, aroundOf }));
  const changed = changesOf(project, withCallers(programs, files, sources), moduleOf);
  const wrong = changed.filter(({ path, after }) => parser(path, after) === undefined);
  if (wrong.length > 0) {
    return turnedBut(new Set([...spoiled, ...wrong.map(({ path }) => path)]), project, parser);
  }
  return {
    changed,
    turned: files.reduce((sum, { turned }) => sum + turned, 0),
    left: [...left, ...closedPlaces(project), ...files.flatMap((file) => file.left)],
    notes,
  };
}

interface Turning {
  readonly program: Program;
  readonly file: Pick<TurnedFile, "edits" | "turned" | "opened">;
  /** Calls in it that wait from now on. */
  readonly calls: readonly HelperCall[];
}

const UNTURNED: Turning["file"] = { edits: [], turned: 0, opened: new Set() };

/** Programs with places, and those that only call a helper which has to be waited for. */
function withCallers(
  programs: readonly Program[],
  files: readonly TurnedFile[],
  { sourceOf, rootOf }: Sources,
): Turning[] {
  const calls = files.flatMap((file) => file.calls);
  const callsAt = (path: string): HelperCall[] => calls.filter((call) => call.path === path);
  const known = new Set(programs.map(({ path }) => path));
  const others = [...new Set(calls.map(({ path }) => path))].filter((path) => !known.has(path));
  return [
    ...programs.map((program, at) => {
      return { program, file: files[at] ?? UNTURNED, calls: callsAt(program.path) };
    }),
    ...others.flatMap((path) => {
      const root = rootOf(path);
      if (root === undefined) return [];
      const program = { path, source: sourceOf(path), root, places: [], setups: [] };
      return [{ program, file: UNTURNED, calls: callsAt(path) }];
    }),
  ];
}

/** Programs whose module is in use, and that module. */
function changesOf(
  project: Project,
  turnings: readonly Turning[],
  moduleOf: (path: string) => SessionsModule,
): Changed[] {
  const used = new Map<string, SessionsModule>();
  for (const { program, file, calls } of turnings) {
    const module = moduleOf(program.path);
    if (file.turned > 0 || calls.length > 0) used.set(module.path, module);
  }
  const changed = turnings.flatMap(({ program, file, calls }) => {
    const { path, source } = program;
    const module = moduleOf(path);
    const edits = allEdits(program, file, { calls, module });
    const after = edited(source, source.includes("\r\n") ? edits.map(withReturns) : edits);
    return used.has(module.path) && after !== source ? [{ path, before: source, after }] : [];
  });
  const written = [...used.values()]
    .filter(({ path }) => !project.programs.has(path))
    .map(({ path, kind }) => ({ path, before: undefined, after: sessionsModule(kind) }));
  return [...changed, ...written];
}

/** With the ends of lines that the file has. */
function withReturns({ text, ...edit }: Edit): Edit {
  return { ...edit, text: text.replace(/\r?\n/g, "\r\n") };
}

function programsOf({ paths, sourceOf, rootOf }: Sources): {
  readonly programs: Program[];
  readonly left: Left[];
  readonly inTests: number;
} {
  const programs: Program[] = [];
  const left: Left[] = [];
  let inTests = 0;
  for (const path of paths) {
    const source = sourceOf(path);
    if (!mayHaveSessions(source)) continue;
    const root = rootOf(path);
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

/** The first place of each program that cannot be turned. */
function closedPlaces({ closed }: Project): Left[] {
  return [...closed]
    .filter(([path]) => !isTest(path))
    .flatMap(([path, { text, reason }]) => mentions(path, text, reason).slice(0, 1));
}

function unread(path: string, source: string): Left[] {
  const reason = "the file cannot be read as JavaScript or TypeScript, or could not afterwards";
  return mentions(path, source, reason);
}

function mentions(path: string, source: string, reason: string): Left[] {
  const found = [...source.matchAll(/\breq(uest)?\.session/g)];
  return found.map(({ index }) => leftAt(path, source, index, reason));
}

function unmounted(programs: readonly Program[]): Left[] {
  const reason = `nothing here calls what ${NEW_MODULE} exports: the first step comes first`;
  return programs.flatMap(({ path, source, places }) =>
    places.map(({ piece }) => leftAt(path, source, piece.start, reason)),
  );
}
