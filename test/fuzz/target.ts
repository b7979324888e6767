import type { Material } from "./mutator.ts";

/** What became of an input: it was refused, or it was right to take it. */
export type Verdict = "refused" | "taken";

/** Something that reads what others have written, ready to be tried. */
export interface Subject extends Material {
  /**
   * Gives it an input.
   *
   * @throws {@link Finding} where it took what it should have refused; any other error is a crash.
   */
  attempt(input: Buffer): Verdict | Promise<Verdict>;
  close?(): unknown;
}

export interface Target {
  readonly name: string;
  /** Its part of all inputs, beside those of the others: the cheaper the more. */
  readonly share: number;
  open(): Subject | Promise<Subject>;
}

/** It took what it should have refused. */
export class Finding extends Error {}

export function bytesOf(...texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text, "latin1"));
}
