/** A requirement of a published standard, in our own words. */
export interface Requirement {
  /** As tests name it: `ASVS 7.2.4`, `WSTG-SESS-03`, `NIST 5.1 logout`. */
  readonly id: string;
  /** The lowest level that asks for it, where the standard has levels. */
  readonly level?: 1 | 2 | 3;
  readonly asks: string;
  /** Who can meet it. The library's and what is shared needs tests of ours. */
  readonly whose: "library" | "application" | "both";
  /** What the application has to do, where that is anything. */
  readonly yours?: string;
  /** What is missing. Without it the requirement counts as held, and has a test. */
  readonly open?: string;
}

/** What a standard asks, with where to read it. */
export interface Standard {
  readonly title: string;
  readonly link: string;
  readonly about: string;
  readonly requirements: readonly Requirement[];
}
