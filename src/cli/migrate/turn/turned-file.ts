import { type Left, leftAt } from "../change.ts";
import type { Edit } from "../edits.ts";
import type { Syntax } from "../syntax.ts";
import { awaitedAt, type Callers, type HelperCall } from "./helpers.ts";
import { type Imported, importEdit } from "./imports.ts";
import { EXPORTS, importedNames, type Names, namesIn } from "./names.ts";
import { openingEdits } from "./opening.ts";
import { ownersOf } from "./owner.ts";
import type { Place } from "./places.ts";
import type { ModuleKind } from "./sessions-module.ts";
import { mountedEdits } from "./setup.ts";
import { stepOf, turnedOwner } from "./turned-owner.ts";

export interface FileToTurn {
  readonly path: string;
  readonly source: string;
  readonly root: Syntax;
  readonly places: readonly Place[];
  readonly setups: readonly Syntax[];
}

/** A file whose handlers are turned, and what other files have to do for that. */
export interface TurnedFile {
  readonly edits: readonly Edit[];
  readonly turned: number;
  readonly left: readonly Left[];
  /** Calls of its helpers, in any file. */
  readonly calls: readonly HelperCall[];
  /** Functions that wait from now on. */
  readonly opened: ReadonlySet<Syntax>;
}

/** The handlers and helpers of one program. */
export function turnedFile(file: FileToTurn, callers: Callers): TurnedFile {
  const { path, source, root, places } = file;
  const manner = { path, source, names: namesIn(root), quote: quoteOf(source), callers };
  const { owners, homeless } = ownersOf(places);
  const left = homeless.map(([{ piece }, reason]) => leftAt(path, source, piece.start, reason));
  const edits: Edit[] = [];
  const calls: HelperCall[] = [];
  const opened = new Set<Syntax>();
  let turned = 0;
  for (const owner of owners) {
    const result = turnedOwner(owner, { ...manner, around: callers.aroundOf(path) });
    edits.push(...result.edits);
    calls.push(...result.calls);
    if (result.turned > 0) opened.add(owner.piece);
    turned += result.turned;
    left.push(...result.left.map(([piece, reason]) => leftAt(path, source, piece.start, reason)));
  }
  return { edits, turned, left, calls, opened };
}

/** All edits of a file: also those that calls of helpers ask for, its set-up and its imports. */
export function allEdits(
  file: FileToTurn,
  { edits, opened }: Pick<TurnedFile, "edits" | "opened">,
  around: {
    readonly calls: readonly HelperCall[];
    readonly module: { readonly path: string; readonly kind: ModuleKind };
  },
): Edit[] {
  const { path, source, root, setups } = file;
  const names = namesIn(root);
  const all = [
    ...edits,
    ...callEdits(file, around.calls, { opened, caught: names.caught }),
    ...setups.flatMap((setup) => mountedEdits(setup, names.mounted)),
  ];
  const imports = importsOf(all, names, root);
  if (imports.length === 0) return all;
  const { module } = around;
  const quote = quoteOf(source);
  // First: where nothing else is imported, it stands before whatever begins there.
  return [importEdit(source, root, { path, names: imports, module, quote }), ...all];
}

/** Calls that are waited for, and the functions around them, which have to wait themselves. */
function callEdits(
  { source }: FileToTurn,
  calls: readonly HelperCall[],
  { opened, caught }: { readonly opened: ReadonlySet<Syntax>; readonly caught: string },
): Edit[] {
  const made = new Set(opened);
  const edits: Edit[] = [];
  for (const call of calls) {
    edits.push(...awaitedAt(call));
    const { owner, waiting } = call;
    if (made.has(owner)) continue;
    made.add(owner);
    const opening = { statement: undefined, waiting, step: stepOf(source), caught };
    edits.push(...openingEdits(source, owner, opening));
  }
  return edits;
}

/** What the new text needs, and the file does not have from an earlier run. */
function importsOf(edits: readonly Edit[], names: Names, root: Syntax): Imported[] {
  const text = edits.map((edit) => edit.text).join("\n");
  const before = importedNames(root);
  return EXPORTS.map((name) => ({ name, local: names[name] })).filter(
    ({ local }) => new RegExp(`\\b${local}[.(]`).test(text) && !before.has(local),
  );
}

/** The one that the file has more of. */
function quoteOf(source: string): string {
  const count = (sign: string): number => source.split(sign).length;
  return count("'") > count('"') ? "'" : '"';
}
