import { printable } from "../printable.ts";
import type { Paint } from "../world.ts";
import type { Survey } from "./survey.ts";

const MOST_SHOWN = 20;

/** A survey for people: what comes over first, then what does not and why. */
export function surveyText(survey: Survey, paint: Paint): string {
  const { total, coming, signedIn, tagged, kinds, refusals, beyond } = survey;
  if (total === 0) return `${paint("doubtful", "No sessions found here.")}\n`;
  const lost = total - coming;
  const summary =
    lost === 0
      ? paint("good", "✓ all would come over")
      : paint("bad", `✗ ${lost} would not come over`);
  return [
    `${paint("title", `${counted(total, "session")}, ${coming} of them would come over`)}\n${summary}\n`,
    block("How they are stored", kinds, paint),
    signedIn === 0 ? "" : `  ${signedIn} of them are of somebody who is signed in.\n`,
    block("Would not come over", refusals, paint),
    block(`JSON has no word for these, in ${counted(tagged, "session")}; map them`, beyond, paint),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function block(title: string, counts: Survey["kinds"], paint: Paint): string {
  if (counts.length === 0) return "";
  const shown = counts.slice(0, MOST_SHOWN);
  const width = Math.max(...shown.map(([, count]) => String(count).length));
  const lines = shown.map(
    ([name, count]) => `  ${String(count).padStart(width)}  ${printable(name)}`,
  );
  const more = counts.length > MOST_SHOWN ? [`  and ${counts.length - MOST_SHOWN} more`] : [];
  return `${paint("quiet", title)}\n${[...lines, ...more].join("\n")}\n`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
