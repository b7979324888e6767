import { describe, expect, it } from "vitest";
import type { SubjectName } from "./subjects.ts";
import { verify } from "./verify.ts";

const SEED = 20_261_121;
/** Enough that a run in which hardly anything happened does not pass for a good one. */
const FEWEST_OPERATIONS = 100;
/** On a machine that is busy with other tests hardly anything may happen in the first. */
const MOST_RUNS = 3;

/** The history of one store in CI: always the same seed, for the same time. */
export function describeHistory(subject: SubjectName, seconds: number): void {
  describe(`histories of ${subject}`, () => {
    it("break no law, whatever goes wrong meanwhile", { timeout: 240_000 }, async () => {
      let done = 0;
      for (let run = 0; run < MOST_RUNS && done <= FEWEST_OPERATIONS; run += 1) {
        const seed = SEED + run;
        const { history, report } = await verify({ subject, seed, durationMs: seconds * 1_000 });
        expect(report).toBe("");
        done += history.operations.filter(({ outcome }) => outcome === "ok").length;
      }
      expect(done).toBeGreaterThan(FEWEST_OPERATIONS);
    });
  });
}
