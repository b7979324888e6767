/** What Python's `http.cookies` writes without quotes. */
const PLAIN = /^[\w!#$%&'*+.^`|~:-]+$/;

/** What it escapes in quotes; it leaves alone what is beyond Latin-1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are among what is escaped.
const ESCAPED = /[\u0000-\u001f\u007f-\u00ff"\\,;]/g;

/** The value of a cookie as Python's `http.cookies` writes it: in quotes where it must be. */
export function quotedCookieValue(value: string): string {
  if (PLAIN.test(value)) return value;
  return `"${value.replace(ESCAPED, escaped)}"`;
}

/** The value that {@link quotedCookieValue} wrote. One without quotes is returned as it is. */
export function unquotedCookieValue(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(?:([0-3][0-7][0-7])|(.))/gs, unescaped);
}

function escaped(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
}

function unescaped(_: string, octal: string | undefined, character: string): string {
  return octal === undefined ? character : String.fromCharCode(Number.parseInt(octal, 8));
}
