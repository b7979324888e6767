import type { Findings, Outage, OutageAnswer, Result, Row } from "./findings.ts";

interface Column {
  readonly short: string;
  readonly text: string;
  /** `undefined` where it cannot be run. */
  cell(findings: Findings): Cell | undefined;
}

/** Whether it holds, and in which figures. */
interface Cell {
  readonly holds: boolean;
  readonly text: string;
  /** What a reader of this one cell should know. */
  readonly note?: string;
}

const NOT_HELD =
  "Nothing lies between the process and where it keeps its sessions, so nothing could be held up: such a " +
  "race was run as fast as it goes.";

const COLUMNS: readonly Column[] = [
  {
    short: "two changes",
    text:
      "a slow request reads the session; a quick one changes it and is answered; the slow one changes " +
      "another key. In so many rounds both changes are there.",
    cell: ({ lostUpdate }) => lostUpdate && portion(lostUpdate.bothKept, lostUpdate.rounds),
  },
  {
    short: "keys",
    text: "requests that run at once each set a key of their own. So many keys are there; the median of the rounds.",
    cell: ({ lostUpdate }) => lostUpdate && middle(lostUpdate.keys, lostUpdate.parallel),
  },
  {
    short: "count",
    text: "requests that run at once each add one to a counter, by the library's best means. The median.",
    cell: ({ lostUpdate }) => lostUpdate && middle(lostUpdate.counts, lostUpdate.parallel),
  },
  {
    short: "late writer",
    text:
      "a request has read the session and is slow; the user signs out; the request writes. In so many " +
      "rounds the user stays signed out, in the browser and for whoever copied the cookie.",
    cell: ({ resurrection: { rounds, byWriter } }) =>
      byWriter === undefined ? undefined : portion(rounds - byWriter, rounds),
  },
  {
    short: "late reader",
    text: "the same with a request that only reads.",
    cell: ({ resurrection: { rounds, byReader } }) => portion(rounds - byReader, rounds),
  },
  {
    short: "old cookie",
    text: "a copy of the cookie from before the sign-out, with nothing racing: is it worth nothing?",
    cell: ({ copyLives }) => ({ holds: !copyLives, text: copyLives ? "lives" : "dead" }),
  },
  {
    short: "planted",
    text:
      "somebody plants a cookie of their own in the victim's browser, who signs in with it. In so many " +
      "rounds the planter is not signed in by that.",
    cell: ({ fixation: { planted, rounds } }) => portion(rounds - planted, rounds),
  },
  {
    short: "unknown id",
    text:
      "a cookie of a session that has ended, or of invented characters, is planted: does the server keep " +
      "the victim's session under it, where the planter can read it?",
    cell: ({ fixation }) => unknownId(fixation),
  },
  {
    short: "redirect",
    text:
      "a handler sets a key and redirects; its process's store is held up from then on; the browser follows " +
      "as soon as it may, to the other process. In so many rounds the key is there.",
    cell: ({ redirect }) =>
      redirect && {
        ...portion(redirect.rounds - redirect.missed, redirect.rounds),
        ...(!redirect.isHeld && { note: NOT_HELD }),
      },
  },
  {
    short: "store silent",
    text:
      "the connections stay and nothing is answered. What a signed-in user gets within 10 seconds who " +
      "reads / who writes.",
    cell: ({ outage }) => outageCell(outage?.silent),
  },
  {
    short: "store dead",
    text: "connections are reset and refused. The same.",
    cell: ({ outage }) => outageCell(outage?.dead),
  },
  {
    short: "ended by others",
    text:
      "an administrator ends all sessions of the user, through the other process. So many of the requests " +
      "that follow are accepted.",
    cell: ({ revocation }) => {
      if (revocation === undefined) return undefined;
      const { accepted, requests } = revocation;
      return { holds: accepted === 0, text: `${accepted} of ${requests}` };
    },
  },
];

const CANNOT = "–";

/** The page with the table of all results, in their order. */
export function racePage(results: readonly Row[]): string {
  const notes = new Notes();
  const rows = results.map((result) => rowOf(result, notes));
  const dates = results.map(({ date }) => date).sort();
  const head = ["", "set up as", ...COLUMNS.map(({ short }) => short)];
  const span = [...new Set([dates[0], dates.at(-1)])].join(" to ");
  return `${[
    "# The race table of the field",
    "",
    `Written by \`npm run races\`, from the results in \`races/results\`, on ${span}. [Races](races.md) says how each`,
    "race is run, and how to enter an application of your own. ✓ holds, ✗ is lost, – cannot be run; a fraction is",
    "always what was held. What we lose is shown as well.",
    "",
    tableRow(head),
    `|${head.map(() => "---").join("|")}|`,
    ...rows,
    "",
    "## What the columns say",
    "",
    ...COLUMNS.map(({ short, text }) => `- **${short}**: ${text}`),
    "",
    "– is where there is no store to take away, as sessions lie in the process, in files or in the cookie; where the",
    "library has no means to end a session but from within it; or where its sessions hold nothing but who is there.",
    "",
    "## Notes",
    "",
    ...notes.lines(),
    "",
    "## Versions",
    "",
    "| | set up as | versions | on |",
    "|---|---|---|---|",
    ...results.map(versionRow),
  ].join("\n")}\n`;
}

/** Remarks, each with a number of its own. */
class Notes {
  readonly #numbers = new Map<string, number>();

  mark(note: string | undefined): string {
    if (note === undefined) return "";
    const number = this.#numbers.get(note) ?? this.#numbers.size + 1;
    this.#numbers.set(note, number);
    return ` (${number})`;
  }

  lines(): readonly string[] {
    return [...this.#numbers].map(([note, number]) => `${number}. ${note}`);
  }
}

function rowOf({ name, setting, notes: remarks, findings }: Row, notes: Notes): string {
  const cells = COLUMNS.map((column) => {
    const cell = column.cell(findings);
    if (cell === undefined) return CANNOT;
    const { holds, text, note } = cell;
    return `${holds ? "✓" : "✗"} ${text}${notes.mark(note)}`;
  });
  const marks = remarks.map((remark) => notes.mark(remark)).join("");
  return tableRow([name, `${setting}${marks}`, ...cells]);
}

function versionRow({ name, setting, versions, runtime, date }: Result): string {
  const texts = Object.entries(versions).map(([library, version]) => `${library} ${version}`);
  return tableRow([name, setting, [...texts, runtime].join(", "), date]);
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Held only if the worst round is whole. */
function portion(held: number, of: number, worst: number = held): Cell {
  return { holds: worst === of, text: `${held}/${of}` };
}

/** The median of the rounds. */
function middle(held: readonly number[], of: number): Cell {
  return portion(median(held), of, Math.min(...held));
}

function median(figures: readonly number[]): number {
  return figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)] ?? 0;
}

function unknownId({ adoptsEnded, adoptsInvented }: Findings["fixation"]): Cell {
  const adopted = [...(adoptsEnded ? ["ended"] : []), ...(adoptsInvented ? ["invented"] : [])];
  const holds = adopted.length === 0;
  return { holds, text: holds ? "refused" : `${adopted.join(", ")} taken` };
}

function outageCell(outage: Outage | undefined): Cell | undefined {
  if (outage === undefined) return undefined;
  const { read, write, survives, recovers } = outage;
  const after = survives ? (recovers ? "" : ", not served again") : ", process ends";
  const isTrue = isHonest(read) && (write === undefined || isHonest(write));
  return { holds: isTrue && survives && recovers, text: `${read} / ${write ?? CANNOT}${after}` };
}

/** An error in time, or a success that is true. */
function isHonest(answer: OutageAnswer): boolean {
  return typeof answer === "number" && (answer === 200 || answer >= 500);
}
