import { lineOf, lineTextOf } from "./edits.ts";

/** A file's new text. */
export interface Changed {
  readonly path: string;
  /** `undefined` for a new file. */
  readonly before: string | undefined;
  readonly after: string;
}

/** A place that is left to hands, and why. */
export interface Left {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** The line itself. */
  readonly text: string;
  readonly reason: string;
}

/** What a step comes to. */
export interface Outcome {
  readonly changed: readonly Changed[];
  /** How many places were turned. */
  readonly turned: number;
  readonly left: readonly Left[];
  /** What else is to be known, a sentence each. */
  readonly notes: readonly string[];
}

export function leftAt(path: string, source: string, place: number, reason: string): Left {
  return { path, line: lineOf(source, place), text: lineTextOf(source, place), reason };
}
