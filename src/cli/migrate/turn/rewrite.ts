import type { Edit } from "../edits.ts";
import type { Syntax } from "../syntax.ts";

/** What a place becomes, or why it stays. */
export type Rewrite = Turned | Stays;

export interface Turned {
  readonly edits: readonly Edit[];
  /** Whether what it becomes does without the session's variable. */
  readonly isUnnamed?: boolean | undefined;
}

export interface Stays {
  readonly reason: string;
  /** Whether the rest of the function has to stay with it. */
  readonly takesAll?: boolean | undefined;
}

/** How things are named, and written, where a place is. */
export interface Manner {
  /** The session's variable. */
  readonly session: string;
  readonly setJson: string;
  readonly calledBack: string;
  readonly quote: string;
  /** The function that the request comes to. */
  readonly owner: Syntax;
  /** Whether the function provides for a request without a session. */
  readonly isMaybe: boolean;
  /** Whether an `await` can stand at the place. */
  readonly canAwait: (piece: Syntax) => boolean;
}

export function stays(reason: string, takesAll = false): Stays {
  return { reason, takesAll };
}

export function isTurned(rewrite: Rewrite): rewrite is Turned {
  return "edits" in rewrite;
}

export function quoted(text: string, { quote }: Manner): string {
  return quote + text.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`) + quote;
}
