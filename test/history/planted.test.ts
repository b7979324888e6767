import { describe, expect, it } from "vitest";
import { BUG_NAMES, type BugName, isExclusiveBug } from "./bugs.ts";
import { verify } from "./verify.ts";

const SEED = 7;
const DURATION_MS = 2_000;
/** The same session has to be worked on several times. */
const EXCLUSIVE_DURATION_MS = 4_000;
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
  "lets two work at once": /one works at a time/,
  "stores what was done when the lease was over": /a late holder stores nothing/,
  "answers with a result of before": /a result comes from a holder/,
  "tells nobody of those who failed": /who comes after a failure is told/,
};

describe("the history checker", () => {
  it.each(BUG_NAMES)("finds one that %s", { timeout: 240_000 }, async (bug) => {
    let rules = "";
    for (let n = 0; n < MAX_RUNS && !BROKEN[bug].test(rules); n += 1) {
      const durationMs = isExclusiveBug(bug) ? EXCLUSIVE_DURATION_MS : DURATION_MS;
      const run = { subject: "sqlite", bug, seed: SEED + n, durationMs } as const;
      const { violations } = await verify(run);
      rules = violations.map(({ rule }) => rule).join("\n");
    }
    expect(rules).toMatch(BROKEN[bug]);
  });
});
