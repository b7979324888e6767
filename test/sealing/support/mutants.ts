/** Changes that an attacker, a proxy or an unlucky copy may make to a text. */
type Change = (text: string, draw: Draw, other: string) => string;
/** A whole number from 0 to below the limit. */
export type Draw = (limit: number) => number;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const FOREIGN = "+/=.~ %\n\0é😀";

const CHANGES: readonly Change[] = [
  (text, draw) => replaced(text, draw(text.length), ALPHABET[draw(ALPHABET.length)] ?? ""),
  (text, draw) => replaced(text, draw(text.length), FOREIGN[draw(FOREIGN.length)] ?? ""),
  (text, draw) => replaced(text, draw(text.length), ""),
  (text, draw) => text.slice(0, draw(text.length)),
  (text, draw) => text.slice(1 + draw(text.length)),
  (text, draw) => inserted(text, draw(text.length + 1), ALPHABET[draw(ALPHABET.length)] ?? ""),
  (text, draw) => inserted(text, draw(text.length + 1), ALPHABET.slice(draw(ALPHABET.length))),
  (text, draw) => flipped(text, draw),
  (text, draw) => flipped(flipped(text, draw), draw),
  (text, draw) => reversedPart(text, draw(text.length), draw(text.length)),
  (text, draw, other) => spliced(text, other, draw(text.length)),
  (text, draw) => text.slice(draw(text.length)) + text,
  (text, draw) => replaced(text, draw(text.length), swappedCase(text, draw)),
  (text) => text.replaceAll("-", "+").replaceAll("_", "/"),
  (text) => `${text}=`,
];

/** A number generator with a seed (mulberry32), so that a failure can be seen again. */
export function drawFrom(seed: number): Draw {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** One text made wrong, in one to three ways; it may by chance be `text` again. */
export function mutant(text: string, draw: Draw, other: string): string {
  let changed = text;
  for (let left = 1 + draw(3); left > 0; left -= 1) {
    const change = CHANGES[draw(CHANGES.length)];
    if (change !== undefined && changed !== "") changed = change(changed, draw, other);
  }
  return changed;
}

function replaced(text: string, place: number, by: string): string {
  return text.slice(0, place) + by + text.slice(place + 1);
}

function inserted(text: string, place: number, what: string): string {
  return text.slice(0, place) + what + text.slice(place);
}

function flipped(text: string, draw: Draw): string {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length === 0) return text;
  const place = draw(bytes.length);
  bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << draw(8)), place);
  return bytes.toString("base64url");
}

function reversedPart(text: string, one: number, other: number): string {
  const [start, end] = one < other ? [one, other] : [other, one];
  return text.slice(0, start) + [...text.slice(start, end)].reverse().join("") + text.slice(end);
}

/** The beginning of one and the end of the other, but for the places where both agree. */
function spliced(text: string, other: string, place: number): string {
  return text.slice(0, place) + other.slice(place);
}

function swappedCase(text: string, draw: Draw): string {
  const letter = text[draw(text.length)] ?? "";
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}
