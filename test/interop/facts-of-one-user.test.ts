import { describe, expect, it } from "vitest";
import { factsFor } from "../../src/interop/foreign/facts.ts";

describe("the facts of a shared session", () => {
  const notes = JSON.stringify({
    ...{ a: { totp: 1 }, c: "salt.print", q: { by: "op" }, v: ["id", { payout: 9e15 }] },
    l: "Kitchen tablet",
  });

  it("are, of what was proved, those of the user who has proved it, whoever Python has signed in since", () => {
    const facts = { userId: "ada", authenticatedAt: 1, notes };
    expect(factsFor(facts, "ada", 2).notes).toBe(notes);
    for (const userId of ["bob", undefined]) {
      expect(factsFor(facts, userId, 2).notes).toBe('{"l":"Kitchen tablet"}');
    }
  });
});
