import type { Adapter, Told } from "./adapters.ts";
import { REQUIREMENTS, type Requirement } from "./requirements.ts";

/** The page that says which framework holds what: each cell is what the tests made of it. */
export function matrixPage(adapters: readonly Adapter[]): string {
  const notes = new Notes();
  const rows = adapters.map(({ name, told }) => {
    const cells = REQUIREMENTS.map((requirement) => cellOf(requirement, told, notes));
    return `| ${[name, ...cells].join(" | ")} |`;
  });
  const head = ["", ...REQUIREMENTS.map(({ short }) => short)];
  return [
    "# What each framework holds",
    "",
    "Made by the tests: `describeAdapter` of `sojourn/testing` tells the same story to every adapter, on the real",
    "framework. ✓ holds, all of it; a number: the framework cannot keep a part of it, and why.",
    "",
    `| ${head.join(" | ")} |`,
    `|${head.map(() => "---").join("|")}|`,
    ...rows,
    "",
    "## What the columns say",
    "",
    ...REQUIREMENTS.map(({ short, text }) => `- **${short}**: ${text}`),
    "",
    "## What a framework cannot keep",
    "",
    ...notes.lines(),
    "",
  ].join("\n");
}

/** Reasons, each with a number of its own. */
class Notes {
  readonly #numbers = new Map<string, number>();

  numberOf(note: string): number {
    const number = this.#numbers.get(note) ?? this.#numbers.size + 1;
    this.#numbers.set(note, number);
    return number;
  }

  lines(): string[] {
    return [...this.#numbers].map(([note, number]) => `${number}. ${note}`);
  }
}

function cellOf({ sentences }: Requirement, told: readonly Told[], notes: Notes): string {
  const concerned = told.filter(({ sentence }) =>
    sentences.some((wanted) => sentence === wanted || sentence.startsWith(`${wanted}: `)),
  );
  if (concerned.length === 0) return "?";
  if (concerned.some(({ held }) => !held)) return "✗";
  const numbers = concerned.flatMap(({ sentence, reason }) => {
    if (reason === undefined) return [];
    return [notes.numberOf(`${sentence.slice(sentence.indexOf(": ") + 2)}: ${reason}.`)];
  });
  return numbers.length === 0 ? "✓" : [...new Set(numbers)].join(", ");
}
