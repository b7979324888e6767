const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};

/** A text in quotes as Python's JSON writes it, with all but printable ASCII escaped. */
export function quotedAscii(text: string): string {
  return `"${text.replace(/[^ !#-[\]-~]/g, escaped)}"`;
}

/** A text in quotes as Python's JSON writes it with `ensure_ascii=False`. */
export function quotedUnicode(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped.
  return `"${text.replace(/["\\\u0000-\u001f]/g, escaped)}"`;
}

function escaped(unit: string): string {
  return SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
