import { type Syntax, wrapped } from "../syntax.ts";

const PATTERNS = new Set([
  "array_pattern",
  "assignment_pattern",
  "object_assignment_pattern",
  "pair_pattern",
  "rest_pattern",
]);

/** Whether the value of a place is all that is asked for: it is neither set nor deleted there. */
export function isRead(piece: Syntax): boolean {
  const outer = wrapped(piece);
  const { parent } = outer;
  const isTarget = parent?.first === outer;
  switch (parent?.kind) {
    case "assignment_expression":
    case "augmented_assignment_expression":
    case "for_in_statement":
      return !isTarget;
    case "update_expression":
      return false;
    case "unary_expression":
      return !parent.words.has("delete");
    default:
      return parent === undefined || !PATTERNS.has(parent.kind);
  }
}
