import { readPickle } from "../../../src/interop/python/pickle/read-pickle.ts";
import { writePickle } from "../../../src/interop/python/pickle/write-pickle.ts";
import { Random } from "../../support/random.ts";
import { PICKLES } from "./pickle-vectors.ts";

const SEEDS = PICKLES.filter(({ length }) => length < 600);
const OPCODES =
  "()]}.0125lteadsuNKJMGILFSVXUTBCcRbghjpqr\x80\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x93\x94\x95iPQo\x82\x92";
const PIECES = [
  "cdatetime\ndatetime\n",
  "cuuid\nUUID\n",
  "c__builtin__\nset\n",
  "I1\n",
  "V\\ud800\n",
  "S'x'\n",
];

/** What became of one input: read and written again, or refused; anything else is thrown. */
export function fuzzOne(seed: number): "read" | "refused" {
  const random = Random.of(seed);
  const read = readPickle(seed % 2 === 0 ? mutated(random) : soup(random));
  if (!read.ok) {
    if (!/^[\x20-\x7e]{1,160}$/.test(read.reason))
      throw new Error(`Seed ${seed}: a strange reason`);
    return "refused";
  }
  const written = writePickle(read.value, 5);
  if (!written.ok) throw new Error(`Seed ${seed}: ${written.reason}`);
  const again = readPickle(written.bytes);
  const twice = again.ok ? writePickle(again.value, 5) : again;
  if (!twice.ok || Buffer.compare(twice.bytes, written.bytes) !== 0) {
    throw new Error(`Seed ${seed}: it does not come back`);
  }
  return "read";
}

/** A valid pickle, with a few bytes changed, doubled, left out or taken from another. */
function mutated(random: Random): Uint8Array {
  const bytes = [...random.pick(SEEDS)];
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    const at = random.below(bytes.length);
    const kind = random.below(5);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes[at] = OPCODES.charCodeAt(random.below(OPCODES.length));
    else if (kind === 2) bytes.splice(at, 1 + random.below(8));
    else if (kind === 3) bytes.splice(at, 0, ...bytes.slice(at, at + 1 + random.below(16)));
    else bytes.splice(at, 1, ...slice(random, random.pick(SEEDS)));
  }
  return Uint8Array.from(bytes);
}

function slice(random: Random, bytes: Uint8Array): Uint8Array {
  const start = random.below(bytes.length);
  return bytes.subarray(start, start + 1 + random.below(24));
}

/** Opcodes and names in any order. */
function soup(random: Random): Uint8Array {
  const parts = Array.from({ length: 1 + random.below(40) }, () =>
    random.chance(0.15) ? random.pick(PIECES) : OPCODES.charAt(random.below(OPCODES.length)),
  );
  return Buffer.from(`${parts.join("")}.`, "latin1");
}
