import { printable, printableLines } from "../printable.ts";
import type { Paint } from "../world.ts";
import type { Changed, Left, Outcome } from "./change.ts";
import { unifiedDiff } from "./diff.ts";

interface Telling {
  readonly isWritten: boolean;
  /** The files' names rather than their differences. */
  readonly isListed: boolean;
  readonly step: 1 | 2;
}

/** What the command prints: what changes, what is left, and what to do next. */
export function outcomeText(outcome: Outcome, telling: Telling, paint: Paint): string {
  const { step } = telling;
  const { changed, turned, left, notes } = outcome;
  if (changed.length === 0 && left.length === 0) return "Nothing to turn.\n";
  const files = changed.map((each) => changeText(each, telling, paint));
  const count = `${counted(turned, "place")} turned in ${counted(changed.length, "file")}`;
  const lines = step === 2 ? ", by their new lines" : "";
  const over = left.length === 0 ? "nothing left to you" : `${left.length} left to you${lines}`;
  const text = [
    ...files,
    `\n${paint("title", `${count}, ${over}.`)}`,
    ...left.map((each) => leftText(each, paint)),
    ...notes.map(printable),
    ...nextSteps(outcome, telling),
  ];
  return `${text.join("\n")}\n`;
}

function changeText({ path, before, after }: Changed, telling: Telling, paint: Paint): string {
  if (telling.isListed)
    return `${paint("good", telling.isWritten ? "writes" : "would write")}  ${printable(path)}`;
  return unifiedDiff(path, before, after)
    .split("\n")
    .map((line) => painted(printableLines(line.replaceAll("\t", "    ")), paint))
    .join("\n");
}

function painted(line: string, paint: Paint): string {
  if (line.startsWith("+")) return paint("good", line);
  return line.startsWith("-") ? paint("bad", line) : line;
}

function leftText({ path, line, text, reason }: Left, paint: Paint): string {
  const place = paint("doubtful", `${printable(path)}:${line}`);
  return `  ${place}  ${reason}\n      ${printable(text)}`;
}

function counted(count: number, thing: string): string {
  return count === 1 ? `1 ${thing}` : `${count} ${thing}s`;
}

function nextSteps({ changed }: Outcome, { isWritten, step }: Telling): string[] {
  if (changed.length === 0) return [];
  if (!isWritten) return ["Nothing is written: say --write."];
  const install = changed.some(({ path }) => path.endsWith("package.json")) ? ["npm install"] : [];
  const next = step === 1 ? ["The handlers are a second step: --step 2."] : [];
  return [...install, ...next];
}
