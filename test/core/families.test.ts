import { beforeEach, describe, expect, it } from "vitest";
import { Keeper } from "../../src/core/commit/keeper.ts";
import { Deadline } from "../../src/core/deadline.ts";
import { pooledRandom } from "../../src/core/environment.ts";
import { Families } from "../../src/core/lifecycle/families.ts";
import { type SessionId, type SessionToken, sessionId } from "../../src/core/token.ts";
import { memoryStore } from "../../src/index.ts";

const NOW = 1_700_000_000_000;
const FAMILY = "Zm9vYmFyYmF6cXV1";

const deadline = (): Deadline => new Deadline(5_000, NOW);

let families: Families;

beforeEach(() => {
  const environment = { random: pooledRandom() };
  families = new Families(new Keeper(memoryStore(), () => undefined), "session", environment);
});

describe("what a family was spared from", () => {
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

  it("is waited for until each of those who have begun has told", async () => {
    const begun = async () => (await families.sparingOf(FAMILY, deadline())).begun;
    for (let clicks = 0; clicks < 2; clicks += 1) await families.sparing(FAMILY, deadline());
    const waited = [await begun()];
    for (const upTo of [5, 9]) {
      await families.spared(FAMILY, { from: 0, upTo }, deadline());
      waited.push(await begun());
    }
    expect(waited).toEqual([2, 1, 0]);
  });

  it("takes no more room with each ending", async () => {
    const spans = Array.from({ length: 50 }, (_, place) => [place * 4, place * 4 + 2] as const);
    const spared = await sparedFrom(...spans);
    expect(spared).toHaveLength(8);
    expect(spared[0]).toEqual({ from: 196, upTo: 198 });
  });
});

describe("a milestone", () => {
  const [near, far] = ["near", "far"].map((text) => sessionId(text as SessionToken, "session"));
  const stoneAfter = (tokens: number) => ({
    id: sessionId("first" as SessionToken, "session"),
    notes: JSON.stringify({ f: FAMILY, n: tokens }),
  });

  async function passed(...milestones: readonly (readonly [SessionId | undefined, number])[]) {
    for (const [id, tokens] of milestones) {
      if (id !== undefined) await families.passed(FAMILY, { id, tokens }, deadline());
    }
  }

  it("stays where one arrives late that is not as far", async () => {
    await passed([far, 16], [near, 8]);
    expect(await families.milestoneAfter(stoneAfter(1), deadline())).toBe(far);
  });

  it("leads nobody back", async () => {
    await passed([near, 8]);
    expect(await families.milestoneAfter(stoneAfter(7), deadline())).toBe(near);
    expect(await families.milestoneAfter(stoneAfter(8), deadline())).toBeUndefined();
    expect(await families.milestoneAfter(stoneAfter(9), deadline())).toBeUndefined();
  });
});
