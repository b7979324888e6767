/** What a command has around it, so that tests run it as a function. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the user's project is. */
  readonly folder: string;
  /** Everything on standard input, up to a bound; `undefined` beyond it. */
  readonly readInput: (maxBytes: number) => Promise<Buffer | undefined>;
  /** Whether standard input is a person at a keyboard. */
  readonly isTyped: boolean;
  readonly now: () => number;
  /** Puts text in a colour, where the reader sees colours. */
  readonly paint: Paint;
  readonly print: (text: string) => void;
  /** Says on standard error what is wrong. */
  readonly complain: (text: string) => void;
}

/** How important a piece of the output is, or what it says of the input. */
export type Tone = "title" | "good" | "bad" | "doubtful" | "quiet";

/** Puts text in the colour of a tone. */
export type Paint = (tone: Tone, text: string) => string;

/** A command's exit code: fine, a failed check, or input that it cannot use. */
export type ExitCode = 0 | 1 | 2;
