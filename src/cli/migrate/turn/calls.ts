import { isFunction, type Syntax, wrapped } from "../syntax.ts";
import { isRequestName } from "./places.ts";
import type { Sources } from "./sources.ts";
import { isTest } from "./tests.ts";

/** What is known of the calls of a function with a request, by its name, in all of a project. */
export interface CallsByName {
  /** Whether somebody goes on before it is done. */
  readonly isCalledAtOnce: (name: string) => boolean;
  /** Whether somebody drops the promise that it gives, and goes on. */
  readonly isDropped: (name: string) => boolean;
  /** Whether somebody calls it without a `next` and does not wait for it. */
  readonly isCalledAlone: (name: string) => boolean;
}

export function callsByName(sources: Sources): CallsByName {
  return {
    isCalledAtOnce: (name) => isCalled(name, sources, (call) => !isLastThing(call)),
    isDropped: (name) => isCalled(name, sources, (call) => isStatement(call) && !isLastThing(call)),
    isCalledAlone: (name) =>
      isCalled(name, sources, (call, isInTest) => !isInTest && isAlone(call)),
  };
}

function isCalled(
  name: string,
  { paths, sourceOf, rootOf }: Sources,
  isMeant: (call: Syntax, isInTest: boolean) => boolean,
): boolean {
  const escaped = name.replace(/[$#]/g, "\\$&");
  const pattern = new RegExp(`(?<![\\w$#])${escaped}\\s*(\\?\\.)?\\(\\s*\\w*req`, "i");
  for (const path of paths) {
    if (!pattern.test(sourceOf(path))) continue;
    const root = rootOf(path);
    const isInTest = isTest(path);
    // A test makes its requests up, under names of its own.
    const isRequest = isInTest ? isLikeRequest : isRequestName;
    const isOne = (piece: Syntax): boolean =>
      isCallOf(name, piece, isRequest) && isMeant(piece, isInTest);
    if (root === undefined || [...root.all()].some(isOne)) return true;
  }
  return false;
}

function isStatement(call: Syntax): boolean {
  return wrapped(call).parent?.kind === "expression_statement";
}

function isAlone({ last, parent }: Syntax): boolean {
  return (last?.children.length ?? 0) < 3 && parent?.kind !== "await_expression";
}

function isLikeRequest({ text }: Syntax): boolean {
  return /req/i.test(text);
}

function isCallOf(name: string, call: Syntax, isRequest: (given: Syntax) => boolean): boolean {
  if (call.kind !== "call_expression") return false;
  const { first, last } = call;
  const called = first?.kind === "member_expression" ? first.last?.text : first?.text;
  return called === name && last?.first !== undefined && isRequest(last.first);
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
