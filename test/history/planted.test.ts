import { describe, expect, it } from "vitest";
import { BUG_NAMES, type BugName } from "./planted.ts";
import { verify } from "./verify.ts";

const SEED = 7;
const DURATION_MS = 2_000;
/** What is a matter of moments may need another run on a machine that is busy. */
const MAX_RUNS = 4;

/** The rule that each bug must be found to break, beside whatever else it breaks. */
const BROKEN: Readonly<Record<BugName, RegExp>> = {
  "updates by a blind upsert": /counters are exact|the dead stay dead/,
  "updates without asking for the version": /counters are exact|write is lost/,
  "checks the version and writes in two steps": /counters are exact|write is lost/,
  "recreates what has ended when it is touched": /the dead stay dead/,
  "acknowledges an end before it is done": /the dead stay dead/,
  "misses a session when all of a user's are to end": /the dead stay dead/,
  "reads from a replica that lags": /no read is stale|the dead stay dead/,
};

describe("the history checker", () => {
  it.each(BUG_NAMES)("finds a store that %s", { timeout: 90_000 }, async (bug) => {
    let rules = "";
    for (let n = 0; n < MAX_RUNS && !BROKEN[bug].test(rules); n += 1) {
      const run = { subject: "sqlite", bug, seed: SEED + n, durationMs: DURATION_MS } as const;
      const { violations } = await verify(run);
      rules = violations.map(({ rule }) => rule).join("\n");
    }
    expect(rules).toMatch(BROKEN[bug]);
  });
});
