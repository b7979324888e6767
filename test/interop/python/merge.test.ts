import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/core/json.ts";
import { merged } from "../../../src/interop/python/merge.ts";
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
import { viewOf } from "../../../src/interop/python/view.ts";

const moment = new PyMoment("datetime", "2026-11-27T02:30:00.000001+01:00", 1);

const VALUES: readonly (readonly [what: string, value: PyValue, view: JsonValue])[] = [
  ["nothing", null, null],
  ["a text", "é\ud800", "é\ud800"],
  ["an int", 7, 7],
  ["a long int", 2n ** 70n, { $int: "1180591620717411303424" }],
  ["a float that is whole", new PyFloat(1), 1],
  ["a float that is no number", new PyFloat(Number.NaN), { $float: "nan" }],
  ["a float without end", new PyFloat(Number.NEGATIVE_INFINITY), { $float: "-inf" }],
  ["a list", [1, [2]], [1, [2]]],
  ["a tuple", new PyTuple([1, new PyTuple([])]), [1, []]],
  ["a set", new PySet("set", [1, 2]), { $set: [1, 2] }],
  ["a frozenset", new PySet("frozenset", ["a"]), { $frozenset: ["a"] }],
  ["bytes", new PyBytes(Buffer.from([0, 255])), { $bytes: "AP8=" }],
  [
    "a UUID",
    new PyText("uuid", "12345678-1234-4678-9234-567812345678"),
    { $uuid: "12345678-1234-4678-9234-567812345678" },
  ],
  ["a decimal", new PyText("decimal", "1.10"), { $decimal: "1.10" }],
  ["markup", new PyText("markup", "<b>"), { $markup: "<b>" }],
  ["a datetime", moment, { $datetime: moment.iso }],
  [
    "a timedelta",
    new PyTimedelta(-1, 2, 3),
    { $timedelta: { days: -1, seconds: 2, microseconds: 3 } },
  ],
  [
    "a dict",
    new PyDict([
      ["b", 1],
      ["a", 2],
    ]),
    { b: 1, a: 2 },
  ],
  [
    "a dict with keys of other types",
    new PyDict([
      [1, "a"],
      [null, "b"],
    ]),
    {
      $dict: [
        [1, "a"],
        [null, "b"],
      ],
    },
  ],
  ["a dict that looks like a tag", new PyDict([["$int", "1"]]), { $dict: [["$int", "1"]] }],
  ["a dict with a poisoned key", new PyDict([["__proto__", 1]]), { $dict: [["__proto__", 1]] }],
];

describe.each(VALUES)("%s", (_, value, view) => {
  it("has a view", () => expect(viewOf(value)).toEqual(view));

  it("comes back as it was where nobody touched it", () => {
    expect(merged(value, view, "at")).toEqual(value);
  });

  it("comes back as it was within what was touched", () => {
    const before = new PyDict([
      ["x", value],
      ["y", 1],
    ]);
    const after = merged(before, { x: view, y: 2, z: 3 }, "");
    expect(after).toEqual(
      new PyDict([
        ["x", value],
        ["y", 2],
        ["z", 3],
      ]),
    );
  });
});

const NEW = VALUES.filter(([what]) => !/whole|tuple|^a datetime/.test(what));

it.each(NEW)("%s can be written where there was nothing", (_, value, view) => {
  expect(merged(undefined, view, "at")).toEqual(value);
});

it("a tuple can be written, and a float that is whole", () => {
  expect(merged(undefined, { $tuple: [1] }, "at")).toEqual(new PyTuple([1]));
  expect(merged(undefined, { $float: 1 }, "at")).toEqual(new PyFloat(1));
  expect(merged(undefined, 1.5, "at")).toEqual(new PyFloat(1.5));
});

it("what was a float stays one, and a tuple a tuple", () => {
  expect(merged(new PyFloat(1.5), 2, "at")).toEqual(new PyFloat(2));
  expect(merged(new PyTuple([1]), [1, 2], "at")).toEqual(new PyTuple([1, 2]));
});

it("a dict that keeps its order by its type stays one", () => {
  const before = new PyDict([["a", 1]], "OrderedDict");
  expect(merged(before, { a: 1, b: 2 }, "at")).toMatchObject({ kind: "OrderedDict" });
});

it("what is looked up by its value is a tuple, and no list", () => {
  const [set, dict] = [new PySet("set", [new PyTuple([1])]), new PyDict([[new PyTuple([1]), 2]])];
  expect(merged(set, { $set: [[1], "b"] }, "at")).toEqual(
    new PySet("set", [new PyTuple([1]), "b"]),
  );
  expect(merged(dict, { $dict: [[[1], 3]] }, "at")).toEqual(new PyDict([[new PyTuple([1]), 3]]));
});

it("items keep what they are when others go", () => {
  const [a, b, c] = [new PyFloat(1), new PyTuple(["b"]), new PyFloat(3)];
  expect(merged([a, b, c], [["b"], 3], "at")).toEqual([b, c]);
  expect(merged([a, c], [0, 1, 3], "at")).toEqual([0, a, c]);
});

it("items keep what they are when as many come as go, or change places", () => {
  const [a, b, c] = [new PyTuple(["p"]), [2], new PyFloat(3)];
  expect(merged([a, b, c], [["new"], ["p"], [2]], "at")).toEqual([["new"], a, b]);
  expect(merged([a, b, c], [3, [2], ["p"]], "at")).toEqual([c, b, a]);
  expect(merged([a, b, c], [["q"], [2], 4], "at")).toEqual([new PyTuple(["q"]), b, new PyFloat(4)]);
});

it.each<[string, JsonValue, string]>([
  ["no tag", { $price: 1 }, "price[0].$price"],
  ["a long int with a point", { $int: "1.5" }, "of the form"],
  ["an int that Python does not read", { $int: `1${"0".repeat(4_300)}` }, "of the form"],
  ["a zone further than a day", { $time: "00:00:00+24:00" }, "of the form"],
  ["a dict as a key", { $dict: [[{ a: 1 }, 1]] }, "of the form"],
  ["a dict in a set", { $set: [[{}]] }, "of the form"],
  ["a day that is none", { $date: "2026-13-01" }, "of the form"],
  ["bytes that are none", { $bytes: "!" }, "of the form"],
])("%s is refused by its key", (_, json) => {
  expect(() => merged(undefined, { price: [json] }, "")).toThrow(/Cannot store "price\[0\]"/);
});
