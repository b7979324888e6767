import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Change,
  CONSEQUENCES,
  type Condition,
  cookieFor,
  outcomeOf,
} from "../../src/core/request/outcome.ts";

const CONDITIONS: readonly Condition[] = ["new", "live", "locked", "detached", "destroyed"];
const CHANGES: readonly Change[] = ["none", "seen", "notes", "data"];

describe("what a request comes to", () => {
  it("is what the table of the architecture says", () => {
    const page = readFileSync(new URL("../../ARCHITECTURE.md", import.meta.url), "utf8");
    const rows = [...page.matchAll(/^\| `(\w+)` \|.*\| (\w+) \| (\w+) \|$/gm)];
    const told = rows.map(([, outcome = "", store, browser]) => [outcome, { store, browser }]);
    expect(Object.fromEntries(told)).toEqual(CONSEQUENCES);
  });

  it("has a word for each way to stand and to change, and no word without one", () => {
    const words = CONDITIONS.flatMap((condition) =>
      CHANGES.flatMap((change) =>
        [true, false].map((isReachable) => outcomeOf(condition, change, isReachable)),
      ),
    );
    expect([...new Set(words)].sort()).toEqual(Object.keys(CONSEQUENCES).sort());
  });

  it("never changes what the browser of an overtaken, or a locked, request holds", () => {
    for (const change of CHANGES) {
      for (const condition of ["detached", "locked"] as const) {
        const { browser } = CONSEQUENCES[outcomeOf(condition, change, true)];
        for (const isHeld of [true, false]) {
          expect(cookieFor({ browser }, { isHeld, isCurrent: false })).toBe("keep");
        }
      }
    }
  });

  it("asks the store for nothing that a cookie cannot lead to", () => {
    expect(CONSEQUENCES[outcomeOf("new", "data", false)].store).toBe("nothing");
  });

  it.each([
    ["session", true, true, "keep"],
    ["session", true, false, "send"],
    ["session", false, false, "send"],
    ["none", true, false, "expire"],
    ["none", false, false, "keep"],
  ] as const)("%s, held: %s, current: %s, is %s", (browser, isHeld, isCurrent, cookie) => {
    expect(cookieFor({ browser }, { isHeld, isCurrent })).toBe(cookie);
  });
});
