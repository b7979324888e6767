import { indentAt } from "../edits.ts";
import type { Syntax } from "../syntax.ts";

/** Behind "use strict", and behind what is remarked on the line of the brace. */
export function bodyStart(body: Syntax): number {
  const remark = /^\{[ \t]*\/\/[^\r\n]*/.exec(body.text)?.[0];
  return body.children.filter(isDirective).at(-1)?.end ?? body.start + (remark?.length ?? 1);
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

/** A statement at the beginning of a block, with its end where something follows on its line. */
export function statementIn(line: string, statement: string, body: Syntax): string {
  const next = body.children.find((child) => !isDirective(child));
  const isRunOn = line === " " && !statement.endsWith(";");
  return line + (isRunOn ? `${statement};` : ended(statement, next));
}

/** With a semicolon, where the next line would else go on with it. */
export function ended(statement: string, next: Syntax | undefined): string {
  const isOpen = !statement.endsWith(";") && /^[([`+\-/]/.test(next?.text ?? "");
  return isOpen ? `${statement};` : statement;
}
