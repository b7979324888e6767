import { expect, it } from "vitest";
import { warnOnce } from "../../src/core/warn.ts";
import { heardWarnings } from "../support/warnings.ts";

const warnings = heardWarnings();

it("says each sentence once about each object", async () => {
  const [one, other] = [{}, {}];
  warnOnce(one, "It has no listener.");
  warnOnce(one, "It has no listener.");
  warnOnce(one, "It evicts.");
  warnOnce(other, "It has no listener.");
  await new Promise(setImmediate);
  expect(warnings()).toEqual(["It has no listener.", "It evicts.", "It has no listener."]);
});
