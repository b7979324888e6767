const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SHORT: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** Reads the text in quotes that starts at `start`. Halves of a surrogate pair may stand alone. */
export function readQuoted(
  text: string,
  start: number,
): { readonly value: string; readonly end: number } | undefined {
  let value = "";
  let from = start + 1;
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return { value: value + text.slice(from, at), end: at + 1 };
    if (unit < 0x20) return undefined;
    if (unit !== BACKSLASH) continue;
    const escaped = readEscape(text, at + 1);
    if (escaped === undefined) return undefined;
    value += text.slice(from, at) + escaped.unit;
    from = escaped.end;
    at = escaped.end - 1;
  }
  return undefined;
}

function readEscape(
  text: string,
  at: number,
): { readonly unit: string; readonly end: number } | undefined {
  const letter = text.charAt(at);
  if (letter !== "u") {
    const unit = SHORT.get(letter);
    return unit === undefined ? undefined : { unit, end: at + 1 };
  }
  const digits = text.slice(at + 1, at + 5);
  if (!/^[0-9A-Fa-f]{4}$/.test(digits)) return undefined;
  return { unit: String.fromCharCode(Number.parseInt(digits, 16)), end: at + 5 };
}
