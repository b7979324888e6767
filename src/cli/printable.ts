/** What moves the cursor, colours, or turns the direction of text: a cookie must not do it to a terminal. */
const UNSAFE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text of unknown origin, with what a terminal would act upon written out. */
export function printable(text: string): string {
  return text.toWellFormed().replace(UNSAFE, escaped);
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** The beginning of a text that is too long to be read, or too secret to be shown. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? printable(text) : `${printable(text.slice(0, length))}…`;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `\\u{${code.toString(16)}}`;
}
