import { type Edit, indentAt, insertion } from "../edits.ts";
import { methodName, parametersOf, type Syntax } from "../syntax.ts";
import { bodyStart, lineIn, statementIn } from "./block.ts";
import { triedEdits } from "./trying.ts";
import type { Waiting } from "./waiting.ts";

/** How a function is to be opened. */
export interface Opening {
  /** `const session = await sessions.open(req);`, or nothing where it is opened already. */
  readonly statement: string | undefined;
  readonly waiting: Waiting;
  /** One step of indentation, as the file has it. */
  readonly step: string;
  /** What wraps a handler of Express 4. */
  readonly caught: string;
}

/** What makes a function wait for its session. */
export function openingEdits(source: string, owner: Syntax, opening: Opening): Edit[] {
  const body = owner.last;
  if (body === undefined) return [];
  if (owner.words.has("async")) return bodyEdits(source, owner, body, opening);
  const { waiting, caught } = opening;
  const edits =
    waiting.kind === "hands-on"
      ? triedEdits(source, body, { ...opening, next: waiting.next })
      : bodyEdits(source, owner, body, opening);
  const isCaught = waiting.kind === "caught";
  return [
    ...edits,
    insertion(nameStart(owner), isCaught ? `${caught}(async ` : "async "),
    ...(isCaught ? [insertion(owner.end, isDeclared(owner) ? ");" : ")")] : []),
    ...nextEdits(owner, opening),
    ...typeEdits(owner),
  ];
}

/** `export default function () {}` ends by itself; a call does not. */
function isDeclared(owner: Syntax): boolean {
  if (owner.kind !== "function_expression") return false;
  // To the parser, what stands in parentheses on the next line is a call of it.
  for (const around of owner.around()) {
    if (around.kind === "export_statement") return around.words.has("default");
    if (around.start !== owner.start) return false;
  }
  return false;
}

/** Behind `static` and what else stands before a method's name. */
function nameStart(owner: Syntax): number {
  return methodName(owner)?.start ?? owner.start;
}

function nextEdits(owner: Syntax, { waiting }: Opening): Edit[] {
  const last = parametersOf(owner).at(-1);
  if (waiting.kind !== "hands-on" || !waiting.isNew || last === undefined) return [];
  const outer = last.parent?.kind.endsWith("_parameter") ? last.parent : last;
  const isTyped = outer.children.some(({ kind }) => kind === "type_annotation");
  return [insertion(outer.end, isTyped ? ", next: (error: unknown) => void" : ", next")];
}

/** What it is said to return is what it resolves to. */
function typeEdits(owner: Syntax): Edit[] {
  const type = owner.children.find(({ kind }) => kind === "type_annotation")?.first;
  if (type === undefined || type.text.startsWith("Promise")) return [];
  return [insertion(type.start, "Promise<"), insertion(type.end, ">")];
}

function bodyEdits(source: string, owner: Syntax, body: Syntax, opening: Opening): Edit[] {
  const { statement, step } = opening;
  if (statement === undefined) return [];
  if (body.kind !== "statement_block") return expressionEdits(source, owner, body, opening);
  return [insertion(bodyStart(body), statementIn(lineIn(source, body, step), statement, body))];
}

/** `(req, res) => res.send(…)` becomes a block. */
function expressionEdits(
  source: string,
  owner: Syntax,
  body: Syntax,
  { statement = "", step }: Opening,
): Edit[] {
  const outer = indentAt(source, owner.start);
  const line = `\n${outer}${step}`;
  return [
    insertion(body.start, `{${line}${statement}${line}return `),
    insertion(body.end, `;\n${outer}}`),
  ];
}
