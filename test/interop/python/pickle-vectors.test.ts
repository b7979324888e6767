import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readPickle } from "../../../src/interop/python/pickle/read-pickle.ts";
import {
  type PickleProtocol,
  writePickle,
} from "../../../src/interop/python/pickle/write-pickle.ts";
import { PyBytes, PyDict, PyMoment, type PyValue } from "../../../src/interop/python/values.ts";
import { fromNotation } from "../support/notation.ts";
import { type PickleVector, PYTHON2, PYTHON3 } from "../support/pickle-vectors.ts";
import { runPython } from "../support/python.ts";

/** One list in two places. */
const SHARED = ["x"];

/** What the files tell in words, and what is more than their notation says. */
const TOLD: Readonly<Record<string, PyValue>> = {
  "many-items": dict({
    l: Array.from({ length: 1001 }, (_, index) => index),
    d: new PyDict([], "OrderedDict"),
  }),
  "big-frame": dict({
    l: [
      ...Array.from({ length: 3 }, () => "z".repeat(1000)),
      ...Array.from({ length: 400 }, (_, index) => String(index).repeat(200)),
    ],
  }),
  "shared-and-repeated": dict({ a: SHARED, b: SHARED, k1: "same", k2: "same" }),
  ordereddict: dict({
    o: new PyDict(
      [
        ["a", 1],
        ["b", 2],
      ],
      "OrderedDict",
    ),
  }),
  zoneinfo: dict({
    d: new PyMoment("datetime", "2023-11-14T00:00:00+01:00", 0, {
      kind: "ZoneInfo",
      name: "Europe/Paris",
    }),
  }),
};

/** A `str` of Python 2 is text where it is ASCII. Its dicts have no order that means anything. */
const TOLD_OF_PYTHON2: Readonly<Record<string, PyValue>> = {
  ...TOLD,
  bytes: dict({ b: new PyBytes(Uint8Array.of(0, 255, 32, 97, 98, 99)), e: "" }),
};

describe("Pickles of Python 3.11", () => {
  it.each(readable(PYTHON3.vectors))("are read: $id in protocol $protocol", ({ id, b64 }) => {
    expect(readPickle(bytesOf(b64))).toStrictEqual({ ok: true, value: told(id) });
  });

  it.each(PYTHON3.vectors.filter(({ id }) => id !== "self-list"))(
    "are written, byte for byte: $id in protocol $protocol",
    ({ id, protocol, sha256 }) => {
      expect(hashOf(written(told(id), protocol))).toBe(sha256);
    },
  );

  it("are loaded by the real Python, which finds equal values", () => {
    const pairs = readable(PYTHON3.vectors).map(({ id, protocol, b64 }) => [
      b64,
      Buffer.from(written(told(id), protocol)).toString("base64"),
    ]);
    expect(runPython(DIFFERENT, pairs)).toEqual([]);
  });
});

describe("Pickles of Python 2.7", () => {
  it.each(readable(PYTHON2.vectors))("are read: $id in protocol $protocol", ({ id, b64 }) => {
    const read = readPickle(bytesOf(b64));
    const expected = TOLD_OF_PYTHON2[id] ?? told(id);
    expect(read.ok && sorted(read.value)).toStrictEqual(sorted(expected));
  });
});

describe("A list that contains itself", () => {
  it.each([...PYTHON3.vectors, ...PYTHON2.vectors].filter(({ id }) => id === "self-list"))(
    "is refused by name in protocol $protocol",
    ({ b64 }) => {
      expect(readPickle(bytesOf(b64))).toEqual({ ok: false, reason: "a value contains itself" });
    },
  );
});

const DIFFERENT = `
import base64, pickle
def repr_of(text): return repr(pickle.loads(base64.b64decode(text)))
answer = [pair for pair in given if repr_of(pair[0]) != repr_of(pair[1])]
`;

function readable(vectors: readonly PickleVector[]): readonly PickleVector[] {
  return vectors.filter(({ id, b64 }) => id !== "self-list" && b64 !== null);
}

function told(id: string): PyValue {
  return TOLD[id] ?? fromNotation(PYTHON3.values[id] ?? null);
}

function written(value: PyValue, protocol: PickleProtocol): Uint8Array {
  const result = writePickle(value, protocol);
  if (!result.ok) throw new Error(result.reason);
  return result.bytes;
}

function bytesOf(b64: string | null): Uint8Array {
  return Buffer.from(b64 ?? "", "base64");
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function dict(entries: Readonly<Record<string, PyValue>>): PyDict {
  return new PyDict(Object.entries(entries));
}

function sorted(value: PyValue): PyValue {
  if (!(value instanceof PyDict)) return value;
  return new PyDict([...value.entries].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}
