import { expect, it } from "vitest";
import { flashesIn, storedFlashes } from "../../../src/interop/flask/flashes.ts";
import { PyText, PyTuple } from "../../../src/interop/python/values.ts";

const message = (category: string, text: string): PyTuple => new PyTuple([category, text]);

it("a message is stored as the tuple that Flask stores", () => {
  expect(storedFlashes([["n", "info", "Saved"]], undefined)).toEqual([message("info", "Saved")]);
});

it("of equal messages one can be taken alone", () => {
  const stored = [message("info", "Saved"), message("info", "Saved")];
  const [, second] = flashesIn(stored);
  expect(storedFlashes(second === undefined ? [] : [second], stored)).toHaveLength(1);
});

it("a message keeps its name when one before it is taken", () => {
  const stored = [message("info", "one"), message("info", "two")];
  const [, two] = flashesIn(stored);
  expect(flashesIn(stored.slice(1))).toEqual([two]);
});

it("what stays is the value that was there, and the rest is in its order", () => {
  const markup = new PyTuple(["info", new PyText("markup", "<b>")]);
  const stored = [message("info", "one"), markup];
  const [, kept] = flashesIn(stored);
  const after = storedFlashes(kept === undefined ? [] : [kept, ["n", "error", "No"]], stored);
  expect(after).toEqual([markup, message("error", "No")]);
  expect(Array.isArray(after) && after[0]).toBe(markup);
});

it("what is no message of Flask's is left, and nothing at all taken away", () => {
  expect(flashesIn(["odd", [1, 2], ["a", "b", "c"]])).toEqual([]);
  expect(storedFlashes([["n", "a", "b"]], ["odd"])).toEqual(["odd", message("a", "b")]);
  expect(storedFlashes([], [message("a", "b")])).toBe(undefined);
});
