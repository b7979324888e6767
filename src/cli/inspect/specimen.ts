import type { EpochMs } from "../../core/record.ts";
import type { NamedKey } from "../keys.ts";
import type { Finding } from "./finding.ts";

/** A text to be recognised, and the name of the cookie that it was found in. */
export interface Specimen {
  readonly name: string | undefined;
  readonly text: string;
}

/** What is known beside the text. */
export interface Context {
  readonly keys: readonly NamedKey[];
  readonly now: EpochMs;
  /** How long a session lives, where the framework's default is not meant. */
  readonly lifetimeMs: number | undefined;
  /** For what a text was sealed or signed: `purpose` and `audience` of our own. */
  readonly purpose: string | undefined;
  readonly audience: string | undefined;
  /** The name of our own session manager. */
  readonly manager: string | undefined;
}

/** Says all about a text of its own format, and nothing about any other. */
export type Recogniser = (specimen: Specimen, context: Context) => Finding | undefined;
