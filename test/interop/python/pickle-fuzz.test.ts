import { expect, it } from "vitest";
import { fuzzOne } from "../support/pickle-fuzz.ts";

const INPUTS = 20_000;

it("A damaged pickle is refused with a reason, or read as what can be written again", () => {
  const outcomes = Array.from({ length: INPUTS }, (_, seed) => fuzzOne(seed));
  const read = outcomes.filter((outcome) => outcome === "read").length;
  expect(read).toBeGreaterThan(INPUTS / 100);
  expect(read).toBeLessThan(INPUTS / 2);
});
