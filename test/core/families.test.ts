import { beforeEach, describe, expect, it } from "vitest";
import { Deadline } from "../../src/core/deadline.ts";
import { pooledRandom } from "../../src/core/environment.ts";
import { Families } from "../../src/core/families.ts";
import { Keeper } from "../../src/core/keeper.ts";
import { memoryStore } from "../../src/index.ts";

const NOW = 1_700_000_000_000;
const FAMILY = "Zm9vYmFyYmF6cXV1";

const deadline = (): Deadline => new Deadline(5_000, NOW);

describe("what a family was spared from", () => {
  let families: Families;

  beforeEach(() => {
    const environment = { random: pooledRandom() };
    families = new Families(new Keeper(memoryStore(), () => undefined), "session", environment);
  });

  async function sparedFrom(...spans: readonly (readonly [number, number])[]) {
    for (const [from, upTo] of spans) await families.spared(FAMILY, { from, upTo }, deadline());
    return (await families.sparingOf(FAMILY, deadline())).spans;
  }

  it("is one span where the later of two endings tells first", async () => {
    expect(await sparedFrom([5, 9], [0, 5])).toEqual([{ from: 0, upTo: 9 }]);
  });

  it("is one span where the one in the middle tells last", async () => {
    expect(await sparedFrom([8, 9], [0, 5], [5, 8])).toEqual([{ from: 0, upTo: 9 }]);
  });

  it("leaves out what an ending in between was not to spare", async () => {
    expect(await sparedFrom([0, 5], [7, 9])).toEqual([
      { from: 7, upTo: 9 },
      { from: 0, upTo: 5 },
    ]);
  });

  it("takes no more room with each ending", async () => {
    const spans = Array.from({ length: 50 }, (_, place) => [place * 4, place * 4 + 2] as const);
    const spared = await sparedFrom(...spans);
    expect(spared).toHaveLength(8);
    expect(spared[0]).toEqual({ from: 196, upTo: 198 });
  });
});
