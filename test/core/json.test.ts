import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError } from "../../src/core/errors.ts";
import { checkKey, encode, looseText, parse, parseObject } from "../../src/core/json.ts";

function refusal(value: unknown, path = "cart"): CodecError {
  try {
    encode(value, path);
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const cycle: unknown[] = [];
cycle.push({ again: cycle });

class Money {
  readonly cents = 1;
}

describe("a value that JSON carries", () => {
  it("reads back as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        expect(parse(encode(value, "x"))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ["an object of another realm", runInNewContext("({ a: [1] })"), '{"a":[1]}'],
    ["an optional property that is undefined", { a: 1, b: undefined }, '{"a":1}'],
    ["minus zero, which equals zero", -0, "0"],
    [
      "a key such as constructor",
      { constructor: "x", toString: 1 },
      '{"constructor":"x","toString":1}',
    ],
  ])("may be %s", (_name, value, text) => {
    expect(encode(value, "x")).toBe(text);
  });

  it("may hold one object twice", () => {
    const sku = { id: "tea" };
    expect(encode([sku, sku], "x")).toBe('[{"id":"tea"},{"id":"tea"}]');
  });
});

describe("a value that JSON would change or lose", () => {
  it.each<[string, unknown, string, string]>([
    ["undefined", undefined, "cart", "undefined has no JSON form"],
    ["undefined in an array", [1, undefined], "cart[1]", "undefined has no JSON form"],
    ["a hole in an array", Array(1), "cart[0]", "undefined has no JSON form"],
    ["NaN", { price: Number.NaN }, "cart.price", "NaN has no JSON form"],
    ["Infinity", Number.POSITIVE_INFINITY, "cart", "Infinity has no JSON form"],
    ["a BigInt", { n: 1n }, "cart.n", "Store it as a string"],
    ["a function", () => 1, "cart", "a function has no JSON form"],
    ["a symbol", Symbol("x"), "cart", "a symbol has no JSON form"],
    ["a symbol for a key", { [Symbol("x")]: 1 }, "cart", "symbol for a key"],
    ["a Date", [{ at: new Date(0) }], "cart[0].at", "getTime()"],
    ["a Map", new Map(), "cart", "a Map would be lost"],
    ["a Set", new Set(), "cart", "a Set would be lost"],
    ["a Promise", Promise.resolve(1), "cart", "Await it first"],
    ["an instance of a class", { price: new Money() }, "cart.price", "an instance of Money"],
    ["an array with more than items", Object.assign([1], { extra: 2 }), "cart", "more than items"],
    ["a subclass of Array", new (class Cart extends Array {})(), "cart", "plain array"],
    ["a cycle", cycle, "cart[0].again", "contains itself"],
    ["a poisoned key", JSON.parse('{"a":{"__proto__":1}}'), "cart.a.__proto__", "cannot be a key"],
    ["a Buffer", Buffer.from("x"), "cart", "an instance of Buffer"],
  ])("is refused at once, with its path: %s", (_name, value, path, problem) => {
    const error = refusal(value);
    expect(error.path).toBe(path);
    expect(error.message).toContain(problem);
  });

  it("may be nested 200 levels deep, and no deeper", () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(() => encode(nested(200), "x")).not.toThrow();
    expect(refusal(nested(201)).message).toContain("more than 200 levels");
  });

  it("shows nothing of the value in its message", () => {
    expect(
      refusal({ password: Object.assign(new Money(), { secret: "hunter2" }) }).message,
    ).not.toContain("hunter2");
  });

  it("is refused rather than written otherwise: whatever passes reads back equal", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withDate: true,
          withMap: true,
          withNullPrototype: true,
          withSparseArray: true,
          withBigInt: true,
        }),
        (value) => {
          let text: string;
          try {
            text = encode(value, "x");
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError);
            return;
          }
          // toEqual holds undefined properties for absent ones and -0 for 0, as the contract does.
          expect(JSON.parse(JSON.stringify(parse(text)))).toEqual(JSON.parse(text));
          expect(withoutNothing(parse(text))).toEqual(withoutNothing(value));
        },
      ),
    );
  });
});

/** As `encode` promises it: an undefined property is absent, minus zero is zero. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value === "object" && value !== null) {
    const kept = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(kept.map(([key, field]) => [key, withoutNothing(field)]));
  }
  return value === 0 ? 0 : value;
}

describe("stored text", () => {
  it.each(["", "{", "null", "1", '"x"', "[]", "undefined"])("is no object: %j", (text) => {
    expect(parseObject(text)).toBeUndefined();
  });

  it.each([
    ['{"__proto__":{"admin":true},"a":1}'],
    ['{"a":1,"\\u005f_proto__":{"admin":true}}'],
    ['{"a":1,"\\u005F\\u005F\\u0070roto__":{"admin":true}}'],
  ])("loses a poisoned key, however it is spelled: %s", (text) => {
    const object = parseObject(text);
    expect(Object.keys(object ?? {})).toEqual(["a"]);
    expect(Reflect.get(Object(object), "admin")).toBeUndefined();
  });

  it("is none where it is nested too deep for anything to be done with it", () => {
    const list = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    const fields = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    for (const text of [list(100_000), fields(100_000), list(3_000), fields(3_000)]) {
      expect(parse(text)).toBeUndefined();
      expect(parseObject(`{"a":${text}}`)).toBeUndefined();
    }
    expect(parseObject(`{"a":${list(200)},"b":${fields(200)}}`)).toBeDefined();
    expect(parseObject(`{"a":[${Array(1_000).fill(list(3)).join()}]}`)).toBeDefined();
  });

  it("is read without a poisoned key, whatever else it holds", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const poisoned = `{"a":${text},"__proto__":${text}}`;
        expect(Object.keys(parseObject(poisoned) ?? {})).toEqual(["a"]);
      }),
    );
  });
});

describe("a key", () => {
  it.each([["__proto__"], [1], [Symbol("x")], [undefined], [null], [{}]])(
    "may not be %o",
    (key) => {
      expect(() => checkKey(key, "key")).toThrow(CodecError);
    },
  );

  it.each(["", "constructor", "toString", "a.b", "é", "__proto"])("may be %j", (key) => {
    expect(() => checkKey(key, key)).not.toThrow();
  });
});

describe("the text to compare by", () => {
  it("is undefined where there is none", () => {
    expect(looseText(1n)).toBeUndefined();
    expect(looseText(cycle)).toBeUndefined();
    expect(looseText(undefined)).toBeUndefined();
  });
});
