import { type Syntax, wrapped } from "../syntax.ts";

/** Whether nobody takes the value of an expression. */
export function isUnused(piece: Syntax): boolean {
  const outer = wrapped(piece);
  const { parent } = outer;
  switch (parent?.kind) {
    case "expression_statement":
      return true;
    case "binary_expression":
      return parent.last === outer && isLogical(parent) && isUnused(parent);
    case "ternary_expression":
      return parent.first !== outer && isUnused(parent);
    case "sequence_expression":
      return parent.last !== outer || isUnused(parent);
    default:
      return false;
  }
}

/** Whether it is at most handed back by a function that is there for what it does. */
export function isUnusedOrReturned(piece: Syntax): boolean {
  if (isUnused(piece)) return true;
  const outer = wrapped(piece);
  const kind = outer.parent?.kind;
  return kind === "return_statement" || (kind === "arrow_function" && outer.parent?.last === outer);
}

function isLogical({ words }: Syntax): boolean {
  return words.has("&&") || words.has("||") || words.has("??");
}
