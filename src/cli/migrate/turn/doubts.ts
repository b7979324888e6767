import { bare, literalText, type Syntax, wrapped } from "../syntax.ts";
import type { Manner } from "./rewrite.ts";
import { isJson, isMethodOfJson } from "./values.ts";

/**
 * Why a value may not be set: what is kept is the value as JSON has it at that moment, where
 * express-session keeps the object until the response ends.
 */
export function doubtOf(
  statement: Syntax,
  given: Syntax,
  key: string,
  { owner }: Manner,
): string | undefined {
  const value = bare(given);
  if (isJson(value)) return undefined;
  if (FUNCTIONS.has(value.kind)) return "a function, which no store keeps";
  if (value.kind === "assignment_expression") return "several are set at once";
  const later = [...laterPieces(owner, statement.end)];
  if (value.kind === "identifier" && later.some((piece) => isChange(piece, value.text))) {
    return "the object is changed after it was set: set it when it is ready";
  }
  const reads = later.filter((piece) => isMemberOf(piece, key));
  if (value.kind === "new_expression" && reads.length > 0) return OF_CLASS;
  return reads.some(isAskedMore) ? OF_CLASS : undefined;
}

const OF_CLASS = "the object is used after it was set, and JSON may have made another one of it";
const FUNCTIONS = new Set(["arrow_function", "function_expression", "class"]);

function* laterPieces(owner: Syntax, after: number): Generator<Syntax> {
  for (const piece of owner.all()) if (piece.start >= after) yield piece;
}

/** `user.name = …`, `user.save()` */
function isChange(piece: Syntax, name: string): boolean {
  if (piece.kind !== "member_expression" && piece.kind !== "subscript_expression") return false;
  if (piece.first?.text !== name) return false;
  const outer = wrapped(piece);
  const { parent } = outer;
  if (parent?.first !== outer) return false;
  if (parent.kind === "call_expression") return !isHarmless(piece.last?.text ?? "");
  return CHANGES.has(parent.kind);
}

const CHANGES = new Set([
  "assignment_expression",
  "augmented_assignment_expression",
  "update_expression",
]);
const CHANGES_OF_JSON = /^(push|pop|shift|unshift|splice|sort|reverse)$/;

function isHarmless(name: string): boolean {
  return isMethodOfJson(name) && !CHANGES_OF_JSON.test(name);
}

/** `….session.key` */
function isMemberOf(piece: Syntax, key: string): boolean {
  const { kind, first, last } = piece;
  if (kind !== "member_expression" && kind !== "subscript_expression") return false;
  const name = kind === "member_expression" ? last?.text : literalText(last);
  const holder = first === undefined ? undefined : bare(first).last;
  return name === key && (literalText(holder) ?? holder?.text) === "session";
}

/** Whether a method is called on it that JSON has not. */
function isAskedMore(piece: Syntax): boolean {
  const outer = wrapped(piece);
  const { parent } = outer;
  if (parent?.kind !== "member_expression" || parent.first !== outer) return false;
  if (parent.parent?.kind === "call_expression" && parent.parent.first === parent) {
    return !isMethodOfJson(parent.last?.text);
  }
  return isAskedMore(parent);
}
