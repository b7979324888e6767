import { describe, expect, it } from "vitest";
import { readMsgpack } from "../../../src/interop/python/msgpack/read-msgpack.ts";
import { writeMsgpack } from "../../../src/interop/python/msgpack/write-msgpack.ts";
import {
  PyBytes,
  PyDict,
  PyFloat,
  PyMoment,
  PyText,
  PyTimedelta,
  PyTuple,
  type PyValue,
} from "../../../src/interop/python/values.ts";
import { Random } from "../../support/random.ts";
import { fromNotation, type Notation, toNotation } from "../support/notation.ts";
import { readVectors } from "../support/pickle-vectors.ts";

interface Stored {
  readonly store: string;
  readonly id: string;
  readonly format: string | null;
  readonly encoding?: string | null;
  readonly raw_b64?: string;
  readonly payload: Notation;
  readonly read_back: Notation;
}

const { stores } = readVectors<{ readonly stores: readonly Stored[] }>("flask-session.0.7.0");
const STORED = stores.filter(({ encoding }) => encoding === "msgpack");
/** What msgspec makes a text of, so that it does not come back. */
const TEXTS = ["datetime-naive", "date", "timedelta", "uuid", "decimal"];

describe("MessagePack of Flask-Session", () => {
  it("is at hand from each store that writes it", () => {
    expect(STORED.length).toBeGreaterThan(30);
  });

  it.each(STORED)("is read: $id on $store", ({ raw_b64, read_back }) => {
    const read = readMsgpack(Buffer.from(raw_b64 ?? "", "base64"));
    expect(read.ok && toNotation(read.value)).toStrictEqual(read_back);
  });

  it.each(STORED.filter(({ id }) => !TEXTS.includes(id)))(
    "is written, byte for byte: $id on $store",
    ({ raw_b64, payload }) => {
      const written = writeMsgpack(fromNotation(payload));
      expect(written.ok && Buffer.from(written.bytes).toString("base64")).toBe(raw_b64);
    },
  );

  it.each(STORED.filter(({ id }) => TEXTS.includes(id)))("is not written: $id", ({ payload }) => {
    expect(writeMsgpack(fromNotation(payload)).ok).toBe(false);
  });

  it.each(stores.filter(({ format, raw_b64 }) => format === "msgpack" && raw_b64 === undefined))(
    "is not written where msgspec writes none: $id",
    ({ payload }) => {
      expect(writeMsgpack(fromNotation(payload)).ok).toBe(false);
    },
  );
});

describe("A value that would not come back is refused by its place and kind", () => {
  it.each<[PyValue, string, string]>([
    [
      new PyDict([["cart", [new PyDict([["price", new PyText("decimal", "1.5")]])]]]),
      "cart[0].price",
      "decimal",
    ],
    [new PyDict([["a b", new PyText("markup", "<b>")]]), '["a b"]', "markup"],
    [new PyDict([[7, new PyTimedelta(1, 0, 0)]]), "[7]", "timedelta"],
    [new PyTuple([2n ** 64n]), "[0]", "int"],
    [[-(2n ** 63n) - 1n], "[0]", "int"],
    [["\ud800"], "[0]", "str"],
    [new PyMoment("datetime", "2023-01-02T03:04:05"), "", "datetime"],
    [new PyMoment("time", "03:04:05+00:00"), "", "time"],
    [new PyDict([[new PyText("uuid", "00000000-0000-0000-0000-000000000001"), 1]]), "", "uuid"],
    [nested(101), "[0]".repeat(100), "tooDeep"],
  ])("%o", (value, path, kind) => {
    expect(writeMsgpack(value)).toEqual({ ok: false, refusal: { path, kind } });
  });
});

describe("MessagePack comes back", () => {
  it.each<[string, PyValue]>([
    [
      "ints of each width",
      [
        0,
        127,
        128,
        255,
        256,
        65_535,
        65_536,
        2 ** 32 - 1,
        2 ** 32,
        2n ** 64n - 1n,
        -1,
        -32,
        -33,
        -128,
        -129,
        -32_769,
        -(2 ** 31) - 1,
        -(2n ** 63n),
      ],
    ],
    ["floats that are whole", [new PyFloat(1), new PyFloat(-0), new PyFloat(Number.NaN), 1]],
    [
      "texts of each width",
      ["", "x".repeat(31), "x".repeat(32), "x".repeat(256), "x".repeat(65_536), "\ufeffé"],
    ],
    [
      "bytes of each width",
      [0, 255, 256, 65_536].map((length) => new PyBytes(new Uint8Array(length))),
    ],
    [
      "long arrays",
      [Array.from({ length: 16 }, () => null), Array.from({ length: 65_536 }, () => true)],
    ],
    ["a long map", new PyDict(Array.from({ length: 16 }, (_, index) => [index, String(index)]))],
    [
      "keys of all kinds",
      new PyDict([
        [1, 1],
        ["1", 2],
        [null, 3],
        [new PyTuple(["a", 1]), 4],
        [new PyFloat(1.5), 5],
      ]),
    ],
    [
      "instants of each width",
      [
        "1970-01-01T00:00:00",
        "2106-02-07T06:28:15",
        "2106-02-07T06:28:16",
        "2514-05-30T01:53:03",
        "2514-05-30T01:53:04",
        "1969-12-31T23:59:59.999999",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59.999999",
      ].map((iso) => new PyMoment("datetime", `${iso}+00:00`)),
    ],
  ])("%s", (_, value) => {
    const written = writeMsgpack(value);
    expect(written.ok && readMsgpack(written.bytes)).toStrictEqual({ ok: true, value });
  });
});

describe("MessagePack that msgspec does not write is refused", () => {
  it.each([
    ["nothing at all", "", "the value is cut short"],
    ["the byte of no kind", "c1", "0xc1 begins no value"],
    ["more after the end", "c0c0", "bytes follow the end of the value"],
    ["an array of 4 billion", "ddffffffff00", "the value is cut short"],
    ["a map of 4 billion", "dfffffffff00", "the value is cut short"],
    ["a text of 4 GiB", "dbffffffff61", "the value is cut short"],
    ["a text that is no UTF-8", "a1ff", "a text is no UTF-8"],
    ["a lone surrogate", "a3eda080", "a text is no UTF-8"],
    ["an application's extension", "d40500", "an extension is of type 5"],
    ["a timestamp of two bytes", "d5ff0000", "a timestamp has neither 4, 8 nor 12 bytes"],
    ["a nanosecond", "d7ff0000000400000000", "a timestamp is finer than a microsecond"],
    ["the year 10000", "c70cff000000000000003afff44180", "a timestamp is none that Python has"],
    ["a map for a key", "818001", "a key or member is of a kind that Python cannot hash"],
    ["levels", `${"91".repeat(101)}c0`, "there are more than 100 levels"],
    ["a million levels", "91".repeat(1_000_000), "there are more than 100 levels"],
  ])("%s", (_, hex, reason) => {
    expect(readMsgpack(Buffer.from(hex, "hex"))).toEqual({ ok: false, reason });
  });

  it("wherever a real one is cut", () => {
    const cuts = STORED.flatMap(({ raw_b64 }) => {
      const bytes = Buffer.from(raw_b64 ?? "", "base64");
      return Array.from(bytes, (_, end) => readMsgpack(bytes.subarray(0, end)).ok);
    });
    expect(cuts.filter((isRead) => isRead)).toEqual([]);
  });

  it("or read as what comes back, when 20,000 are damaged", () => {
    const random = new Random(11);
    for (let input = 0; input < 20_000; input += 1) {
      const read = readMsgpack(damaged(random));
      if (!read.ok) continue;
      const written = writeMsgpack(read.value);
      expect(written.ok && readMsgpack(written.bytes)).toEqual(read);
    }
  });
});

function nested(levels: number): PyValue {
  let value: PyValue = [];
  for (let level = 1; level < levels; level += 1) value = [value];
  return value;
}

function damaged(random: Random): Uint8Array {
  const bytes = Buffer.from(random.pick(STORED).raw_b64 ?? "", "base64");
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    bytes[random.below(bytes.length)] = random.below(256);
  }
  return random.chance(0.5) ? bytes.subarray(0, random.below(60)) : bytes;
}
