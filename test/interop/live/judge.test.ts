import { expect, it } from "vitest";
import { judge } from "./judge.ts";
import type { Done } from "./operations.ts";

const set = (side: Done["side"], key: string, from: number, to: number): Done => ({
  side,
  change: { kind: "set", key, value: 1 },
  from,
  to,
});

it("finds nothing where all is there", () => {
  const done = [set("python", "a", 0, 2), set("sojourn", "b", 1, 3)];
  expect(judge(done, { a: 1, b: 1 })).toEqual({ ours: [], pythons: [] });
});

it("lays to Python what is gone that it wrote over, and the rest to us", () => {
  const done = [set("sojourn", "a", 0, 2), set("python", "b", 1, 3), set("sojourn", "c", 4, 5)];
  const { ours, pythons } = judge(done, { b: 1 });
  expect([ours.length, pythons.length]).toEqual([1, 1]);
  expect(ours[0]).toContain('"c"');
});

it("lays to us a change of Python's that only ours were at once with", () => {
  const done = [set("python", "a", 0, 2), set("sojourn", "b", 1, 3)];
  expect(judge(done, { b: 1 }).ours).toHaveLength(1);
});

it("asks of a deletion that the key stays away", () => {
  const gone: Done = { side: "sojourn", change: { kind: "delete", key: "a" }, from: 3, to: 4 };
  const done = [set("sojourn", "a", 0, 1), gone];
  expect(judge(done, {})).toEqual({ ours: [], pythons: [] });
  expect(judge(done, { a: 1 }).ours).toHaveLength(1);
});
