import { describe, expect, it } from "vitest";
import type { StoredSession } from "../../src/core/record.ts";
import { fuzz, type Report } from "./run.ts";
import { bytesOf, Finding, type Target } from "./target.ts";
import { damaged, type Format } from "./targets/records.ts";
import { shareOut, TARGETS } from "./targets.ts";

/** A few seconds' worth; by hand as many as one likes: `node --expose-gc scripts/fuzz.ts`. */
const INPUTS = 40_000;
const SEED = 20_261_127;

describe("damaged input crashes nothing, holds nothing up and is not believed", () => {
  it.each(
    [...shareOut(INPUTS, TARGETS)].map(
      ([target, inputs]) => [target.name, target, inputs] as const,
    ),
  )(
    "%s [WSTG-SESS-01] [ASVS 7.2.1]",
    async (_, target, inputs) => {
      const { failures, taken } = await fuzz(target, inputs, SEED);
      expect(failures).toEqual([]);
      // What is right is still taken, so that nothing is refused for want of anything to read.
      if (target.name !== "steps of flows") expect(taken).toBeGreaterThan(0);
    },
    120_000,
  );
});

/** Reads records and believes what it finds, as all of it was written by itself. */
const TRUSTING: Format = {
  write: (stored) => JSON.stringify(stored),
  read: (_, text) => {
    try {
      return Object(JSON.parse(text)) as StoredSession;
    } catch {
      return undefined;
    }
  },
};

const seeds = bytesOf("sound input");
/** Targets that are at fault, and what the fuzzer has to say of each. */
const FAULTY: readonly (readonly [string, RegExp, Target])[] = [
  [
    "believes a record of any form",
    /Finding|TypeError|user of no text/,
    { name: "trusting", share: 1, open: () => damaged(TRUSTING) },
  ],
  [
    "crashes at a rare byte",
    /crashed/,
    {
      ...{ name: "crashing", share: 1 },
      open: () => ({
        ...{ seeds, pieces: [] },
        attempt: (input) => {
          if (input.includes(0xc0)) throw new TypeError("crashed");
          return "refused";
        },
      }),
    },
  ],
  [
    "takes what is nearly right",
    /nearly/,
    {
      ...{ name: "lenient", share: 1 },
      open: () => ({
        ...{ seeds, pieces: [] },
        attempt: (input) => {
          const text = input.toString("latin1");
          if (text.trim() !== "sound input") return "refused";
          if (text !== "sound input") throw new Finding("it is nearly right");
          return "taken";
        },
      }),
    },
  ],
  [
    "takes its time",
    /it takes \d+ ms/,
    {
      ...{ name: "slow", share: 1 },
      open: () => ({
        ...{ seeds, pieces: [] },
        attempt: (input) => {
          if (input.length > 40) busyFor(120);
          return "refused";
        },
      }),
    },
  ],
];

function busyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe("the fuzzer finds what", () => {
  it.each(FAULTY)("%s", async (_, problem, target) => {
    const { failures }: Report = await fuzz(target, 4_000, SEED);
    expect(failures[0]?.problem).toMatch(problem);
  });
});
