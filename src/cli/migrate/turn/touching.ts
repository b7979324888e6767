import type { Syntax } from "../syntax.ts";
import { type Manner, type Rewrite, stays } from "./rewrite.ts";

/**
 * What `req.session.touch();` becomes: nothing, as express-session touches the session itself before
 * the response, and ours is touched as it is opened.
 */
export function touchRewritten(call: Syntax, { owner }: Manner): Rewrite {
  const statement = call.parent;
  const block = statement?.parent;
  if (statement?.kind !== "expression_statement" || block?.kind !== "statement_block") {
    return stays("a touch whose result is used", true);
  }
  // What is saved by hand has the times that the touch has set, and so has who asks the cookie.
  if (SEEN.test(owner.text))
    return stays("what is saved, or asked of the cookie, sees this touch", true);
  if (!/^\s*;?$/.test(statement.text.slice(call.end - statement.start))) {
    return stays("a touch with a remark behind it", true);
  }
  const before = block.text.slice(0, statement.start - block.start);
  const blanks = /(\r?\n)?[ \t]*$/.exec(before)?.[0].length ?? 0;
  const text = goesOnWith(block.text.slice(statement.end - block.start)) ? ";" : "";
  return {
    edits: [{ start: statement.start - blanks, end: statement.end, text }],
    isUnnamed: true,
  };
}

/** Whether what follows would go on with the statement before, where that has no semicolon. */
function goesOnWith(after: string): boolean {
  return /^(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*(?:[([`+\-*,.]|\/(?![/*]))/.test(after);
}

const SEEN = /\b(save|cookie|reload|resetMaxAge|maxAge|originalMaxAge|expires)\b/;
