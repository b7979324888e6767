import { expect, it } from "vitest";
import { Random } from "./random.ts";
import { greatestT, type Sample, welchT } from "./welch.ts";

/** Times with a long tail, as those of a busy machine; one kind takes so much more. */
function samples(more: number): Sample[] {
  const random = Random.of(7);
  return Array.from({ length: 20_000 }, () => {
    const isFirst = random.chance(0.5);
    const interruption = random.chance(0.02) ? random.between(0, 100_000) : 0;
    return { isFirst, value: 1_000 + random.between(0, 200) + interruption + (isFirst ? more : 0) };
  });
}

it("is what a text book says of two small samples", () => {
  const of = (isFirst: boolean, values: readonly number[]): Sample[] =>
    values.map((value) => ({ isFirst, value }));
  // Means 3 and 6, variances 2.5 and 10, five of each: -3 / sqrt(2.5 / 5 + 10 / 5).
  const t = welchT([...of(true, [1, 2, 3, 4, 5]), ...of(false, [2, 4, 6, 8, 10])]);
  expect(t).toBeCloseTo(-1.897, 3);
});

it("finds a hundredth of the time behind interruptions, and nothing where there is none", () => {
  expect(Math.abs(greatestT(samples(0)).t)).toBeLessThan(4.5);
  expect(greatestT(samples(10)).t).toBeGreaterThan(4.5);
});
