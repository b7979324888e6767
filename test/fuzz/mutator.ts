import type { Random } from "../support/random.ts";

/** What a mutator works with: whole inputs, and pieces that mean something to the reader. */
export interface Material {
  readonly seeds: readonly Uint8Array[];
  readonly pieces: readonly Uint8Array[];
}

type Change = (bytes: Buffer, random: Random, material: Material) => Buffer;

const MAX_BYTES = 16_384;
const MAX_CHANGES = 4;
/** Bytes at which readers turn: ends of ranges, blanks, separators, quotes, escapes. */
const SHARP = Buffer.from(
  "\0\x01\x7f\x80\xc0\xe2\xff \t\r\n;=,.\\\"'{}[]()%+-_/~:09azAZ",
  "latin1",
);

const CHANGES: readonly Change[] = [
  // One bit.
  (bytes, random) => withByte(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  // A byte by any other, and by one at which readers turn.
  (bytes, random) => withByte(bytes, random, () => random.below(256)),
  (bytes, random) => withByte(bytes, random, () => SHARP[random.below(SHARP.length)] ?? 0),
  // Something taken out, cut off, or put in.
  (bytes, random) => replaced(bytes, random, 1 + random.below(8), Buffer.alloc(0)),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => bytes.subarray(random.below(bytes.length + 1)),
  (bytes, random) => replaced(bytes, random, 0, sharpBytes(random)),
  (bytes, random, { pieces }) => replaced(bytes, random, 0, pieceOf(pieces, random)),
  (bytes, random, { pieces }) => {
    return replaced(bytes, random, random.below(16), pieceOf(pieces, random));
  },
  // A part twice, many times, elsewhere, or of another input.
  (bytes, random) => replaced(bytes, random, 0, partOf(bytes, random)),
  (bytes, random) => replaced(bytes, random, 0, repeated(partOf(bytes, random), random)),
  (bytes, random) => replaced(bytes, random, random.below(64), partOf(bytes, random)),
  (bytes, random, { seeds }) => {
    const other = Buffer.from(random.pick(seeds));
    return replaced(bytes, random, random.below(64), partOf(other, random));
  },
  (bytes, random, { seeds }) => {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), random.pick(seeds).subarray(at)]);
  },
];

/** A seed changed in one to four ways; by chance it is what it was. Never longer than 16 KiB. */
export function mutant(material: Material, random: Random): Buffer {
  let bytes = Buffer.from(random.pick(material.seeds));
  for (let left = 1 + random.below(MAX_CHANGES); left > 0; left -= 1) {
    bytes = Buffer.from(random.pick(CHANGES)(bytes, random, material));
  }
  return bytes.subarray(0, MAX_BYTES);
}

function withByte(bytes: Buffer, random: Random, by: (byte: number) => number): Buffer {
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  bytes[at] = by(bytes[at] ?? 0);
  return bytes;
}

function replaced(bytes: Buffer, random: Random, length: number, by: Uint8Array): Buffer {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)]);
}

function sharpBytes(random: Random): Buffer {
  const count = 1 + random.below(4);
  return Buffer.from(Array.from({ length: count }, () => SHARP[random.below(SHARP.length)] ?? 0));
}

function pieceOf(pieces: readonly Uint8Array[], random: Random): Uint8Array {
  return pieces.length === 0 ? sharpBytes(random) : random.pick(pieces);
}

function partOf(bytes: Buffer, random: Random): Buffer {
  const start = random.below(bytes.length + 1);
  return bytes.subarray(start, start + 1 + random.below(64));
}

function repeated(part: Buffer, random: Random): Buffer {
  return Buffer.concat(Array.from({ length: 2 + random.below(30) }, () => part));
}
