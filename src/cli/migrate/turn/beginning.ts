import { bare, type Syntax, wrapped } from "../syntax.ts";

/** Whether nothing but a count is under a key where it is counted on, as its function says, and its file does not deny. */
export function isBegun(statement: Syntax): boolean {
  const target = statement.first?.text;
  if (target === undefined || isSetOtherwise(statement, target)) return false;
  return isAskedBefore(statement, target) || isSetBefore(statement, target);
}

/** Whether anything of the file sets it to what may be no number, such as a text that was sent. */
function isSetOtherwise(statement: Syntax, target: string): boolean {
  const file = [...statement.around()].at(-1);
  for (const piece of file?.all() ?? []) {
    const isSet = piece.kind === "assignment_expression" && piece.first?.text === target;
    const value = piece.last;
    if (isSet && value?.kind !== "number" && !value?.text.includes(target)) return true;
  }
  return false;
}

/** `if (req.session.views) req.session.views++` */
function isAskedBefore(statement: Syntax, target: string): boolean {
  for (const around of statement.around()) {
    if (around.kind !== "if_statement") continue;
    const [condition, consequence] = around.children;
    if (condition === undefined || consequence?.holds(statement) !== true) continue;
    if (bare(condition).text === target) return isSetToNumber(around, target);
  }
  return false;
}

/** `if (!req.session.views) req.session.views = 0;`, or `req.session.views ||= 0;`, right before it. */
function isSetBefore(statement: Syntax, target: string): boolean {
  const own = wrapped(statement).parent;
  const siblings = own?.kind === "expression_statement" ? (own.parent?.children ?? []) : [];
  return siblings
    .slice(0, own === undefined ? 0 : siblings.indexOf(own))
    .some((sibling) => isBeginning(sibling, target));
}

function isBeginning(sibling: Syntax, target: string): boolean {
  const { first, children } = sibling;
  if (first === undefined) return false;
  if (sibling.kind !== "if_statement") return isSetIfMissing(first, target);
  const asked = bare(first);
  const isMissing = asked.kind === "unary_expression" && asked.words.has("!");
  const isOurs = isMissing && asked.first !== undefined && bare(asked.first).text === target;
  return isOurs && children.length === 2 && isSetToNumber(sibling, target);
}

/** `req.session.views ??= 0`, `req.session.views = req.session.views || 0` */
function isSetIfMissing(set: Syntax, target: string): boolean {
  if (set.first?.text !== target || set.last === undefined) return false;
  const isAugmented = set.kind === "augmented_assignment_expression";
  if (isAugmented) return isEither(set, "=") && set.last.kind === "number";
  const value = bare(set.last);
  return isEither(value, "") && value.first?.text === target && value.last?.kind === "number";
}

function isEither({ words }: Syntax, end: "" | "="): boolean {
  return words.has(`||${end}`) || words.has(`??${end}`);
}

/** Whether what is set there, first, is a number. */
function isSetToNumber(condition: Syntax, target: string): boolean {
  for (const piece of condition.all()) {
    const isSet = piece.kind === "assignment_expression" && piece.first?.text === target;
    if (isSet) return piece.last?.kind === "number";
  }
  return false;
}
