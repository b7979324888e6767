import { posix } from "node:path";
import { isName, literalText, type Syntax } from "../syntax.ts";
import { everyKnown } from "./every-known.ts";

/** What a file has imported of a helper's file. */
export interface HelperImports {
  /** The names in its imports that are the helper itself. */
  readonly bindings: ReadonlySet<Syntax>;
  /** The names that stand for all of the helper's file. */
  readonly spaces: ReadonlySet<string>;
}

interface Asked {
  readonly path: string;
  /** The file that the helper is in. */
  readonly home: string;
  readonly name: string;
}

/** `undefined` where the file does with its import what is not known here, such as to hand it on. */
export function importsOf(root: Syntax, asked: Asked): HelperImports | undefined {
  const specifiers = [...root.all()].filter((piece) => mayMean(piece, asked));
  const taken = everyKnown(specifiers.map(takenFrom))?.flat();
  if (taken === undefined) return undefined;
  const spaces = new Set(taken.filter(isSpace).map(({ text }) => text));
  const bindings = new Set(taken.filter((name) => !isSpace(name) && name.text === asked.name));
  return [...spaces].every((space) => isOnlyAsked(root, space)) ? { bindings, spaces } : undefined;
}

/** Whether a text names the helper's file, as far as can be seen. */
function mayMean(piece: Syntax, { path, home }: Asked): boolean {
  const specifier = literalText(piece);
  if (specifier === undefined) return false;
  if (!/^\.{1,2}(\/|$)/.test(specifier)) return isAliasOf(piece, specifier, home);
  return pathless(posix.join(posix.dirname(path), specifier)) === pathless(home);
}

/** `@/auth/utils`, where a project has such names: it may be the file, or it may not. */
function isAliasOf({ parent }: Syntax, specifier: string, home: string): boolean {
  const isModule = parent?.kind === "import_statement" || parent?.kind === "arguments";
  const isNamed = /^[^/]+\//.test(specifier);
  return isModule && isNamed && pathless(specifier).split("/").at(-1) === stemOf(home);
}

/** What every import of a file has in it; `""` where there is no such thing. */
export function stemOf(path: string): string {
  return pathless(path).split("/").at(-1) ?? "";
}

/** Without what may be left out of a path to a program. */
function pathless(path: string): string {
  const whole = path.replace(/\/$/, "").replace(/\.[cm]?[jt]sx?$/, "");
  return whole === "." ? "" : whole.replace(/(^|\/)index$/, "");
}

/** The names that an import gives to what it takes. */
function takenFrom(specifier: Syntax): Syntax[] | undefined {
  const { parent } = specifier;
  if (parent?.kind === "import_statement") return importedNames(parent);
  const call = parent?.kind === "arguments" ? parent.parent : undefined;
  const declarator = call?.first?.text === "require" ? call.parent : undefined;
  if (declarator?.kind !== "variable_declarator" || declarator.first === undefined) {
    return undefined;
  }
  return namesIn(declarator.first);
}

function importedNames(statement: Syntax): Syntax[] | undefined {
  const clause = statement.children.find(({ kind }) => kind === "import_clause");
  const names = (clause?.children ?? []).map((child) => {
    if (child.kind === "identifier") return [child];
    if (child.kind === "namespace_import") return child.children;
    const specifiers = child.children;
    // Another name for it would have to be followed.
    return specifiers.every(({ children }) => children.length === 1)
      ? specifiers.flatMap(({ children }) => children)
      : undefined;
  });
  return names.every((each) => each !== undefined) ? names.flat() : undefined;
}

function namesIn(pattern: Syntax): Syntax[] | undefined {
  if (pattern.kind === "identifier") return [pattern];
  const isPlain = pattern.children.every(({ kind }) => kind.startsWith("shorthand"));
  return pattern.kind === "object_pattern" && isPlain ? [...pattern.children] : undefined;
}

/** Whether a name stands for a whole file, rather than for something in it. */
function isSpace({ kind, parent }: Syntax): boolean {
  return kind === "identifier" && parent?.kind !== "import_specifier";
}

/** Whether such a name is asked for what is in the file, and nothing else. */
function isOnlyAsked(root: Syntax, space: string): boolean {
  for (const piece of root.all()) {
    if (!isName(piece) || piece.text !== space) continue;
    const { parent } = piece;
    const isDeclared =
      parent?.kind === "variable_declarator" ||
      parent?.kind === "import_clause" ||
      parent?.kind === "namespace_import";
    const isAsked = parent?.kind === "member_expression" && parent.first === piece;
    if (!isDeclared && !isAsked) return false;
  }
  return true;
}
