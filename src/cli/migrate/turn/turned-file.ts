import { type Left, leftAt } from "../change.ts";
import type { Edit } from "../edits.ts";
import { functionAround, isName, type Syntax } from "../syntax.ts";
import { importEdit } from "./imports.ts";
import { ownersOf } from "./owner.ts";
import type { Place } from "./places.ts";
import type { ModuleKind } from "./sessions-module.ts";
import { isMounted, mountedEdits } from "./setup.ts";
import { turnedOwner } from "./turned-owner.ts";
import type { Surroundings } from "./waiting.ts";

export interface FileToTurn {
  readonly path: string;
  readonly source: string;
  readonly root: Syntax;
  readonly places: readonly Place[];
  readonly setups: readonly Syntax[];
  readonly module: { readonly path: string; readonly kind: ModuleKind };
  readonly around: Surroundings;
}

export interface TurnedFile {
  readonly edits: readonly Edit[];
  readonly turned: number;
  readonly left: readonly Left[];
}

/** What the names of the sessions' module are in a file. */
export interface Names {
  readonly sessions: string;
  readonly setJson: string;
}

/** One program, with its handlers turned, its set-up mounted and what that needs imported. */
export function turnedFile(file: FileToTurn): TurnedFile {
  const { path, source, root, places, setups } = file;
  const names = { sessions: nameFor("sessions", root), setJson: nameFor("setJson", root) };
  const quote = quoteOf(source);
  const { owners, homeless } = ownersOf(places);
  const left = homeless.map(([{ piece }, reason]) => leftAt(path, source, piece.start, reason));
  const edits: Edit[] = [];
  let turned = 0;
  for (const owner of owners) {
    const result = turnedOwner(owner, { source, names, quote, around: file.around });
    edits.push(...result.edits);
    turned += result.turned;
    left.push(...result.left.map(([piece, reason]) => leftAt(path, source, piece.start, reason)));
  }
  const mounting = setups.flatMap((setup) => mountedEdits(setup, "mounted"));
  const used = [
    ...(setups.some((setup) => !isMounted(setup)) ? ["mounted"] : []),
    ...importsOf(edits, names, root, path),
  ];
  const all = [...edits, ...mounting];
  if (used.length > 0) {
    const { module } = file;
    all.push(importEdit(source, root, { path, names: used, module, quote }));
  }
  return { edits: all, turned, left };
}

/** What the new text needs, and the file does not have from an earlier run. */
function importsOf(edits: readonly Edit[], names: Names, root: Syntax, _path: string): string[] {
  const text = edits.map((edit) => edit.text).join("\n");
  const isThere = (name: string): boolean =>
    [...root.all()].some((piece) => isName(piece) && piece.text === name && !isInFunction(piece));
  return (["sessions", "setJson"] as const)
    .filter((name) => new RegExp(`\\b${names[name]}[.(]`).test(text))
    .filter((name) => !(names[name] === name && isThere(name)))
    .map((name) => (names[name] === name ? name : `${name}: ${names[name]}`));
}

function isInFunction(piece: Syntax): boolean {
  return functionAround(piece) !== undefined;
}

/** The name itself, unless the file means another thing by it. */
function nameFor(name: "sessions" | "setJson", root: Syntax): string {
  const taken = [...root.all()].filter((piece) => isName(piece) && piece.text === name);
  const isOurs = taken.some(({ parent }) => {
    const statement = parent?.parent?.text ?? "";
    return /sessions(\.[cm]?[jt]s)?['"]/.test(statement);
  });
  if (taken.length === 0 || isOurs) return name;
  return name === "sessions" ? "appSessions" : "setJsonIn";
}

/** The one that the file has more of. */
function quoteOf(source: string): string {
  const count = (sign: string): number => source.split(sign).length;
  return count("'") > count('"') ? "'" : '"';
}
