import { type Left, leftAt } from "../change.ts";
import type { Edit } from "../edits.ts";
import type { Syntax } from "../syntax.ts";
import { type Imported, importEdit } from "./imports.ts";
import { EXPORTS, importedNames, type Names, namesIn } from "./names.ts";
import { ownersOf } from "./owner.ts";
import type { Place } from "./places.ts";
import type { ModuleKind } from "./sessions-module.ts";
import { mountedEdits } from "./setup.ts";
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

/** One program, with its handlers turned, its set-up mounted and what that needs imported. */
export function turnedFile(file: FileToTurn): TurnedFile {
  const { path, source, root, places, setups } = file;
  const names = namesIn(root);
  const quote = quoteOf(source);
  const { owners, homeless } = ownersOf(places);
  const left = homeless.map(([{ piece }, reason]) => leftAt(path, source, piece.start, reason));
  const edits: Edit[] = [];
  let turned = 0;
  for (const owner of owners) {
    const result = turnedOwner(owner, { source, root, names, quote, around: file.around });
    edits.push(...result.edits);
    turned += result.turned;
    left.push(...result.left.map(([piece, reason]) => leftAt(path, source, piece.start, reason)));
  }
  edits.push(...setups.flatMap((setup) => mountedEdits(setup, names.mounted)));
  const imports = importsOf(edits, names, root);
  if (imports.length > 0) {
    const { module } = file;
    // First: where nothing else is imported, it stands before whatever begins there.
    edits.unshift(importEdit(source, root, { path, names: imports, module, quote }));
  }
  return { edits, turned, left };
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
