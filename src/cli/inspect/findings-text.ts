import type { JsonValue } from "../../core/json.ts";
import { distanceText, instantText } from "../instants.ts";
import { printable, printableLines } from "../printable.ts";
import type { Paint, Tone } from "../world.ts";
import type { Fact, Verdict } from "./finding.ts";
import type { NamedFinding } from "./findings-in.ts";

const MARKS: Readonly<Record<Verdict, readonly [tone: Tone, mark: string]>> = {
  genuine: ["good", "✓"],
  unchecked: ["doubtful", "?"],
  refused: ["bad", "✗"],
  recognised: ["quiet", "–"],
};

/** Findings for people: the verdict first, then what is wrong, when, what else, and the data. */
export function findingsText(findings: readonly NamedFinding[], now: number, paint: Paint): string {
  return findings.map((finding) => findingText(finding, now, paint)).join("\n");
}

function findingText(finding: NamedFinding, now: number, paint: Paint): string {
  const [tone, mark] = MARKS[finding.verdict];
  const name = finding.name === undefined ? "" : `${finding.name}: `;
  const blocks = [
    `${paint("title", `${name}${printable(finding.title)}`)}\n${paint(tone, `${mark} ${finding.summary}`)}`,
    finding.remarks.map((remark) => `  ${printable(remark)}`).join("\n"),
    table([...times(finding, now), ...finding.facts], paint),
    finding.data === undefined ? "" : dataText(finding.data),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function times({ issuedAt, expiresAt, expiryRule }: NamedFinding, now: number): readonly Fact[] {
  const issued = issuedAt === undefined ? [] : [{ name: "issued", value: timeText(issuedAt, now) }];
  if (expiresAt === undefined) return issued;
  const value = timeText(expiresAt, now);
  const rule = expiryRule === undefined ? [] : [{ name: "", value: `by ${expiryRule}` }];
  return [...issued, { name: expiresAt < now ? "expired" : "expires", value }, ...rule];
}

function timeText(at: number, now: number): string {
  return `${instantText(at)}, ${distanceText(at, now)}`;
}

function table(facts: readonly Fact[], paint: Paint): string {
  const width = Math.max(...facts.map(({ name }) => name.length), 0);
  const lines = facts.map(
    ({ name, value }) => `  ${paint("quiet", name.padEnd(width))}  ${printable(value)}`,
  );
  return lines.join("\n");
}

function dataText(data: JsonValue): string {
  return printableLines(JSON.stringify(data, undefined, 2)).replace(/^/gm, "  ");
}
