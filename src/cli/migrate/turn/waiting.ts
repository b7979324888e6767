import {
  bare,
  boundNames,
  isName,
  literalText,
  methodName,
  ownPieces,
  parametersOf,
  type Syntax,
} from "../syntax.ts";
import type { CallsByName } from "./calls.ts";
import { isRequestName, isResponse } from "./places.ts";

/** How a function can wait for the session: who hears of what goes wrong from then on. */
export type Waiting =
  /** It is asynchronous, or whoever calls it awaits what it returns. */
  | { readonly kind: "awaited" }
  /** It is wrapped: `caught(async (req, res) => …)`. */
  | { readonly kind: "caught" }
  /** It hands the error on by the name of its last parameter, added if it `isNew`. */
  | { readonly kind: "hands-on"; readonly next: string; readonly isNew: boolean };

export interface Surroundings extends CallsByName {
  /** Of Express, as package.json has it. */
  readonly major: number | undefined;
}

/** How a function can wait; or why it cannot. */
export function waitingOf(owner: Syntax, around: Surroundings): Waiting | string {
  const never = neverWaiting(owner);
  if (never !== undefined) return never;
  if (owner.words.has("async")) return onAsync(owner, around);
  if (isAwaitedByFramework(owner)) return AWAITED;
  const parameters = parametersOf(owner);
  const isHandler = isHandlerOf(parameters) || (isRoute(owner) && isAlone(parameters));
  if (!isHandler && !isContinued(parameters)) return HELPER;
  const hasty = isRoute(owner) ? undefined : hastyCaller(owner, around);
  if (hasty !== undefined) return hasty;
  if (isHandler && (around.major ?? 4) >= 5) return AWAITED;
  return heardOf(owner, onExpress4(owner, parameters, isHandler), around);
}

/** The same, unless somebody calls it without the `next` that hears of what goes wrong. */
function heardOf(owner: Syntax, waiting: Waiting | string, around: Surroundings): Waiting | string {
  const name = isRoute(owner) ? undefined : nameOf(owner);
  if (name === undefined || !isByNext(waiting) || !around.isCalledAlone(name)) return waiting;
  return `${name} is called without a next() that hears of what goes wrong`;
}

/** Whether it hands errors to a `next` that its callers may not know of. */
function isByNext(waiting: Waiting | string): boolean {
  if (typeof waiting === "string") return false;
  return waiting.kind === "caught" || (waiting.kind === "hands-on" && waiting.isNew);
}

/** What it does before its first `await` was done at once so far. */
function onAsync(owner: Syntax, { isDropped }: Surroundings): Waiting | string {
  const name = isRoute(owner) ? undefined : nameOf(owner);
  const isHasty = name !== undefined && isDropped(name);
  return isHasty ? `${name} is called where nobody waits` : AWAITED;
}

/** Where nobody hears of what an asynchronous handler rejects with. */
function onExpress4(
  owner: Syntax,
  parameters: readonly Syntax[],
  isHandler: boolean,
): Waiting | string {
  const isExpression = owner.kind === "arrow_function" || owner.kind === "function_expression";
  if (isHandler && isExpression && parameters.length <= 3) return { kind: "caught" };
  return handingOn(owner, parameters, isHandler);
}

function neverWaiting(owner: Syntax): string | undefined {
  if (owner.words.has("*") || owner.kind.startsWith("generator")) return "a generator";
  if (isPromised(owner)) return "what promisify is given may not be asynchronous by itself";
  const isTaken = !owner.words.has("async") && [...owner.all()].some(isAwait);
  if (isTaken) return "await is the name of something in it";
  if (owner.kind !== "method_definition") return undefined;
  if (methodName(owner)?.kind === "computed_property_name") return "a method of a computed name";
  if (owner.words.has("get") || owner.words.has("set"))
    return "a property that is computed at once";
  return methodName(owner)?.text === "constructor" ? "a constructor" : undefined;
}

/** `promisify((req, callback) => …)` */
function isPromised({ parent }: Syntax): boolean {
  const call = parent?.kind === "arguments" ? parent.parent : undefined;
  return /(^|\.)promisify$/.test(call?.first?.text ?? "");
}

function isAwait(piece: Syntax): boolean {
  return isName(piece) && piece.text === "await";
}

function hastyCaller(owner: Syntax, around: Surroundings): string | undefined {
  if (returnedIn(owner).some(isAnswer)) return "it answers at once: its callers would have to wait";
  const name = nameOf(owner);
  const isHasty = name !== undefined && around.isCalledAtOnce(name);
  return isHasty ? `${name} is called where nobody waits` : undefined;
}

const AWAITED: Waiting = { kind: "awaited" };
const HELPER = "a helper that answers at once: make it async, and let its callers await it";

/** `(req, res)`, `(req, res, next)`, `(err, req, res, next)` */
function isHandlerOf(parameters: readonly Syntax[]): boolean {
  const [first, second, third] = parameters;
  if (first === undefined || second === undefined) return false;
  if (parameters.length === 4)
    return third !== undefined && isResponse(third) && isRequestName(second);
  const isRequest = isRequestName(first) || first.kind === "object_pattern";
  return parameters.length <= 3 && isRequest && isResponse(second);
}

/** `(req) => …` */
function isAlone([first, ...others]: readonly Syntax[]): boolean {
  return first !== undefined && others.length === 0 && isRequestName(first);
}

/** `(req, email, password, done)` */
function isContinued(parameters: readonly Syntax[]): boolean {
  const [first] = parameters;
  const last = parameters.at(-1);
  if (first === undefined || last === undefined || parameters.length < 2) return false;
  return isRequestName(first) && /^(done|cb|callback|next|verified)$/.test(last.text);
}

function handingOn(
  owner: Syntax,
  parameters: readonly Syntax[],
  isHandler: boolean,
): Waiting | string {
  const last = parameters.at(-1);
  if (!isHandler || parameters.length > 2) {
    if (last?.kind !== "identifier") return "nobody hears of what goes wrong in it";
    return { kind: "hands-on", next: last.text, isNew: false };
  }
  const isTaken = [...owner.all()].some((piece) => isName(piece) && piece.text === "next");
  if (isTaken) return "next is another thing in it";
  return { kind: "hands-on", next: "next", isNew: true };
}

const ROUTES = /^(all|delete|get|head|options|patch|post|put|use|param)$/;

/** Whether it stands in the mounting itself: `app.get("/", (req, res) => …)`. */
function isRoute(owner: Syntax): boolean {
  const list = owner.parent?.kind === "array" ? owner.parent.parent : owner.parent;
  const call = list?.kind === "arguments" ? list.parent : undefined;
  const callee = call?.kind === "call_expression" ? call.first : undefined;
  return callee?.kind === "member_expression" && ROUTES.test(callee.last?.text ?? "");
}

const RESOLVER = /^@(Query|Mutation|FieldResolver|Subscription|Get|Post|Put|Patch|Delete|All)\b/;

/** Resolvers of GraphQL and handlers of Nest, by decorator or type. */
function isAwaitedByFramework(owner: Syntax): boolean {
  const { parent } = owner;
  if (parent?.kind === "variable_declarator") {
    const type = parent.children.find(({ kind }) => kind === "type_annotation");
    return type !== undefined && /\bMiddlewareFn\b/.test(type.text);
  }
  if (owner.kind !== "method_definition" || parent === undefined) return false;
  const before = parent.children.slice(0, parent.children.indexOf(owner));
  const from = before.findLastIndex(({ kind }) => kind !== "decorator") + 1;
  return before.slice(from).some(({ text }) => RESOLVER.test(text));
}

/** What a function returns. */
function returnedIn(owner: Syntax): Syntax[] {
  const returned: Syntax[] = [];
  for (const piece of ownPieces(owner)) {
    if (piece.kind === "return_statement" && piece.first !== undefined) returned.push(piece.first);
  }
  const body = owner.kind === "arrow_function" ? owner.last : undefined;
  if (body !== undefined && body.kind !== "statement_block") returned.push(body);
  return returned;
}

/** Whether what is returned is a value for somebody, rather than the last thing that is done. */
function isAnswer(returned: Syntax): boolean {
  const value = bare(returned);
  if (value.text === "undefined" || value.text === "null") return false;
  if (value.kind === "ternary_expression") return value.children.slice(1).some(isAnswer);
  if (value.kind === "binary_expression") return value.last === undefined || isAnswer(value.last);
  return !DOINGS.has(value.kind);
}

const DOINGS = new Set([
  "assignment_expression",
  "augmented_assignment_expression",
  "await_expression",
  "call_expression",
  "new_expression",
]);

/** The name that others call a function by. */
function nameOf(owner: Syntax): string | undefined {
  if (owner.kind === "function_declaration") return owner.first?.text;
  const method = methodName(owner);
  if (method !== undefined) return literalText(method) ?? method.text;
  const { parent } = owner;
  switch (parent?.kind) {
    case "variable_declarator":
      return boundNames(parent.first)[0];
    case "pair":
    case "public_field_definition":
    case "field_definition":
      return parent.first?.text;
    case "assignment_expression":
      return parent.first?.kind === "member_expression"
        ? parent.first.last?.text
        : parent.first?.text;
    default:
      return undefined;
  }
}
