import { type Edit, insertion } from "../edits.ts";
import { functionAround, isName, type Syntax } from "../syntax.ts";

/**
 * Makes the callers of a helper wait for it, where all of them are asynchronous and in its own file;
 * `undefined` where anybody else may call it.
 */
export function awaitedCalls(helper: Syntax, root: Syntax): Edit[] | undefined {
  const name = declaredName(helper);
  if (name === undefined) return undefined;
  const edits: Edit[] = [];
  for (const piece of root.all()) {
    if (!isName(piece) || piece.text !== name.text || piece === name) continue;
    const awaited = awaitedAt(piece);
    if (awaited === undefined) return undefined;
    edits.push(...awaited);
  }
  return edits.length === 0 ? undefined : edits;
}

/** The name of a function that the file keeps to itself. */
function declaredName({ kind, parent, first, words }: Syntax): Syntax | undefined {
  if (words.has("*")) return undefined;
  if (kind === "function_declaration") return parent?.kind === "program" ? first : undefined;
  if (parent?.kind !== "variable_declarator" || parent.parent?.words.has("const") !== true) {
    return undefined;
  }
  return parent.parent.parent?.kind === "program" ? parent.first : undefined;
}

function awaitedAt(piece: Syntax): Edit[] | undefined {
  const call = piece.parent;
  if (call?.kind !== "call_expression" || call.first !== piece) return undefined;
  if (functionAround(call)?.words.has("async") !== true) return undefined;
  if (call.parent?.kind === "await_expression") return [];
  const isWithin = call.parent?.kind === "member_expression" && call.parent.first === call;
  if (!isWithin) return [insertion(call.start, "await ")];
  return [insertion(call.start, "(await "), insertion(call.end, ")")];
}
