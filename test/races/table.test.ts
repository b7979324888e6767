import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CONTESTANTS } from "../../races/contestants.ts";
import { racePage } from "../../races/runner/page.ts";
import { readResults } from "../../races/runner/results.ts";

const page = readFileSync(new URL("../../docs/race-table.md", import.meta.url), "utf8");
const results = readResults(CONTESTANTS);

describe("docs/race-table.md", () => {
  it("is what the results say", () => {
    expect(page).toBe(racePage(results));
  });

  it("has a row for each contestant", () => {
    expect(results.map(titleOf)).toEqual(CONTESTANTS.map(titleOf));
  });

  it("names the version of each library, a runtime and a date", () => {
    for (const { versions, runtime, date } of results) {
      expect(Object.keys(versions)).not.toEqual([]);
      for (const version of Object.values(versions)) expect(version).toMatch(/^\d+\.\d+/);
      expect(runtime).toMatch(/^(Node|Python) \d+\./);
      expect(date).toMatch(/^20\d\d-\d\d-\d\d$/);
    }
  });

  it("has fifteen libraries from npm beside ours", () => {
    const onNode = results.filter(({ runtime }) => runtime.startsWith("Node"));
    expect(new Set(onNode.map(({ name }) => name)).size).toBeGreaterThan(15);
  });

  it("parses as tables, each row with the cells of its head", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("|"));
    const widths = rows.map((row) => row.split(" | ").length);
    expect(new Set(widths).size).toBeLessThanOrEqual(3);
    expect(rows.filter((row) => /undefined|NaN/.test(row))).toEqual([]);
  });
});

function titleOf({ name, setting }: { readonly name: string; readonly setting: string }): string {
  return `${name}, ${setting}`;
}
