import type { Requirement, Standard } from "./requirements/requirement.ts";
import type { TaggedTest } from "./tagged-tests.ts";

const INTRODUCTION = `# What the standards ask, and which test shows it

Each line of the standards that sessions have a part in, in our own words: the number is what counts, read the
standard for its text. Generated from the names of the tests, so that a claim stands here only as long as its
test does: \`npm run security\` writes this page anew, and \`test/security\` fails where it is stale.

All of it is said of sessions of Sojourn's own. Sessions that are shared with an application in Python are as strong
as they are there: see [Security](../../SECURITY.md#where-sessions-are-shared-with-python-or-adopted).

A requirement is **held** where tests of the library show it, **open** where something is missing, and
**yours** where only the application can meet it. *For you* says what the library cannot do in your place.

To tag a test, end its name, or that of its suite, with the numbers:
\`it("kills the token from before [ASVS 7.2.4, WSTG-SESS-03]", …)\`. Take the \`open\` out of
\`test/security/requirements\` where nothing is missing any more, and run \`npm run security\`.
`;

interface Entry {
  readonly requirement: Requirement;
  readonly proofs: readonly TaggedTest[];
  readonly state: "held" | "open" | "yours";
}

export function requirementsPage(
  standards: readonly Standard[],
  tests: readonly TaggedTest[],
): string {
  const chapters = standards.map((standard) => ({
    standard,
    entries: standard.requirements.map((requirement) => entryOf(requirement, tests)),
  }));
  return [
    INTRODUCTION,
    "| | held | open | yours |\n|---|---|---|---|",
    ...chapters.map(({ standard, entries }) => summaryRow(standard, entries)),
    ...chapters.map(({ standard, entries }) => chapter(standard, entries)),
    "",
  ].join("\n");
}

function entryOf(requirement: Requirement, tests: readonly TaggedTest[]): Entry {
  const proofs = tests.filter(({ requirements }) => requirements.includes(requirement.id));
  const isOpen = requirement.open !== undefined || proofs.length === 0;
  const ours = isOpen ? "open" : "held";
  return { requirement, proofs, state: requirement.whose === "application" ? "yours" : ours };
}

function summaryRow({ title }: Standard, entries: readonly Entry[]): string {
  const counts = ["held", "open", "yours"].map(
    (state) => entries.filter((entry) => entry.state === state).length,
  );
  return `| ${[title, ...counts].join(" | ")} |`;
}

function chapter({ title, about, link }: Standard, entries: readonly Entry[]): string {
  return [`\n## ${title}`, `${about} [The standard](${link}).`, ...entries.map(section)].join(
    "\n\n",
  );
}

function section({ requirement, proofs, state }: Entry): string {
  const { id, level, asks, yours, open } = requirement;
  const label = level === undefined ? id : `${id} (L${level})`;
  const paragraphs = [
    `### ${label}: ${state}`,
    asks,
    ...(open === undefined ? [] : [`*Missing:* ${open}.`]),
    ...(yours === undefined ? [] : [`*For you:* ${yours}`]),
    ...(proofs.length === 0 ? [] : [proofs.map(proofLine).join("\n")]),
  ];
  return paragraphs.join("\n\n");
}

function proofLine({ file, name }: TaggedTest): string {
  return `- \`${file}\`: ${name.replaceAll(/[<>*_[\]\\]/g, "\\$&")}`;
}
