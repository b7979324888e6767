import { describe, expect, it } from "vitest";
import { writePyJson } from "../../../src/interop/python/json/write-py-json.ts";
import {
  PyBytes,
  PyDict,
  PyFloat,
  PyMoment,
  PySet,
  PyText,
  PyTimedelta,
  PyTuple,
  type PyValue,
} from "../../../src/interop/python/values.ts";

const FLOATS: readonly (readonly [value: number, text: string])[] = [
  [1, "1.0"],
  [-0, "-0.0"],
  [0.1, "0.1"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [1.5e-7, "1.5e-07"],
  [1e15, "1000000000000000.0"],
  [9_999_999_999_999_998, "9999999999999998.0"],
  [1e16, "1e+16"],
  [1.5e300, "1.5e+300"],
  [123_456.789, "123456.789"],
  [5e-324, "5e-324"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
];

describe("writePyJson", () => {
  it.each(FLOATS)("lays the float %d out as Python's repr does", (value, text) => {
    expect(writePyJson(new PyFloat(value))).toStrictEqual({ ok: true, text });
  });

  it("escapes all but printable ASCII, in small letters", () => {
    const written = writePyJson('aZ~ "\\/<\u007f\u0001\b\t\n\f\rë\u2028😀\ud800');
    const text = '"aZ~ \\"\\\\/<\\u007f\\u0001\\b\\t\\n\\f\\r\\u00eb\\u2028\\ud83d\\ude00\\ud800"';
    expect(written).toStrictEqual({ ok: true, text });
  });

  it("escapes no more than it must without ensure_ascii", () => {
    const written = writePyJson('"\u007f\u0001ë\u2028😀', { ensureAscii: false });
    expect(written).toStrictEqual({ ok: true, text: '"\\"\u007f\\u0001ë\u2028😀"' });
  });

  it("writes tuples as lists, Markup as text and ints of any size", () => {
    const value = [new PyTuple([1, new PyText("markup", "<b>")]), 2n ** 70n, true, null];
    const text = '[[1,"<b>"],1180591620717411303424,true,null]';
    expect(writePyJson(value)).toStrictEqual({ ok: true, text });
  });

  it("writes the keys that JSON makes text of", () => {
    const keys = [1, true, null, new PyFloat(1.5), 2n ** 64n, "k"];
    const dict = new PyDict(keys.map((key) => [key, 0]));
    const text = '{"1":0,"true":0,"null":0,"1.5":0,"18446744073709551616":0,"k":0}';
    expect(writePyJson(dict)).toStrictEqual({ ok: true, text });
  });

  it("sorts keys by code point, and numbers by value", () => {
    const sorted = (keys: readonly PyValue[]) =>
      writePyJson(new PyDict(keys.map((key) => [key, 0])), { sortKeys: true });
    expect(sorted(["😀", "\uffee", "ab", "a"])).toMatchObject({
      text: '{"a":0,"ab":0,"\\uffee":0,"\\ud83d\\ude00":0}',
    });
    expect(sorted([10, 9n, true, new PyFloat(0.5)])).toMatchObject({
      text: '{"0.5":0,"true":0,"9":0,"10":0}',
    });
  });

  it("puts the spaces where Python puts them unless told otherwise", () => {
    const written = writePyJson(new PyDict([["a", [1, 2]]]), { spaces: true });
    expect(written).toStrictEqual({ ok: true, text: '{"a": [1, 2]}' });
  });

  it.each<readonly [kind: string, value: PyValue]>([
    ["set", new PySet("set", [])],
    ["frozenset", new PySet("frozenset", [])],
    ["bytes", new PyBytes(new Uint8Array())],
    ["decimal", new PyText("decimal", "1")],
    ["uuid", new PyText("uuid", "12345678-1234-5678-1234-567812345678")],
    ["datetime", new PyMoment("datetime", "2023-01-02T03:04:05")],
    ["date", new PyMoment("date", "2023-01-02")],
    ["time", new PyMoment("time", "03:04:05")],
    ["timedelta", new PyTimedelta(1, 2, 3)],
  ])("refuses a %s by the way to it", (kind, value) => {
    const cart = [new PyDict([["price", value]])];
    const written = writePyJson(
      new PyDict([
        ["n", 1],
        ["cart", cart],
      ]),
    );
    expect(written).toStrictEqual({ ok: false, refusal: { path: "cart[0].price", kind } });
  });

  it("refuses keys that JSON has no word for, and those that have no order", () => {
    const tuple = new PyDict([["odd key", new PyDict([[new PyTuple([]), 1]])]]);
    expect(writePyJson(tuple)).toStrictEqual({
      ok: false,
      refusal: { path: '["odd key"]', kind: "tuple as key" },
    });
    const mixed = new PyDict([
      [1, 1],
      ["a", 1],
    ]);
    expect(writePyJson(mixed, { sortKeys: true })).toStrictEqual({
      ok: false,
      refusal: { path: "", kind: "unorderedKeys" },
    });
  });

  it("refuses what lies deeper than it is read", () => {
    let value: PyValue = [];
    for (let depth = 1; depth < 1_000; depth++) value = [value];
    expect(writePyJson(value).ok).toBe(true);
    const written = writePyJson([value]);
    expect(!written.ok && written.refusal.kind).toBe("tooDeep");
  });
});
