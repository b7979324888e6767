import { expect, it } from "vitest";
import type { EpochMs } from "../../../src/core/record.ts";
import { factsFor } from "../../../src/interop/foreign/facts.ts";

const now = 1_000_000 as EpochMs;
const LABEL = { l: "Phone" };
// Factors, credentials, an elevation, a flow and a half-done sign-in.
const notes = JSON.stringify({ ...LABEL, a: {}, c: "s.p", v: ["s", {}], m: { reset: {} }, j: {} });

it("goes on with what was proved and begun, where the other framework has signed nobody in or out", () => {
  for (const userId of ["ada", undefined]) {
    expect(factsFor({ userId, notes }, userId, now).notes).toBe(notes);
  }
});

it("leaves behind what was proved and begun where that has signed somebody in, or out", () => {
  for (const [before, after] of [
    [undefined, "ada"],
    ["ada", "bob"],
    ["ada", undefined],
  ]) {
    expect(factsFor({ userId: before, notes }, after, now).notes).toBe(JSON.stringify(LABEL));
  }
});
