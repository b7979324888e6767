import { describe, expect, it } from "vitest";
import type { SubjectName } from "./subjects.ts";
import { verify } from "./verify.ts";

const SEED = 20_261_121;
/** Enough that a run in which hardly anything happened does not pass for a good one. */
const FEWEST_OPERATIONS = 100;

/** The history of one store in CI: always the same seed, for the same time. */
export function describeHistory(subject: SubjectName, seconds: number): void {
  describe(`histories of ${subject}`, () => {
    it("break no law, whatever goes wrong meanwhile", { timeout: 90_000 }, async () => {
      const verdict = await verify({ subject, seed: SEED, durationMs: seconds * 1_000 });
      expect(verdict.report).toBe("");
      const { operations } = verdict.history;
      const done = operations.filter(({ outcome }) => outcome === "ok");
      expect(done.length).toBeGreaterThan(FEWEST_OPERATIONS);
    });
  });
}
