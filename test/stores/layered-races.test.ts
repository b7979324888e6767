import { describe, expect, it } from "vitest";
import { Random } from "../support/random.ts";
import { race } from "./support/layered-race.ts";

const RACES = 400;

describe("two processes whose clients race, with answers late, overtaken and lost", () => {
  it.each([
    ["a near each", "own"],
    ["a near each that forgets", "forgetful"],
    ["a near that they share", "shared"],
    ["a near that they share, and that forgets", "shared, forgetful"],
  ] as const)("read nothing older than what they know of, with %s", async (_, near) => {
    for (let seed = 0; seed < RACES; seed += 1) {
      expect([seed, ...(await race(new Random(seed), near))]).toEqual([seed]);
    }
  });
});
