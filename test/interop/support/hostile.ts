import { deflateSync } from "node:zlib";

/** Characters that mean something to one of the formats, and some that mean nothing to any. */
const ALPHABET = '.:|{}[]",0123456789aAzZ-_+/=\\ u\u0000\u007fé\ufffd\ud800😀eE tdbmi';
/** Four megabytes of nothing, packed. */
export const BOMB: string = `.${deflateSync(Buffer.alloc(4_000_000)).toString("base64url")}`;
const WORDS = ["NaN", "-Infinity", "1e999", "9".repeat(5_000), "[".repeat(2_000), '{" di":', BOMB];

/** A text made of a valid one, by a few cuts, doublings and insertions. */
export function damaged(text: string, random: () => number): string {
  let result = text;
  for (let left = 1 + random() * 4; left >= 1; left--) result = damagedOnce(result, random);
  return result;
}

function damagedOnce(text: string, random: () => number): string {
  const at = Math.floor(random() * (text.length + 1));
  const length = Math.floor(random() * 8);
  const [before, after] = [text.slice(0, at), text.slice(at)];
  switch (Math.floor(random() * 6)) {
    case 0:
      return before;
    case 1:
      return before + after.slice(length);
    case 2:
      return before + after.slice(0, length) + after;
    case 3:
      return before + character(random) + after;
    case 4:
      return before + character(random) + after.slice(1);
    default:
      return random() < 0.3 ? before + word(random) + after : before + after.slice(1);
  }
}

function character(random: () => number): string {
  return ALPHABET.charAt(Math.floor(random() * ALPHABET.length));
}

function word(random: () => number): string {
  return WORDS[Math.floor(random() * WORDS.length)] ?? "";
}
