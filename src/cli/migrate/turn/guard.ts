import { bare, type Syntax, wrapped } from "../syntax.ts";

/** Whether a place is in `if (!req.session) req.session = {};`, or `req.session ||= {};`. */
export function isInGuard(piece: Syntax): boolean {
  for (const around of piece.around()) {
    if (isGuard(around, piece.text)) return true;
    if (!WITHIN.has(around.kind)) return false;
  }
  return false;
}

const WITHIN = new Set([
  "assignment_expression",
  "augmented_assignment_expression",
  "binary_expression",
  "expression_statement",
  "parenthesized_expression",
  "statement_block",
  "unary_expression",
]);

function isGuard(statement: Syntax, session: string): boolean {
  const { kind, first, children } = statement;
  if (kind === "expression_statement") return first !== undefined && isFilled(first, session);
  if (kind !== "if_statement" || children.length !== 2 || first === undefined) return false;
  const asked = bare(first);
  const isMissing = asked.kind === "unary_expression" && asked.words.has("!");
  const isOurs = isMissing && asked.first !== undefined && bare(asked.first).text === session;
  return isOurs && isReplacement(onlyStatement(children[1]), session);
}

/** `req.session = req.session || {}` */
function isFilled(set: Syntax, session: string): boolean {
  if (set.first?.text !== session || set.last === undefined) return false;
  if (set.kind === "augmented_assignment_expression") {
    return (set.words.has("||=") || set.words.has("??=")) && set.last.kind === "object";
  }
  const { words, first, last } = bare(set.last);
  const isEither = words.has("||") || words.has("??");
  return (
    isEither && first !== undefined && wrapped(first).text === session && last?.kind === "object"
  );
}

function isReplacement(statement: Syntax | undefined, session: string): boolean {
  const set = statement?.kind === "expression_statement" ? statement.first : undefined;
  return (
    set?.kind === "assignment_expression" &&
    set.first?.text === session &&
    set.last?.kind === "object"
  );
}

function onlyStatement(piece: Syntax | undefined): Syntax | undefined {
  if (piece?.kind !== "statement_block") return piece;
  return piece.children.length === 1 ? piece.first : undefined;
}
