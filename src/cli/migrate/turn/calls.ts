import type { Parser } from "../parsing.ts";
import type { Project } from "../project.ts";
import { isFunction, type Syntax, wrapped } from "../syntax.ts";
import { isRequestName } from "./places.ts";
import { isTest } from "./tests.ts";

/** Whether anybody calls a function of a name with a request, and goes on before it is done. */
export function callsIn({ programs }: Project, parser: Parser): (name: string) => boolean {
  const roots = new Map<string, Syntax | undefined>();
  const rootOf = (path: string, source: string): Syntax | undefined => {
    if (!roots.has(path)) roots.set(path, parser(path, source));
    return roots.get(path);
  };
  return (name) => {
    const pattern = new RegExp(`\\b${name.replaceAll("$", "\\$")}\\s*(\\?\\.)?\\(\\s*_?req`);
    for (const [path, source] of programs) {
      if (isTest(path) || !pattern.test(source)) continue;
      const root = rootOf(path, source);
      if (root === undefined || [...root.all()].some((piece) => isHasty(piece, name))) return true;
    }
    return false;
  };
}

function isHasty(call: Syntax, name: string): boolean {
  if (call.kind !== "call_expression") return false;
  const { first, last } = call;
  const called = first?.kind === "member_expression" ? first.last?.text : first?.text;
  if (called !== name || last?.first === undefined || !isRequestName(last.first)) return false;
  return !isLastThing(call);
}

/** Whether nothing follows in the function that it is in. */
function isLastThing(call: Syntax): boolean {
  const outer = wrapped(call);
  const { parent } = outer;
  if (parent?.kind === "return_statement" || parent?.kind === "await_expression") return true;
  if (parent?.kind === "arrow_function") return parent.last === outer;
  if (parent?.kind !== "expression_statement") return false;
  return isLastStatement(parent);
}

function isLastStatement(statement: Syntax): boolean {
  const block = statement.parent;
  if (block?.kind !== "statement_block" || block.last !== statement) return false;
  const holder = block.parent;
  if (holder === undefined) return false;
  if (isFunction(holder)) return true;
  const outer = holder.kind === "else_clause" ? holder.parent : holder;
  return outer?.kind === "if_statement" && isLastStatement(outer);
}
