import type { CookiePieces } from "../foreign/foreign-sessions.ts";

/** More cookies of 4 KB than any server takes in a request. */
const MOST = 8;

/**
 * A session that is split over `name.1`, `name.2` and so on, where the cookie itself says how many
 * there are: a word, and the number.
 */
export function numberedPieces(word: string): CookiePieces {
  const suffixes = Array.from({ length: MOST }, (_, at) => `.${at + 1}`);
  return {
    suffixes,
    wholes: (own, behind) =>
      own.flatMap((value) => {
        if (!value.startsWith(word)) return [value];
        const pieces = suffixes.slice(0, countIn(value.slice(word.length))).map(behind);
        return pieces.length > 0 && pieces.every((values) => values.length === 1)
          ? [pieces.join("")]
          : [];
      }),
  };
}

function countIn(text: string): number {
  return /^[1-9]$/.test(text) && Number(text) <= MOST ? Number(text) : 0;
}
