import { describe, expect, it } from "vitest";
import { hostileRound } from "./support/hostile-rounds.ts";
import { seeded } from "./support/random.ts";

const REASONS = [
  "altered",
  "corrupt",
  "expired",
  "future",
  "malformed",
  "oldVersion",
  "read",
  "tooDeep",
  "tooLarge",
  "tooManyDigits",
  "unknownKey",
];

describe("hostile cookies", () => {
  it("are answered with a reason, and what is read of them is read again", () => {
    const random = seeded(20_231_114);
    const outcomes = new Set<string>();
    for (let round = 0; round < 20_000; round++) {
      const { outcome, isStable } = hostileRound(random);
      outcomes.add(outcome);
      expect(isStable).toBe(true);
    }
    expect(REASONS).toEqual(expect.arrayContaining([...outcomes]));
    // Enough of them pass the signature for the readers behind it to be met.
    for (const met of ["altered", "corrupt", "malformed", "read", "tooLarge", "tooDeep"]) {
      expect(outcomes).toContain(met);
    }
  });
});
