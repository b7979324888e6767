import { type Edit, indentAt, insertion } from "../edits.ts";
import { parametersOf, type Syntax } from "../syntax.ts";
import type { Waiting } from "./waiting.ts";

interface Opening {
  /** `const session = await sessions.open(req);`, or nothing where it is opened already. */
  readonly statement: string | undefined;
  readonly waiting: Waiting;
  /** One step of indentation, as the file has it. */
  readonly step: string;
}

/** What makes a function wait for its session. */
export function openingEdits(source: string, owner: Syntax, opening: Opening): Edit[] {
  const isAsync = owner.words.has("async");
  const body = owner.last;
  if (body === undefined) return [];
  const isWrapped = !isAsync && opening.waiting.kind === "hands-on";
  const edits =
    body.kind === "statement_block"
      ? blockEdits(source, body, opening, isWrapped)
      : expressionEdits(source, owner, body, opening, isWrapped);
  if (isAsync) return edits;
  return [
    ...edits,
    insertion(nameStart(owner), "async "),
    ...nextEdits(owner, opening),
    ...typeEdits(owner),
  ];
}

/** Behind `static` and what else stands before a method's name. */
function nameStart(owner: Syntax): number {
  if (owner.kind !== "method_definition") return owner.start;
  const name = owner.children.find(({ kind }) => NAMES.has(kind));
  return name?.start ?? owner.start;
}

const NAMES = new Set([
  "property_identifier",
  "private_property_identifier",
  "string",
  "computed_property_name",
]);

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

function blockEdits(source: string, body: Syntax, opening: Opening, isWrapped: boolean): Edit[] {
  const { statement, step } = opening;
  const first = body.children.find((child) => !isDirective(child));
  const at = body.children.filter(isDirective).at(-1)?.end ?? body.start + 1;
  const isOneLine = !body.text.includes("\n");
  const indent = isOneLine || first === undefined ? "" : indentAt(source, first.start);
  const newLine = isOneLine ? " " : `\n${indent || indentAt(source, body.start) + step}`;
  if (!isWrapped) return statement === undefined ? [] : [insertion(at, newLine + statement)];
  const inner = isOneLine ? " " : newLine + step;
  const opened = statement === undefined ? "" : inner + statement;
  const handed = handedText(body, opening, isOneLine ? " " : inner);
  const outer = indentAt(source, body.end - 1);
  const close = isOneLine ? body.end - 1 : closingStart(source, body);
  const isAlone = source.slice(close, body.end - 1).trim() === "" && source[close - 1] === "\n";
  const caught = `${newLine}} catch (error) {${handed}${newLine}}\n${outer}`;
  const end = isAlone ? caught.slice(1) : caught;
  return [
    insertion(at, `${newLine}try {${opened}`),
    ...(isOneLine ? [] : deeper(source, body, at, step)),
    { start: close, end: body.end - 1, text: isOneLine ? `} catch (error) {${handed} } ` : end },
  ];
}

/** Where the line of the closing brace begins, if nothing else is on it. */
function closingStart(source: string, body: Syntax): number {
  const begin = source.lastIndexOf("\n", body.end - 1) + 1;
  return source.slice(begin, body.end - 1).trim() === "" ? begin : body.end - 1;
}

function handedText(body: Syntax, { waiting }: Opening, newLine: string): string {
  const next = waiting.kind === "hands-on" ? waiting.next : "next";
  const isReturning = body.parent !== undefined && /\breturn\s+[^;\s]/.test(body.text);
  return `${newLine}${isReturning ? "return " : ""}${next}(error);`;
}

/** Every line of a block one step further in, but those within a text. */
function* deeper(source: string, body: Syntax, from: number, step: string): Generator<Edit> {
  const texts = [...body.all()].filter(
    ({ kind }) => kind === "template_string" || kind === "jsx_text",
  );
  const close = closingStart(source, body);
  for (
    let at = source.indexOf("\n", from) + 1;
    at > 0 && at < close;
    at = source.indexOf("\n", at) + 1
  ) {
    const isInText = texts.some(({ start, end }) => start < at && at < end);
    if (!isInText && !/[\r\n]/.test(source[at] ?? "\n")) yield insertion(at, step);
  }
}

function isDirective({ kind, first }: Syntax): boolean {
  return kind === "expression_statement" && first?.kind === "string";
}

/** `(req, res) => res.send(…)` becomes a block. */
function expressionEdits(
  source: string,
  owner: Syntax,
  body: Syntax,
  { statement, waiting, step }: Opening,
  isWrapped: boolean,
): Edit[] {
  const outer = indentAt(source, owner.start);
  const line = `\n${outer}${step}`;
  const inner = isWrapped ? line + step : line;
  const next = waiting.kind === "hands-on" ? waiting.next : "next";
  const head = isWrapped ? `{${line}try {` : "{";
  const tail = isWrapped ? `${line}} catch (error) {${inner}${next}(error);${line}}` : "";
  const opened = statement === undefined ? "" : inner + statement;
  const value = isWrapped ? "" : "return ";
  return [
    insertion(body.start, `${head}${opened}${inner}${value}`),
    insertion(body.end, `;${tail}\n${outer}}`),
  ];
}
