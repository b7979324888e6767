import { describe, expect, it } from "vitest";
import type { SubjectName } from "../history/subjects.ts";
import { type RunOptions, runRounds } from "./rounds.ts";
import { problemsOf, tally } from "./verdict.ts";

/** A run that takes seconds. By hand there are twice as many processes, and more of everything. */
export const SHORT: Omit<RunOptions, "recipe" | "store" | "rounds"> = {
  processes: 4,
  requests: 100,
  // Longer than a machine that is busy takes for a refresh.
  leaseMs: 4_000,
  delayMs: 100,
  graceMs: 0,
};

const LONG_GRACE_MS = 60_000;

/** One store in CI: one visitor, many requests at once, and holders that die. */
export function describeRefresh(store: SubjectName): void {
  describe(`refreshing tokens over ${store}`, () => {
    it("sends each once, whoever dies meanwhile", { timeout: 240_000 }, async () => {
      const rounds = [undefined, undefined, "after the call", undefined, "in the commit"] as const;
      const outcome = await runRounds({ ...SHORT, recipe: "exclusive", store, rounds });
      expect(problemsOf(outcome)).toEqual([]);
      // The visitor signs in again rather than to have a doubtful token sent.
      expect(tally(outcome).sentKnowingly).toBe(0);
    });

    it("signs nobody out where the provider has a grace", { timeout: 240_000 }, async () => {
      const rounds = ["before the commit", undefined, "the call hangs"] as const;
      const options = { ...SHORT, graceMs: LONG_GRACE_MS, store, rounds };
      const outcome = await runRounds({ ...options, recipe: "exclusive" });
      expect(problemsOf(outcome)).toEqual([]);
      const { signedOutByFault, sentKnowingly } = tally(outcome);
      expect(signedOutByFault).toBe(0);
      // Once for each fault, and once more where whoever took over was too slow for its lease.
      expect(sentKnowingly).toBeGreaterThanOrEqual(2);
    });
  });
}
