import type { CookiePieces } from "../foreign/foreign-sessions.ts";

/** More cookies of 4 KB than any server takes in a request. */
const MOST = 8;

/**
 * A session that is split over `name.0`, `name.1` and so on, or is whole in the cookie itself. A piece
 * that came more than once, from another path of the browser's, fits to no other: it is not read.
 *
 * @param first - The number of the first.
 */
export function piecesFrom(first: 0 | 1): CookiePieces {
  const suffixes = Array.from({ length: MOST }, (_, at) => `.${at + first}`);
  return {
    suffixes,
    wholes: (own, behind) => {
      const split = joined(suffixes, behind);
      return split === undefined ? own : [...own, split];
    },
  };
}

function joined(
  suffixes: readonly string[],
  behind: (suffix: string) => readonly string[],
): string | undefined {
  const values: string[] = [];
  for (const suffix of suffixes) {
    const [value, ...others] = behind(suffix);
    if (value === undefined) break;
    if (others.length > 0) return undefined;
    values.push(value);
  }
  return values.length === 0 ? undefined : values.join("");
}
