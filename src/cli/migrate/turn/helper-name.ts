import type { Syntax } from "../syntax.ts";

/** A function at the head of a file, by the name that its callers have for it. */
export interface NamedHelper {
  readonly helper: Syntax;
  readonly name: Syntax;
  readonly isExported: boolean;
}

export function namedHelper(helper: Syntax): NamedHelper | undefined {
  const { kind, parent, first, words } = helper;
  if (words.has("*")) return undefined;
  if (kind === "function_declaration") return atHead(helper, first, parent);
  if (parent?.kind === "assignment_expression") return assigned(helper, parent);
  const declaration = parent?.kind === "variable_declarator" ? parent.parent : undefined;
  if (parent === undefined || declaration?.words.has("const") !== true) return undefined;
  return parent.first?.kind === "identifier"
    ? atHead(helper, parent.first, declaration.parent)
    : undefined;
}

function atHead(
  helper: Syntax,
  name: Syntax | undefined,
  around: Syntax | undefined,
): NamedHelper | undefined {
  if (name === undefined) return undefined;
  if (around?.kind === "program") return { helper, name, isExported: false };
  const isNamedExport =
    around?.kind === "export_statement" &&
    !around.words.has("default") &&
    around.parent?.kind === "program";
  return isNamedExport ? { helper, name, isExported: true } : undefined;
}

/** `exports.f = function (req) { … }` */
function assigned(helper: Syntax, assignment: Syntax): NamedHelper | undefined {
  const { first: target, parent: statement } = assignment;
  const name = target?.kind === "member_expression" ? target.last : undefined;
  const isExport = /^(module\.)?exports$/.test(target?.first?.text ?? "");
  const isAtHead =
    statement?.kind === "expression_statement" && statement.parent?.kind === "program";
  if (name === undefined || !isExport || !isAtHead) return undefined;
  return { helper, name, isExported: true };
}

/** Whether a mention of it does nothing but export it, under its own name. */
export function exportedAs({ kind, parent, text }: Syntax): boolean {
  if (kind === "member_expression") return false;
  if (parent?.kind === "export_specifier") return parent.children.length === 1;
  const isPair = parent?.kind === "pair" && parent.first?.text === text;
  const object = kind.startsWith("shorthand") ? parent : isPair ? parent.parent : undefined;
  if (object?.kind !== "object") return false;
  const set = object.parent;
  return set?.kind === "assignment_expression" && set.first?.text === "module.exports";
}
