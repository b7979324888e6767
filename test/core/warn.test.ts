import { afterEach, beforeEach, expect, it } from "vitest";
import { warnOnce } from "../../src/core/warn.ts";

const heard: string[] = [];
const hear = (warning: Error): void => {
  if (warning.name === "SojournWarning") heard.push(warning.message);
};
beforeEach(() => {
  heard.length = 0;
  process.on("warning", hear);
});
afterEach(() => void process.off("warning", hear));

it("says each sentence once about each object", async () => {
  const [one, other] = [{}, {}];
  warnOnce(one, "It has no listener.");
  warnOnce(one, "It has no listener.");
  warnOnce(one, "It evicts.");
  warnOnce(other, "It has no listener.");
  await new Promise(setImmediate);
  expect(heard).toEqual(["It has no listener.", "It evicts.", "It has no listener."]);
});
