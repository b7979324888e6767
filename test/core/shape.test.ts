import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { CodecError, OptionsError } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { issuePath, type Schema } from "../../src/core/schema.ts";
import { resolveShape, type ShapeOptions } from "../../src/core/shape.ts";

/** Calls it as JavaScript may: with anything. */
function refusal(options: object): OptionsError {
  try {
    Reflect.apply(resolveShape, undefined, [options]);
  } catch (error) {
    if (error instanceof OptionsError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function reading(options: ShapeOptions, text: string) {
  const read = resolveShape(options).read(text);
  if (typeof read === "string") throw new Error(`refused: ${read}`);
  return read;
}

/** A schema of one's own: the interface is three lines. */
function schemaOf(validate: (value: unknown) => unknown): Schema<object> {
  return {
    "~standard": { version: 1, vendor: "test", validate: validate as () => { value: object } },
  };
}

const SHOP = z.object({
  cart: z.array(z.string()).default([]),
  visits: z.number().default(0),
  addedAt: z.coerce.date().optional(),
});

describe("without a description", () => {
  it("data is as it was stored", () => {
    expect(reading({}, '{"a":[1]}')).toEqual({ document: { a: [1] }, view: { a: [1] } });
  });

  it.each(["", "{", "[]", "null", "7"])("what is no object is corrupt: %j", (text) => {
    expect(resolveShape({}).read(text)).toBe("corrupt");
  });
});

describe("defaults", () => {
  const shape = resolveShape({ defaults: { cart: ["tea"], theme: null, gone: undefined } });

  it("are copied for each session", () => {
    expect(shape.defaultOf("cart")).toEqual(["tea"]);
    expect(shape.defaultOf("cart")).not.toBe(shape.defaultOf("cart"));
    expect(shape.defaultOf("theme")).toBeNull();
  });

  it("are of those keys that have one", () => {
    expect([...shape.defaultKeys]).toEqual(["cart", "theme"]);
    expect(shape.defaultOf("constructor")).toBeUndefined();
  });

  it("cannot be changed later by whoever gave them", () => {
    const given = { cart: ["tea"] };
    const kept = resolveShape({ defaults: given });
    given.cart.push("cup");
    expect(kept.defaultOf("cart")).toEqual(["tea"]);
  });

  it.each<[string, unknown, string]>([
    ["a Date", { at: new Date(0) }, "a Date would become a string"],
    ["a function", { now: () => 0 }, "has no JSON form"],
    ["a poisoned key", JSON.parse('{"__proto__":1}'), "cannot be a key"],
    ["an array", ["tea"], "object with a value for each key"],
    ["null", null, "object with a value for each key"],
    ["a text", "tea", "object with a value for each key"],
    ["a Map", new Map(), "a Map would be lost"],
  ])("may not be or hold %s", (_name, defaults, problem) => {
    const error = refusal({ defaults });
    expect(error.option).toBe("defaults");
    expect(error.message).toContain(problem);
  });
});

describe("a schema", () => {
  it("shows what it makes of the stored data, and leaves that as it was", () => {
    const { document, view } = reading({ schema: SHOP }, '{"visits":1,"newerKey":true}');
    expect(view).toEqual({ cart: [], visits: 1 });
    expect(document).toEqual({ visits: 1, newerKey: true });
  });

  it("may change what it is given, and changes nothing stored", () => {
    const schema = schemaOf((value) => {
      Object.assign(Object(value), { changed: true });
      return { value };
    });
    expect(reading({ schema }, '{"a":1}')).toEqual({
      document: { a: 1 },
      view: { a: 1, changed: true },
    });
  });

  it("that refuses stored data gives no session of it", () => {
    const shape = resolveShape({ schema: SHOP });
    expect(shape.read('{"visits":"many"}')).toBe("schema");
    expect(shape.read("{")).toBe("corrupt");
  });

  it("that throws at stored data refuses it", () => {
    const schema = schemaOf((value) => {
      if (Object.keys(Object(value)).length > 0) throw new Error("no schema's way to answer");
      return { value };
    });
    expect(resolveShape({ schema }).read('{"a":1}')).toBe("schema");
  });

  it("names the path of what it refuses to store", () => {
    const shape = resolveShape({ schema: SHOP });
    expect(() => shape.view({ cart: ["tea", 7] })).toThrow(CodecError);
    expect(() => shape.view({ cart: ["tea", 7] })).toThrow(/"cart\.1"/);
  });

  it("gives a new visitor its own defaults, copied for each", () => {
    const shape = resolveShape({ schema: SHOP });
    expect(shape.defaultOf("visits")).toBe(0);
    expect(shape.defaultOf("cart")).toEqual([]);
    expect(shape.defaultOf("cart")).not.toBe(shape.defaultOf("cart"));
  });

  it.each<[string, Schema<object>, RegExp]>([
    ["a text made a number", z.object({ n: z.string().prefault("0").transform(Number) }), /"n"/],
    [
      "a number that grows",
      z.object({
        n: z
          .number()
          .prefault(1)
          .transform((n) => n * 2),
      }),
      /"n"/,
    ],
    ["a Date", z.object({ at: z.date().default(new Date(0)) }), /"at": a Date would/],
    ["a Map", schemaOf(() => ({ value: { ids: new Map() } })), /"ids": a Map would/],
  ])("must leave its own defaults as they are: not %s", (_name, schema, words) => {
    const error = refusal({ schema });
    expect(error.option).toBe("schema");
    expect(error.message).toMatch(/accept what it returns as it is/);
    expect(error.message).toMatch(words);
  });

  it.each<[string, z.ZodType<object>]>([
    ["a coerced number", z.object({ n: z.coerce.number().default(0) })],
    ["a random default", z.object({ n: z.number().default(() => Math.random()) })],
    ["unknown keys", z.looseObject({ list: z.array(z.number()).default([]) })],
  ])("may fill in: %s", (_name, schema) => {
    expect(() => resolveShape({ schema })).not.toThrow();
  });

  it("must accept {}, and the error says for which keys to give a default", () => {
    const error = refusal({ schema: z.object({ cart: z.array(z.string()), at: z.number() }) });
    expect(error.option).toBe("schema");
    expect(error.message).toMatch(/must accept \{\}.*Give a default for: cart, at\./);
  });

  it.each<[string, unknown]>([
    ["zod with an async check", z.object({}).refine(async () => true)],
    ["an async function", schemaOf(async (value) => ({ value }))],
    ["a rejecting one", schemaOf(() => Promise.reject(new Error("no network")))],
  ])("must not answer asynchronously: %s", (_name, schema) => {
    const error = refusal({ schema });
    expect(error.option).toBe("schema");
    expect(error.message).toContain("asynchronously");
  });

  it.each<[unknown]>([[null], [{}], [{ parse: () => 1 }], [{ "~standard": {} }], ["string"], [1]])(
    "must be a Standard Schema: not %o",
    (schema) => {
      expect(refusal({ schema }).message).toContain("not a Standard Schema");
    },
  );

  it("excludes defaults, as it has its own", () => {
    expect(refusal({ schema: SHOP, defaults: {} }).option).toBe("defaults");
  });

  it("of zod is taken with its output type", () => {
    expectTypeOf(SHOP).toExtend<Schema<z.output<typeof SHOP>>>();
    expectTypeOf<Schema<z.output<typeof SHOP>>>().not.toExtend<Schema<{ cart: number }>>();
  });
});

describe("a changed value", () => {
  const shape = resolveShape({
    schema: z.object({
      name: z.string().trim().optional(),
      profile: z.object({ tags: z.array(z.string()).default([]) }).optional(),
      count: z.coerce.number().optional(),
      at: z
        .string()
        .optional()
        .transform((text) => (text === undefined ? text : new Date(text))),
      length: z
        .string()
        .optional()
        .transform((text) => text?.length),
      shout: z
        .string()
        .optional()
        .transform((text) => text && `${text}!`),
    }),
  });

  const check = (document: JsonObject, before: JsonObject, by = shape): void =>
    by.check({ document }, { document: before });

  it.each<[JsonObject]>([
    [{ name: "  Ada " }],
    [{ profile: {} }],
    [{ count: "5" }],
    [{ unknown: { to: ["the schema"] } }],
  ])("may be trimmed, filled in or left alone: %o", (changed) => {
    expect(() => check({ other: 1, ...changed }, { other: 1 })).not.toThrow();
  });

  it.each<[string, JsonObject]>([
    ["at", { at: "2026-01-01T00:00:00.000Z" }],
    ["length", { length: "four" }],
    ["shout", { shout: "hey" }],
  ])("must not become another one each time it is read: %s", (key, changed) => {
    const checked = (): void => check({ other: 1, ...changed }, { other: 1 });
    expect(checked).toThrow(CodecError);
    expect(checked).toThrow(new RegExp(`^Cannot store "${key}": the schema makes something else`));
  });

  it("is judged alone: what an earlier version stored goes on being read", () => {
    const stored: JsonObject = { at: "2026-01-01T00:00:00.000Z", name: "Ada" };
    expect(() => check({ ...stored, name: "Bo" }, stored)).not.toThrow();
    expect(() => check({ at: stored["at"] as string }, stored)).not.toThrow();
  });

  it("is whatever it likes where no schema describes it", () => {
    expect(() => check({ at: "x" }, {}, resolveShape({}))).not.toThrow();
  });
});

describe("migrate", () => {
  const migrate = (stored: JsonObject): JsonObject => {
    const { basket, ...rest } = stored;
    return basket === undefined ? rest : { ...rest, cart: basket };
  };

  it("brings old data to the schema, in what is shown and in what changes apply to", () => {
    const { document, view } = reading({ schema: SHOP, migrate }, '{"basket":["tea"],"visits":1}');
    expect(view).toEqual({ cart: ["tea"], visits: 1 });
    expect(document).toEqual({ cart: ["tea"], visits: 1 });
  });

  it("that throws, or gives what the schema refuses, refuses the data", () => {
    const boom = (): JsonObject => {
      throw new Error("version 0");
    };
    expect(resolveShape({ schema: SHOP, migrate: boom }).read("{}")).toBe("schema");
    const wrong = (): JsonObject => ({ visits: "many" });
    expect(resolveShape({ schema: SHOP, migrate: wrong }).read("{}")).toBe("schema");
  });

  it("needs a schema", () => {
    expect(refusal({ migrate }).option).toBe("migrate");
    expect(refusal({ migrate, defaults: {} }).option).toBe("migrate");
  });
});

describe("the path of an issue", () => {
  it.each([
    [undefined, "data"],
    [[], "data"],
    [["cart", 0, "sku"], "cart.0.sku"],
    [[{ key: "cart" }, { key: 0 }], "cart.0"],
    [[Symbol("x")], "Symbol(x)"],
  ])("%j is %s", (path, text) => {
    expect(issuePath({ message: "wrong", path })).toBe(text);
  });
});
