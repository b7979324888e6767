import { describe, expect, it } from "vitest";
import { isPlainJson } from "../../../src/interop/python/json/is-plain-json.ts";
import { readPyJson } from "../../../src/interop/python/json/read-py-json.ts";
import { PyDict, PyFloat, type PyValue } from "../../../src/interop/python/values.ts";

const VALUES: readonly (readonly [text: string, value: PyValue])[] = [
  ["1", 1],
  ["1.0", new PyFloat(1)],
  ["1e5", new PyFloat(100_000)],
  ["1E-5", new PyFloat(0.00001)],
  ["1e999", new PyFloat(Number.POSITIVE_INFINITY)],
  ["-0", 0],
  ["-0.0", new PyFloat(-0)],
  ["9007199254740991", 9_007_199_254_740_991],
  ["9007199254740993", 9_007_199_254_740_993n],
  ["-1180591620717411303424", -1_180_591_620_717_411_303_424n],
  ["NaN", new PyFloat(Number.NaN)],
  ["-Infinity", new PyFloat(Number.NEGATIVE_INFINITY)],
  [" \t\r\n[ null , true,false ] ", [null, true, false]],
  ['"\\ud83d\\ude00\\u00EB\\/\\b\\f\\n\\r\\t\\"\\\\"', '😀ë/\b\f\n\r\t"\\'],
  ['"\\ud800"', "\ud800"],
  ['"\u007f\u2028"', "\u007f\u2028"],
  ["{}", new PyDict([])],
  [
    '{"b":1,"__proto__":2,"1":3}',
    new PyDict([
      ["b", 1],
      ["__proto__", 2],
      ["1", 3],
    ]),
  ],
];

describe("readPyJson", () => {
  it.each(VALUES)("reads %s as Python does", (text, value) => {
    expect(readPyJson(text)).toStrictEqual({ ok: true, value });
  });

  it("keeps the last value of a key that comes twice, in the place of the first", () => {
    const pairs = Array.from({ length: 20 }, (_, index) => `"k${index}":${index}`);
    const reading = readPyJson(`{${pairs.join(",")},"k3":"again","k15":"too"}`);
    const entries = Array.from({ length: 20 }, (_, index) => [`k${index}`, index as PyValue]);
    entries[3] = ["k3", "again"];
    entries[15] = ["k15", "too"];
    expect(reading).toStrictEqual({ ok: true, value: new PyDict(entries as [string, PyValue][]) });
  });

  it.each([
    "",
    " ",
    "nul",
    "nullx",
    "1 2",
    "01",
    "1.",
    ".5",
    "+1",
    "-",
    "1e",
    "--1",
    "-NaN",
    "\ufeff1",
    "\u00a01",
    "[1,]",
    "[,1]",
    "[1",
    "{",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    "{a:1}",
    "{1:1}",
    "'a'",
    '"a',
    '"\n"',
    '"\\x41"',
    '"\\u12g4"',
    '"\\u12"',
    '"\\',
  ])("refuses %j as Python does", (text) => {
    expect(readPyJson(text)).toStrictEqual({ ok: false, reason: "malformed" });
  });

  it("reads as deep as its bound, and no deeper", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(readPyJson(nested(1_000))).toMatchObject({ ok: true });
    expect(readPyJson(nested(1_001))).toStrictEqual({ ok: false, reason: "tooDeep" });
    expect(readPyJson('{"a":'.repeat(500_000))).toStrictEqual({ ok: false, reason: "tooDeep" });
  });

  it("reads ints of as many digits as CPython, and no more", () => {
    const longest = "9".repeat(4_300);
    expect(readPyJson(`-${longest}`)).toStrictEqual({ ok: true, value: BigInt(`-${longest}`) });
    expect(readPyJson(`[${longest}9]`)).toStrictEqual({ ok: false, reason: "tooManyDigits" });
    expect(readPyJson(`[${longest}9null]`)).toStrictEqual({ ok: false, reason: "tooManyDigits" });
  });
});

describe("isPlainJson", () => {
  it.each(['{"a":[1,0.5,"b",null,{}]}', "3", '"x"', '{"1":1,"2":2}'])("vouches for %s", (text) => {
    expect(isPlainJson(text)).toBe(true);
  });

  it.each([
    "1.0",
    "[1e5]",
    "1e+21",
    "-0",
    "NaN",
    "9007199254740992",
    "123456789012345680",
    '{"a":1,"a":2}',
    '{"2":1,"1":2}',
    "{",
  ])("does not vouch for %s", (text) => {
    expect(isPlainJson(text)).toBe(false);
  });
});
