/** A change of a text: what stands between two places is replaced. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The text with all changes in it. Two insertions at one place keep their order, and what would be
 * inserted within a replaced piece goes with it.
 */
export function edited(source: string, edits: readonly Edit[]): string {
  const inOrder = edits
    .map((edit, order) => ({ ...edit, order }))
    .sort(
      (one, other) => one.start - other.start || one.end - other.end || one.order - other.order,
    );
  let text = "";
  let at = 0;
  for (const edit of inOrder) {
    if (edit.start < at) continue;
    text += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return text + source.slice(at);
}

export function insertion(at: number, text: string): Edit {
  return { start: at, end: at, text };
}

/** The number of the line, from 1, that a place of a text is in. */
export function lineOf(source: string, place: number): number {
  return source.slice(0, place).split("\n").length;
}

/** The line that a place of a text is in, without what it begins with; of a long one the beginning. */
export function lineTextOf(source: string, place: number): string {
  const begin = source.lastIndexOf("\n", place - 1) + 1;
  const end = source.indexOf("\n", place);
  const line = source.slice(begin, end < 0 ? undefined : end).trim();
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
}

const MAX_SHOWN = 200;

/** The blanks that the line of a place begins with. */
export function indentAt(source: string, place: number): string {
  const begin = source.lastIndexOf("\n", place - 1) + 1;
  return /^[ \t]*/.exec(source.slice(begin))?.[0] ?? "";
}
