import { indentAt } from "../edits.ts";
import type { Syntax } from "../syntax.ts";

/** Behind "use strict". */
export function bodyStart(body: Syntax): number {
  return body.children.filter(isDirective).at(-1)?.end ?? body.start + 1;
}

function isDirective({ kind, first }: Syntax): boolean {
  return kind === "expression_statement" && first?.kind === "string";
}

/** What a new line in a block begins with; a blank, where all of it is on one line. */
export function lineIn(source: string, body: Syntax, step: string): string {
  if (!body.text.includes("\n")) return " ";
  const first = body.children.find((child) => !isDirective(child));
  const own = first === undefined ? "" : indentAt(source, first.start);
  const outer = indentAt(source, body.end - 1);
  return `\n${own.length > outer.length ? own : outer + step}`;
}

/** A statement behind the beginning of a block, which needs its end where more is on its line. */
export function statementIn(line: string, statement: string): string {
  const end = line === " " && !statement.endsWith(";") ? ";" : "";
  return line + statement + end;
}
