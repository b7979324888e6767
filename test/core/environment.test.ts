import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";

/** Fills with 0, 1, 2, … so that each byte shows where it came from. */
function counting(): { fill: (pool: Buffer) => void; fills: () => number } {
  let next = 0;
  let fills = 0;
  const fill = (pool: Buffer): void => {
    fills += 1;
    for (let index = 0; index < pool.length; index += 1) pool[index] = next++ % 251;
  };
  return { fill, fills: () => fills };
}

describe("the pool of random bytes", () => {
  it("draws nothing before the first byte is asked for", () => {
    const { fill, fills } = counting();
    pooledRandom(fill);
    expect(fills()).toBe(0);
  });

  it("gives each byte once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 300 }),
        (sizes) => {
          const random = pooledRandom(counting().fill);
          let last = -1;
          for (const size of sizes) {
            const drawn = [...random(size)];
            expect(drawn).toHaveLength(size);
            const [first = 0] = drawn;
            expect(drawn).toEqual(drawn.map((_, index) => (first + index) % 251));
            // It may skip the rest of a pool that is too short, and goes on behind what it gave.
            expect(first).not.toBe(last);
            last = drawn.at(-1) ?? 0;
          }
        },
      ),
    );
  });

  it("is filled again only when it is used up", () => {
    const { fill, fills } = counting();
    const random = pooledRandom(fill);
    for (let draws = 0; draws < 128; draws += 1) random(32);
    expect(fills()).toBe(1);
    random(1);
    expect(fills()).toBe(2);
  });

  it("refuses a source that fills nothing", () => {
    expect(() => pooledRandom(() => undefined)(32)).toThrow(/constant bytes/);
  });

  it("refuses a source of one byte over and over", () => {
    expect(() => pooledRandom((pool) => void pool.fill(7))(32)).toThrow(/constant bytes/);
  });

  it("refuses a source that breaks later, rather than giving out what is left", () => {
    let fills = 0;
    const random = pooledRandom((pool) => {
      fills += 1;
      if (fills === 1) counting().fill(pool);
      else pool.fill(0);
    });
    for (let draws = 0; draws < 128; draws += 1) random(32);
    expect(() => random(32)).toThrow(/constant bytes/);
    expect(() => random(32)).toThrow(/constant bytes/);
  });

  it("has no fallback for a source that fails", () => {
    const random = pooledRandom(() => {
      throw new Error("no entropy");
    });
    expect(() => random(32)).toThrow("no entropy");
  });
});
