import { readFileSync } from "node:fs";
import type { PickleProtocol } from "../../../src/interop/python/pickle/write-pickle.ts";
import type { Notation } from "./notation.ts";

/** What a real Python wrote for one value in one protocol. */
export interface PickleVector {
  readonly id: string;
  readonly protocol: PickleProtocol;
  /** `null` where the bytes are too many for the file. */
  readonly b64: string | null;
  readonly sha256: string;
  readonly ops: readonly string[];
}

interface PickleVectors {
  readonly values: Readonly<Record<string, Notation>>;
  readonly vectors: readonly PickleVector[];
}

/** A file of vectors by its name. */
export function readVectors<Vectors>(name: string): Vectors {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
}

/** What Python 3.11 wrote. */
export const PYTHON3: PickleVectors = readVectors("pickle.py3.11.2");

/** What Python 2.7 wrote. Its values are told in its own words. */
export const PYTHON2: PickleVectors = readVectors("pickle.py2.7.18");

/** The bytes of each pickle of both, as far as they are in the files. */
export const PICKLES: readonly Uint8Array[] = [...PYTHON3.vectors, ...PYTHON2.vectors].flatMap(
  ({ b64 }) => (b64 === null ? [] : [Buffer.from(b64, "base64")]),
);
