import { describe, expect, it } from "vitest";
import { serverFormat } from "../../../src/interop/flask-session/server-format.ts";
import { formOf } from "../../../src/interop/flask-session/session-forms.ts";
import { PyDict, PyFloat, PyTuple, type PyValue } from "../../../src/interop/python/values.ts";
import { fromNotation, type Notation, toNotation } from "../support/notation.ts";
import { vectorsOf } from "../support/vectors.ts";

interface Vectors {
  readonly versions: { readonly "flask-session": string };
  readonly stores: readonly Stored[];
  readonly read_foreign: readonly Foreign[];
}

interface Stored {
  readonly store: string;
  readonly format: string | null;
  readonly id: string;
  readonly raw_b64?: string;
  readonly encoding?: string;
  readonly read_back?: Notation;
}

interface Foreign {
  readonly stored: string;
  readonly raw_hex: string;
}

const FORMAT = serverFormat({ kind: "msgpack" });
const NOW = 0;

describe.each(vectorsOf<Vectors>("flask-session"))(
  "Flask-Session $versions.flask-session",
  ({ stores, read_foreign }) => {
    const records = stores.filter(
      ({ store, raw_b64, read_back }) =>
        // A file has its end in front, which its place reads.
        raw_b64 !== undefined && read_back !== undefined && store !== "filesystem",
    );

    it.each(records)(
      "has what it kept read: $id in $store, $encoding",
      ({ raw_b64, read_back }) => {
        const read = FORMAT.read(Buffer.from(raw_b64 ?? "", "base64"), NOW);
        if ("rejection" in read) expect.fail(read.why);
        expect(toNotation(read.dict)).toEqual(toNotation(fromNotation(read_back ?? null)));
      },
    );

    it.each(records)("has it written again in its own form: $id in $store", ({ raw_b64 }) => {
      const bytes = Buffer.from(raw_b64 ?? "", "base64");
      const read = FORMAT.read(bytes, NOW);
      if ("rejection" in read) expect.fail(read.why);
      const again = FORMAT.write(read.dict, NOW, bytes);
      expect(formOf(again)).toEqual(formOf(bytes));
      const back = FORMAT.read(again, NOW);
      expect("dict" in back && toNotation(back.dict)).toEqual(toNotation(read.dict));
    });

    it.each(read_foreign)("has a record of another version read: $stored", (foreign) => {
      const read = FORMAT.read(Buffer.from(foreign.raw_hex, "hex"), NOW);
      const isOne = !/garbage|empty/.test(foreign.stored);
      expect("dict" in read && read.dict.get("a") === 1).toBe(isOne);
    });
  },
);

describe("a new record", () => {
  const session = new PyDict([
    ["a", 1],
    ["_permanent", true],
  ]);

  it.each([
    [{ kind: "msgpack" }, "82aa5f7065726d616e656e74c3a16101"],
    [{ kind: "json" }, Buffer.from('{"_permanent":true,"a":1}').toString("hex")],
    [
      { kind: "pickle", protocol: 0 },
      "286470300a565f7065726d616e656e740a70310a4930310a7356610a70320a49310a732e",
    ],
    [
      { kind: "pickle", protocol: 4 },
      "80049519000000000000007d94288c0a5f7065726d616e656e7494888c0161944b01752e",
    ],
  ] as const)("of the form %o says first whether it is permanent", (form, hex) => {
    expect(Buffer.from(serverFormat(form).write(session, NOW)).toString("hex")).toBe(hex);
  });

  it.each<["json" | "msgpack", PyValue]>([
    ["json", new PyFloat(Number.NaN)],
    ["json", new PyTuple([new PyFloat(Number.POSITIVE_INFINITY)])],
    ["json", "\ud800"],
    ["msgpack", 2n ** 70n],
  ])("of the form %s refuses what would not come back: %o", (kind, value) => {
    const document = new PyDict([["key", value]]);
    expect(() => serverFormat({ kind }).write(document, NOW)).toThrow(/key|Unicode/);
  });
});
