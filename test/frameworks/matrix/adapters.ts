/** What vitest's JSON reporter writes, as far as it is read here. */
export interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** What an adapter made of one sentence of the suite. */
export interface Told {
  /** As `"chapter: sentence"`. */
  readonly sentence: string;
  readonly held: boolean;
  /** Why the framework cannot keep it, where that is so. */
  readonly reason: string | undefined;
}

/** What was told to an adapter. */
export interface Adapter {
  /** Of the framework, as the suite was called. */
  readonly name: string;
  readonly told: readonly Told[];
}

const STORY = " tells the session's HTTP story";
const DEVIATES = ": deviates, ";

/** The adapters that the reports tell of, by name. */
export function adaptersIn(reports: readonly Report[]): readonly Adapter[] {
  const adapters = new Map<string, Told[]>();
  for (const { ancestorTitles, title, status } of resultsIn(reports)) {
    const [suite = "", chapter = ""] = ancestorTitles;
    if (!suite.endsWith(STORY)) continue;
    const name = suite.slice(0, -STORY.length);
    const [sentence = "", reason] = title.split(DEVIATES, 2);
    const told = { sentence: `${chapter}: ${sentence}`, held: status === "passed", reason };
    adapters.set(name, [...(adapters.get(name) ?? []), told]);
  }
  return [...adapters]
    .map(([name, told]) => ({ name, told }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function resultsIn(
  reports: readonly Report[],
): Report["testResults"][number]["assertionResults"][number][] {
  return reports.flatMap(({ testResults }) =>
    testResults.flatMap(({ assertionResults }) => assertionResults),
  );
}
