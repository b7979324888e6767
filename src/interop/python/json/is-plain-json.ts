/** Longer runs of digits may be ints that JavaScript rounds; `1e+21` is a float without a point. */
const DOUBTFUL = /[0-9]{16}|[0-9]e\+/;

/**
 * Tells whether `JSON.parse` of a text of Python's JSON loses nothing: no key twice or out of its
 * order, no `1.0`, no int that it rounds, no `NaN`. Says no where it is not sure, as of texts with
 * escapes beyond JavaScript's own.
 */
export function isPlainJson(text: string): boolean {
  if (DOUBTFUL.test(text)) return false;
  try {
    return JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}
