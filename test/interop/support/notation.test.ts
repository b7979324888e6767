import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { floatRepr, fromNotation, type Notation, toNotation } from "./notation.ts";

const VECTORS = new URL("../vectors/", import.meta.url);

describe("the notation of the vectors", () => {
  it.each(readdirSync(VECTORS).filter((name) => name.endsWith(".json")))(
    "comes back as it was from %s",
    (name) => {
      const marked = markedIn(JSON.parse(readFileSync(new URL(name, VECTORS), "utf8")));
      const values = marked.map(fromNotation);
      // A dict may be noted in two ways.
      expect(values.map(toNotation).map(fromNotation)).toStrictEqual(values);
    },
  );

  it.each([
    [1e16, "1e+16"],
    [1e15, "1000000000000000.0"],
    [-0, "-0.0"],
    [0.0001, "0.0001"],
    [1e-5, "1e-05"],
    [1.5e300, "1.5e+300"],
  ])("writes %s as Python does", (value, repr) => {
    expect(floatRepr(value)).toBe(repr);
  });
});

/** Everything below a value that is marked, in the order in which it is found. */
function markedIn(notation: Notation): Notation[] {
  if (notation === null || typeof notation !== "object") return [];
  const below = Object.values(notation).flatMap(markedIn);
  return "$t" in notation ? [notation, ...below] : below;
}
