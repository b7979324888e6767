import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type Duration, durationMs } from "../../src/core/duration.ts";
import { OptionsError } from "../../src/core/errors.ts";

/** Calls it as JavaScript may: with anything. */
function untyped(value: unknown): number {
  return Reflect.apply(durationMs, undefined, ["idleTimeout", value]);
}

describe("a duration", () => {
  it.each<[Duration, number]>([
    [1, 1],
    ["1ms", 1],
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["12h", 43_200_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["1.5h", 5_400_000],
    ["0.5s", 500],
    [1.4, 1],
  ])("%j is %i ms", (duration, ms) => {
    expect(durationMs("idleTimeout", duration)).toBe(ms);
  });

  it("is its number times its unit", () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
    const unit = fc.constantFrom<keyof typeof units>("ms", "s", "m", "h", "d", "w");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), unit, (number, of) => {
        expect(durationMs("x", `${number}${of}`)).toBe(number * units[of]);
      }),
    );
  });

  it.each<[unknown]>([
    ["30 minutes"],
    ["30"],
    ["30M"],
    [" 30m"],
    ["30m "],
    ["-30m"],
    ["+30m"],
    ["1e3s"],
    ["0m"],
    [".5h"],
    ["1_000ms"],
    ["Infinityms"],
    ["٣m"],
    [""],
    [0],
    [-1],
    [0.4],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [2 ** 53],
    ["99999999999999w"],
    [null],
    [undefined],
    [true],
    [30n],
    [Symbol("30m")],
    [new Date(30)],
    [["30m"]],
    [{}],
  ])("is not %o", (value) => {
    expect(() => untyped(value)).toThrow(OptionsError);
  });

  it("says what to write instead, and names the option", () => {
    expect(() => untyped("30 minutes")).toThrow(
      'idleTimeout: "30 minutes" is not a duration. Write milliseconds (1800000) or a number ' +
        'with its unit: "90s", "30m", "12h", "7d", "2w".',
    );
  });

  it("has a short error, however long the text", () => {
    expect(() => untyped("9".repeat(100_000))).toThrow(/^.{1,300}$/);
  });

  it("is checked by the compiler", () => {
    expectTypeOf("30m" as const).toExtend<Duration>();
    expectTypeOf("1.5h" as const).toExtend<Duration>();
    expectTypeOf(1_000).toExtend<Duration>();
    expectTypeOf<string>().not.toExtend<Duration>();
    // @ts-expect-error no unit of that name
    expect(() => durationMs("x", "30 minutes")).toThrow(OptionsError);
    // @ts-expect-error a number needs a unit
    expect(() => durationMs("x", "30")).toThrow(OptionsError);
    // @ts-expect-error a unit needs a number
    expect(() => durationMs("x", "m")).toThrow(OptionsError);
  });
});
