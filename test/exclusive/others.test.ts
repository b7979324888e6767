import { describe, expect, it } from "vitest";
import { runRounds } from "./rounds.ts";
import { SHORT } from "./suite.ts";
import { tally } from "./verdict.ts";

/** The harness sees what goes wrong where nothing keeps two requests from refreshing at once. */
describe("refreshing tokens by the usual recipes", () => {
  it.each(["auth.js", "iron-session"] as const)(
    "signs a visitor of %s out",
    { timeout: 240_000 },
    async (recipe) => {
      const outcome = await runRounds({ ...SHORT, recipe, store: "memory", rounds: [undefined] });
      const { sentTwice, signedOut, failed } = tally(outcome);
      expect(sentTwice).toBeGreaterThan(0);
      expect(signedOut).toBe(1);
      expect(failed).toBeGreaterThan(0);
    },
  );

  it("sends a token again after a holder's death, with a lock alone", {
    timeout: 240_000,
  }, async () => {
    const rounds = [undefined, "after the call"] as const;
    const outcome = await runRounds({ ...SHORT, recipe: "redis lock", store: "redis", rounds });
    const { sentTwice, signedOut, signedOutByFault } = tally(outcome);
    expect(signedOut).toBe(0);
    expect(sentTwice).toBe(1);
    expect(signedOutByFault).toBe(1);
  });
});
