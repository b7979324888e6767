import { posix } from "node:path";
import { type Edit, insertion } from "../edits.ts";
import { literalText, type Syntax } from "../syntax.ts";
import { ended } from "./block.ts";
import type { ModuleKind } from "./sessions-module.ts";

/** Whether a program has `import` or `export`. */
export function isEsm(root: Syntax): boolean {
  return root.children.some(
    ({ kind }) => kind === "import_statement" || kind === "export_statement",
  );
}

/** A name that is imported, under its own name or another. */
export interface Imported {
  readonly name: string;
  readonly local: string;
}

interface Import {
  /** Of the file that imports. */
  readonly path: string;
  readonly names: readonly Imported[];
  readonly module: { readonly path: string; readonly kind: ModuleKind };
  readonly quote: string;
}

/** The line that a file has its sessions by, after its other imports. */
export function importEdit(source: string, root: Syntax, given: Import): Edit {
  const isImport = isEsm(root);
  const from = specifier(given, root);
  const as = isImport ? " as" : ":";
  const names = given.names
    .map(({ name, local }) => (name === local ? name : `${name}${as} ${local}`))
    .join(", ");
  const before = lastImport(root, isImport) ?? root.children.findLast(isDirective);
  const next = root.children[before === undefined ? 0 : root.children.indexOf(before) + 1];
  const end = hasSemicolons(source) ? ";" : "";
  const quoted = given.quote + from + given.quote;
  const text = isImport
    ? `import { ${names} } from ${quoted}${end}`
    : `const { ${names} } = require(${quoted})${end}`;
  const line = ended(text, next);
  if (before === undefined) return insertion(source.startsWith(MARK) ? 1 : 0, `${line}\n\n`);
  return insertion(before.end, isDirective(before) ? `\n\n${line}` : `\n${line}`);
}

/** Of the order of bytes: nothing stands before it. */
const MARK = "\uFEFF";

function hasSemicolons(source: string): boolean {
  return /;[ \t]*\r?$/m.test(source);
}

function isDirective({ kind, first }: Syntax): boolean {
  return kind === "hash_bang_line" || (kind === "expression_statement" && first?.kind === "string");
}

/** Of the imports at the head of a file; a later one may hang on what comes before it. */
function lastImport(root: Syntax, isImport: boolean): Syntax | undefined {
  if (isImport) return root.children.findLast(({ kind }) => kind === "import_statement");
  const from = root.children.findIndex(isRequire);
  if (from < 0) return undefined;
  const after = root.children.findIndex((child, at) => at > from && !isRequire(child));
  return root.children[(after < 0 ? root.children.length : after) - 1];
}

function isRequire({ kind, text }: Syntax): boolean {
  const isDeclaration = kind === "lexical_declaration" || kind === "variable_declaration";
  return isDeclaration && /\brequire\s*\(/.test(text) && !/=>|\bfunction\b/.test(text);
}

function specifier({ path, module }: Import, root: Syntax): string {
  const relative = posix.relative(posix.dirname(path), module.path);
  const dotted = relative.startsWith(".") ? relative : `./${relative}`;
  const bareName = dotted.slice(0, -module.kind.extension.length);
  return bareName + writtenExtension(path, module.kind, root);
}

/** As the file's other imports of its own project have it, or those of the file that mounts. */
function writtenExtension(path: string, kind: ModuleKind, root: Syntax): string {
  const { extension, isTyped, spelling } = kind;
  const written = spellingIn(root) ?? spelling;
  if (isTyped) return written ?? "";
  const isNeeded = isEsm(root) || extension !== ".js" || path.endsWith(".mjs");
  return written === "" || (written === undefined && !isNeeded) ? "" : extension;
}

/** The extension that a file imports others of its project by; `""` for none. */
export function spellingIn(root: Syntax): string | undefined {
  for (const piece of root.all()) {
    if (piece.parent?.kind !== "import_statement") continue;
    const name = literalText(piece);
    if (name?.startsWith(".") === true) return /\.[cm]?[jt]s$/.exec(name)?.[0] ?? "";
  }
  return undefined;
}
