import { type Edit, insertion } from "../edits.ts";
import { NEW_MODULE } from "../swap/modules.ts";
import { bare, literalText, type Syntax } from "../syntax.ts";

/** Calls that make the middleware: `session({ … })`. */
export function setupsIn(root: Syntax): Syntax[] {
  const names = new Set<string>();
  for (const piece of root.all()) for (const name of namesOf(piece)) names.add(name);
  return [...root.all()].filter((piece) => {
    const called = piece.kind === "call_expression" ? piece.first : undefined;
    if (called === undefined) return false;
    const callee = withoutDefault(bare(called));
    return callee.kind === "identifier" ? names.has(callee.text) : isRequired(callee);
  });
}

/** `session.default({ … })`, where all of the module has a name. */
function withoutDefault(callee: Syntax): Syntax {
  const { kind, first, last } = callee;
  const isDefault = kind === "member_expression" && last?.text === "default";
  return isDefault && first !== undefined ? bare(first) : callee;
}

/** The names that the drop-in has in a file. */
function namesOf(piece: Syntax): string[] {
  if (piece.kind === "variable_declarator" && piece.last !== undefined && isRequired(piece.last)) {
    return piece.first?.kind === "identifier" ? [piece.first.text] : [];
  }
  if (piece.kind === "import_require_clause" && isNamed(piece.last)) {
    return [piece.first?.text ?? ""];
  }
  if (piece.kind !== "import_statement" || !isNamed(piece.last)) return [];
  const clause = piece.children.find(({ kind }) => kind === "import_clause");
  return (clause?.children ?? []).flatMap(({ kind, text, first }) => {
    if (kind === "identifier") return [text];
    return kind === "namespace_import" && first !== undefined ? [first.text] : [];
  });
}

function isRequired({ kind, first, last }: Syntax): boolean {
  return kind === "call_expression" && first?.text === "require" && isNamed(last?.first);
}

function isNamed(piece: Syntax | undefined): boolean {
  return literalText(piece) === NEW_MODULE;
}

/** Tells the module of the sessions which middleware there is. */
export function mountedEdits(setup: Syntax, mounted: string): Edit[] {
  if (isMounted(setup, mounted)) return [];
  return [insertion(setup.start, `${mounted}(`), insertion(setup.end, ")")];
}

function isMounted({ parent }: Syntax, mounted: string): boolean {
  return parent?.kind === "arguments" && parent.parent?.first?.text === mounted;
}
