import * as devalue from "devalue";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError, OptionsError } from "../../src/core/errors.ts";
import { BEYOND_JSON_KEY, encode, type JsonValue } from "../../src/core/json.ts";
import { richValues } from "../../src/values/index.ts";
import { rich, settled, values } from "./support/rich.ts";

const { codec } = values;

function refusal(value: unknown): CodecError {
  try {
    codec.encode(value, "cart");
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/** What stands in the store for one key. */
function stored(...entries: unknown[]): string {
  return JSON.stringify({ cart: { [BEYOND_JSON_KEY]: entries } });
}

describe("a value beyond JSON", () => {
  it("reads back as the same value", () => {
    fc.assert(
      fc.property(rich, (value) => {
        const text = codec.encode(value, "cart");
        expect(codec.parseDocument(`{"cart":${text}}`)).toBeDefined();
        expect(codec.decode(text)).toEqual(settled(value));
        expect(codec.encode(codec.decode(text), "cart")).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is copied so that no change of the one shows in the other", () => {
    fc.assert(
      fc.property(rich, (value) => {
        const text = codec.encode(value, "cart");
        const copy = codec.copyOf(value);
        expect(copy).toEqual(settled(value));
        expect(codec.looseText(copy)).toBe(text);
        spoil(copy);
        expect(codec.looseText(value)).toBe(text);
      }),
    );
  });

  it("is stored in this form, whatever the version of the library", () => {
    const given: [unknown, string][] = [
      [new Date(0), '[["Date","1970-01-01T00:00:00.000Z"]]'],
      [new Date(-8.64e15), '[["Date","-271821-04-20T00:00:00.000Z"]]'],
      [12n, '[["BigInt","12"]]'],
      [new URL("https://a.example/b"), '[["URL","https://a.example/b"]]'],
      [new Uint8Array([1, 2]), '[["Uint8Array",1],["ArrayBuffer","AQI="]]'],
      [new Uint8Array(), '[["Uint8Array",1],["ArrayBuffer",""]]'],
      [new Set(["a", "a", null]), '[["Set",1,2],"a",null]'],
      [new Map([["tea", { n: 2 }]]), '[["Map",1,2],"tea",{"n":3},2]'],
      [[new Set([]), [], {}], '[[1,2,3],["Set"],[],{}]'],
    ];
    for (const [value, entries] of given) {
      expect(codec.encode(value, "x")).toBe(`{"\\u0001devalue":${entries}}`);
    }
  });

  it("is stored as before where JSON carries it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        expect(codec.encode(value, "x")).toBe(encode(value, "x"));
      }),
    );
  });

  it("holds an object that stands twice as two", () => {
    const at = new Date(1);
    const [one, other] = codec.decode(codec.encode([at, at], "x")) as [Date, Date];
    one.setTime(2);
    expect(other.getTime()).toBe(1);
  });

  it("holds the bytes that can be seen, and none behind them", () => {
    const pool = new TextEncoder().encode("secret-token-secret");
    const text = codec.encode({ bytes: pool.subarray(7, 12), at: 1n }, "x");
    expect(text).toContain(Buffer.from("token").toString("base64"));
    expect(Buffer.from(/"ArrayBuffer","([^"]*)"/.exec(text)?.[1] ?? "", "base64")).toHaveLength(5);
  });

  it.each<[string, unknown, string, string]>([
    ["a Date that is none", { at: new Date(Number.NaN) }, "cart.at", "no moment"],
    ["a RegExp", [1n, /x/], "cart[1]", "an instance of RegExp"],
    ["a Buffer", new Map([["a", Buffer.from("x")]]), "cart[0][1]", "new Uint8Array(buffer)"],
    ["other numbers", new Set([new Float64Array(1)]), "cart[0]", "an instance of Float64Array"],
    ["a subclass of Map", new (class Cart extends Map {})(), "cart", "Store new Map(value)"],
    [
      "a subclass of Date",
      [new (class Day extends Date {})(0)],
      "cart[0]",
      "Store new Date(value)",
    ],
    ["a WeakMap", new WeakMap(), "cart", "an instance of WeakMap"],
    ["a boxed number", Object(1), "cart", "an instance of Number"],
    ["a function in a Map", new Map([[() => 1, 1]]), "cart[0][0]", "a function has no"],
    ["undefined in a Set", new Set([undefined]), "cart[0]", "undefined has no"],
    ["NaN in a Map", new Map([[1, Number.NaN]]), "cart[0][1]", "NaN has no"],
    ["a property of a Map", Object.assign(new Map(), { size2: 1 }), "cart", "of its own"],
    ["an object in disguise", Object.create(Map.prototype), "cart", "only looks like a Map"],
    ["a Date in disguise", Object.create(Date.prototype), "cart", "only looks like a Date"],
    ["bytes in disguise", Object.create(Uint8Array.prototype), "cart", "only looks like"],
    ["a toJSON", { at: 1n, toJSON: () => 1 }, "cart.toJSON", "a function has no JSON form"],
    [
      "a poisoned key",
      new Map([[1, JSON.parse('{"__proto__":1}')]]),
      "cart[0][1].__proto__",
      "key",
    ],
    ["the key that marks them", { [BEYOND_JSON_KEY]: [] }, "cart.\\u0001devalue", "marks values"],
    ["endless digits", [10n ** 4_300n], "cart[0]", "too many digits"],
    ["numbers that could be chosen", new Set(numbers(1_001)), "cart", "more than 1000 numbers"],
    [
      "the same in a Map",
      [new Map(numbers(1_001).map((n) => [BigInt(n), 1]))],
      "cart[0]",
      "more than 1000 numbers",
    ],
  ])("is refused at once, with its path: %s", (_name, value, path, problem) => {
    const error = refusal(value);
    expect(error.path).toBe(path);
    expect(error.message).toContain(problem);
  });

  it("may have as many texts for keys as there is room for, and a thousand numbers", () => {
    for (const value of [
      new Set(numbers(5_000).map(String)),
      new Map([[1, numbers(5_000)]]),
      new Set(numbers(1_000)),
    ]) {
      const text = codec.encode(value, "x");
      expect(codec.parseDocument(`{"a":${text}}`)).toBeDefined();
      expect(codec.decode(text)).toEqual(value);
    }
  });

  it("is no cycle, through whatever it leads", () => {
    const map = new Map<string, unknown>();
    map.set("again", new Set([{ map }]));
    expect(refusal(map).message).toContain("contains itself");
    expect(refusal(map).path).toBe("cart[0][1][0].map");
  });

  it("may be nested 200 levels deep, and no deeper", () => {
    const nested = (depth: number): unknown =>
      depth === 1 ? new Uint8Array(1) : new Map([["a", nested(depth - 1)]]);
    const text = codec.encode(nested(200), "x");
    expect(codec.parseDocument(`{"a":${text}}`)).toBeDefined();
    expect(codec.decode(text)).toEqual(nested(200));
    expect(refusal(nested(201)).message).toContain("more than 200 levels");
  });

  it("is not changed by a property that hides what it is", () => {
    const date = Object.assign(new Date(5), {});
    Object.defineProperty(date, "toISOString", { value: () => "1999", enumerable: false });
    expect(refusal(date).message).toContain("of its own");
  });
});

/** Changes whatever can be changed. */
function spoil(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const inside = value instanceof Map || value instanceof Set ? [...value].flat() : [];
  for (const item of [...inside, ...Object.values(value)]) spoil(item);
  if (value instanceof Date) value.setTime(value.getTime() === 0 ? 1 : 0);
  if (value instanceof URL) value.hash = "spoilt";
  if (value instanceof Map || value instanceof Set) value.clear();
  for (const name of Object.keys(value)) Reflect.set(value, name, 7);
}

describe("what is stored", () => {
  const laughing = (levels: number): unknown[] =>
    Array.from({ length: levels }, (_, at) => [at + 1, at + 1]).concat([[]] as never);

  it.each<[string, string]>([
    ["no list", '{"cart":{"\\u0001devalue":1}}'],
    ["an empty list", stored()],
    ["beside another key", '{"cart":{"\\u0001devalue":[["Set"]],"b":1}}'],
    ["a key of the session's", '{"\\u0001devalue":[["Set"]]}'],
    ["a RegExp", stored(["RegExp", "(a+)+$", ""])],
    ["a box", stored(["Object", 1], "x")],
    ["an object without a prototype", stored(["null", "a", 1], 1)],
    ["a kind of its own", stored(["Money", 1], 1)],
    ["a constructor by name", stored(["Function", 1], "return 1")],
    ["Temporal", stored(["Temporal.Instant", "2026-01-01T00:00:00Z"])],
    ["other numbers", stored(["Float64Array", 1], ["ArrayBuffer", "AAAAAAAAAAA="])],
    ["bytes that are a number", stored(["Uint8Array", 1], 1_000_000_000)],
    ["bytes that are a list", stored(["Uint8Array", 1], [2], 1)],
    ["bytes with an offset", stored(["Uint8Array", 1, 1_000_000, 1], ["ArrayBuffer", "AQI="])],
    ["a bare buffer", stored(["ArrayBuffer", "AQI="])],
    ["a buffer in a list", stored([1], ["ArrayBuffer", "AQI="])],
    ["what is no base64", stored(["Uint8Array", 1], ["ArrayBuffer", "A?=="])],
    ["a list of a length that it says", stored([-7, 4_000_000_000])],
    ["a list with holes", stored([-2, -2])],
    ["undefined", stored([-1])],
    ["NaN", stored([-3])],
    ["a number of negative zero", stored([-6])],
    ["a number for all", '{"cart":{"\\u0001devalue":-1}}'],
    ["a number that is endless", '{"cart":{"\\u0001devalue":[[1],1e999]}}'],
    ["a place outside", stored([1])],
    ["a place between", stored([0.5], 1)],
    ["a place by name", stored({ a: "length" })],
    ["a prototype for a place", stored({ a: "__proto__" }, 1)],
    ["a cycle of one", stored([0])],
    ["a cycle of two", stored([1], [0])],
    ["a Set that holds itself", stored(["Set", 0])],
    ["one object twice", stored([1, 1], {})],
    ["one Date twice", stored([1, 1], ["Date", "1970-01-01T00:00:00.000Z"])],
    ["what doubles at each level", stored(...laughing(150))],
    ["what nobody holds", stored(["Set"], ["Set"])],
    ["half an entry of a Map", stored(["Map", 1], 1)],
    ["a Date that is none", stored(["Date", "soon"])],
    ["a Date of another spelling", stored(["Date", "1970-01-01"])],
    ["a Date that is a number", stored(["Date", 0])],
    ["digits of another base", stored(["BigInt", "0x10"])],
    ["digits with a zero before them", stored(["BigInt", "010"])],
    ["no digits", stored(["BigInt", ""])],
    ["digits that are a number", stored(["BigInt", 5])],
    ["endless digits", stored(["BigInt", "9".repeat(5_000_000)])],
    ["no URL", stored(["URL", "//example.com"])],
    ["a URL of another spelling", stored(["URL", "HTTP://example.com"])],
    [
      "numbers that were chosen",
      stored(["Set", ...numbers(1_001).map((n) => n + 1)], ...numbers(1_001)),
    ],
    [
      "BigInts that were chosen",
      stored(
        ["Map", ...numbers(2_002).map((n) => (n % 2 === 0 ? n / 2 + 2 : 1))],
        true,
        ...numbers(1_001).map((n) => ["BigInt", `${n}`]),
      ),
    ],
    ["levels without end", stored(...Array.from({ length: 50_000 }, (_, at) => [at + 1]), [])],
    ["one level too many", stored(...Array.from({ length: 200 }, (_, at) => ["Set", at + 1]), [])],
  ])(
    "is read only if a value of ours could have made it: not %s [CVE-2026-23737, CVE-2025-57820, CVE-2022-23631]",
    (_name, text) => {
      expect(codec.parseDocument(text)).toBeUndefined();
    },
  );

  it("changes no prototype", () => {
    const text = `{"cart":{"\\u0001devalue":[{"__proto__":1,"a":2},{"admin":3},1,true]}}`;
    expect(codec.parseDocument(text)).toBeUndefined();
    const escaped = text.replace("__proto__", "\\u005f_proto__");
    expect(codec.parseDocument(escaped)).toBeUndefined();
    const constructed = stored({ constructor: 1, at: 4 }, { prototype: 2 }, { admin: 3 }, true, [
      "BigInt",
      "1",
    ]);
    const document = codec.parseDocument(constructed);
    const cart = codec.view(document ?? {})["cart"] as object;
    expect(Object.keys(cart)).toEqual(["constructor", "at"]);
    expect(Object.getPrototypeOf(cart)).toBe(Object.prototype);
    expect(Reflect.get({}, "admin")).toBeUndefined();
  });

  it("is read or refused, and nothing else, whatever was made of it", () => {
    const entry = fc.oneof(
      fc.jsonValue(),
      fc.array(fc.integer({ min: -8, max: 8 })),
      fc.dictionary(fc.string({ maxLength: 2 }), fc.integer({ min: -8, max: 8 })),
      fc.tuple(
        fc.constantFrom("Date", "Map", "Set", "URL", "BigInt", "Uint8Array", "ArrayBuffer", "null"),
        fc.oneof(fc.integer({ min: -8, max: 8 }), fc.string({ maxLength: 8 })),
        fc.integer({ min: -8, max: 8 }),
      ),
    );
    const names = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 9 }), (entries) => {
        const document = codec.parseDocument(stored(...entries));
        if (document !== undefined) {
          const { cart } = codec.view(document);
          const text = codec.encode(cart, "cart");
          expect(codec.decode(text)).toEqual(cart);
        }
        expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(names);
      }),
      { numRuns: 3_000 },
    );
  });

  it("is read or refused where a byte of it has changed", () => {
    fc.assert(
      fc.property(rich, fc.nat(), fc.string({ minLength: 1, maxLength: 2 }), (value, at, other) => {
        const text = `{"cart":${codec.encode([value, 1n], "cart")}}`;
        const place = at % text.length;
        const altered = text.slice(0, place) + other + text.slice(place + 1);
        const document = codec.parseDocument(altered);
        if (document !== undefined) expect(codec.view(document)).toBeDefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it("costs no more than its length says", () => {
    const million = "1".repeat(4_000);
    const numbers = Array.from({ length: 200 }, (_, at) => ["BigInt", `${at + 1}${million}`]);
    const { user: before } = process.cpuUsage();
    const text = stored(["Set", ...numbers.map((_, at) => at + 1)], ...numbers);
    const document = codec.parseDocument(text) ?? {};
    expect((codec.view(document)["cart"] as Set<bigint>).size).toBe(200);
    // Not by the clock: a machine may be busy with others.
    expect((process.cpuUsage().user - before) / 1_000).toBeLessThan(2_000);
  });
});

describe("the library", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["something else", { stringify: 1, unflatten: 2 }],
    [
      "one that writes otherwise",
      { ...devalue, stringify: (value: unknown) => JSON.stringify(value) },
    ],
    ["one that reads otherwise", { ...devalue, unflatten: () => new Map() }],
    [
      "one that fails",
      {
        stringify: () => {
          throw new Error("no");
        },
        unflatten: devalue.unflatten,
      },
    ],
  ])("is looked at before it is used: %s", (_name, library) => {
    expect(() => Reflect.apply(richValues, undefined, [library])).toThrow(OptionsError);
  });

  it("is given what passes, and that alone", () => {
    const asked: unknown[] = [];
    const spied = richValues({
      stringify: devalue.stringify,
      unflatten: (entries: unknown[]) => {
        asked.push(entries);
        return devalue.unflatten(entries as JsonValue[]);
      },
    });
    asked.length = 0;
    spied.codec.parseDocument(stored(["RegExp", "x", ""]));
    spied.codec.parseDocument('{"cart":[1]}');
    expect(asked).toEqual([]);
  });
});
