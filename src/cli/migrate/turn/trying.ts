import { type Edit, indentAt, insertion } from "../edits.ts";
import type { Syntax } from "../syntax.ts";
import { bodyStart, lineIn, statementIn } from "./block.ts";

interface Trying {
  readonly statement: string | undefined;
  readonly step: string;
  /** Who hears of what goes wrong. */
  readonly next: string;
}

/** A block in `try`, for a function that has to stay what it is, as a declaration. */
export function triedEdits(source: string, body: Syntax, trying: Trying): readonly Edit[] {
  if (body.kind !== "statement_block") return triedExpression(source, body, trying);
  const { statement, step, next } = trying;
  const at = bodyStart(body);
  const line = lineIn(source, body, step);
  const isOneLine = line === " ";
  const inner = isOneLine ? " " : line + step;
  const opened = statement === undefined ? "" : statementIn(inner, statement, body);
  const handed = `${inner}${isReturning(body) ? "return " : ""}${next}(error);`;
  const close = isOneLine ? body.end - 1 : closingStart(source, body);
  const caught = isOneLine
    ? `} catch (error) {${handed} } `
    : `${line}} catch (error) {${handed}${line}}\n${indentAt(source, body.end - 1)}`;
  const isAlone = source[close - 1] === "\n";
  return [
    insertion(at, `${line}try {${opened}`),
    ...(isOneLine ? [] : deeper(source, body, { from: at, to: close, step })),
    { start: close, end: body.end - 1, text: isAlone ? caught.slice(1) : caught },
  ];
}

/** `(req, done) => …` becomes a block. */
function triedExpression(
  source: string,
  body: Syntax,
  { statement, step, next }: Trying,
): readonly Edit[] {
  const outer = `\n${indentAt(source, body.start)}`;
  const line = outer + step;
  const opened = statement === undefined ? "" : `${line}${step}${statement}`;
  return [
    insertion(body.start, `{${line}try {${opened}${line}${step}return `),
    insertion(
      body.end,
      `;${line}} catch (error) {${line}${step}return ${next}(error);${line}}${outer}}`,
    ),
  ];
}

/** Whether all of its ways return something, as a linter may want of the new one. */
function isReturning(body: Syntax): boolean {
  return /\breturn\s+[^;\s]/.test(body.text);
}

/** Where the line of the closing brace begins, if nothing else is on it. */
function closingStart(source: string, body: Syntax): number {
  const begin = source.lastIndexOf("\n", body.end - 1) + 1;
  return source.slice(begin, body.end - 1).trim() === "" ? begin : body.end - 1;
}

/** Every line of a block one step further in, but those within a text. */
function* deeper(
  source: string,
  body: Syntax,
  { from, to, step }: { readonly from: number; readonly to: number; readonly step: string },
): Generator<Edit> {
  const texts = [...body.all()].filter(({ kind }) => kind === "template_string");
  let at = source.indexOf("\n", from) + 1;
  while (at > 0 && at < to) {
    const place = at;
    const isInText = texts.some(({ start, end }) => start < place && place < end);
    if (!isInText && !/[\r\n]/.test(source[at] ?? "\n")) yield insertion(at, step);
    at = source.indexOf("\n", at) + 1;
  }
}
