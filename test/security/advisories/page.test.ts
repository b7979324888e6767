import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../../", import.meta.url);
const OWN = "security/advisories/page";

/** A test as the page names it: its file, and its title without the numbers. */
interface Named {
  readonly ids: readonly string[];
  readonly name: string;
}

/** A line of the page's tables. */
interface Row {
  readonly ids: readonly string[];
  readonly defence: string;
  readonly test: string;
  readonly mutation: string;
}

/** What is a number by its form. A name such as "Auth0-2023" counts where the page has it. */
const NUMBER = /^(?:CVE-\d{4}-\d+|GHSA(?:-\w{4}){3}|WS-\d{4}-\d+)$/;
/** The first argument of a test that runs, as the sources have it. */
const TITLE =
  /(?<!\.(?:skip|todo)\(\s*)(?:"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`),\s*(?:\{|\(|async\b)/g;
const IN_FRONT = /^([\w#.-]+(?:, [\w#.-]+)*): /;
const IN_BRACKETS = / \[([^[\]]+)\]/g;
/** Titles name requirements of standards, too. */
const STANDARD = /^(?:ASVS|WSTG|NIST)\b/;

const ROWS = rowsIn(readFileSync(new URL("docs/security/advisories.md", ROOT), "utf8"));
const IDS: ReadonlySet<string> = new Set(ROWS.flatMap(({ ids }) => ids));
const TESTS = testsIn(new URL("test/", ROOT));

function rowsIn(page: string): Row[] {
  return page.split("\n").flatMap((line) => {
    const cells = line.split("|").map((cell) => cell.trim());
    const [, ids = "", , , defence = "", test = "", mutation = ""] = cells;
    const isRow = cells.length === 8 && ids !== "Number" && !ids.startsWith("---");
    return isRow ? [{ ids: ids.split(", "), defence, test, mutation }] : [];
  });
}

function testsIn(folder: URL): Named[] {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths.flatMap((path) => {
    const file = path.replace(/\.test\.ts$/, "");
    if (file === path || file === OWN) return [];
    const text = readFileSync(new URL(path, folder), "utf8");
    const titles = [...text.matchAll(TITLE)].map(
      ([, quoted, template]) => quoted ?? template ?? "",
    );
    return titles.map((title) => namedBy(file, title)).filter(({ ids }) => ids.length > 0);
  });
}

function namedBy(file: string, title: string): Named {
  const front = idsIn(IN_FRONT.exec(title)?.[1]);
  const brackets = [...title.matchAll(IN_BRACKETS)].map(([, inside]) => idsIn(inside));
  const ids = [...front, ...brackets.flat()];
  const bare = title
    .replace(IN_BRACKETS, (all, inside) =>
      STANDARD.test(inside) || idsIn(inside).length > 0 ? "" : all,
    )
    .replace(front.length > 0 ? IN_FRONT : "", "");
  return { ids, name: `\`${file}\` ${bare.replaceAll('\\"', '"')}` };
}

function idsIn(list: string | undefined): string[] {
  return list?.split(", ").filter((id) => NUMBER.test(id) || IDS.has(id)) ?? [];
}

/** All that belongs to a row, in the order of its files. */
function testsOf({ ids }: Row): string {
  const own = TESTS.filter((test) => test.ids.some((id) => ids.includes(id)));
  return [...new Set(own.map(({ name }) => name))].sort().join("; ");
}

describe("the page of advisories", () => {
  it("has rows, and each number once", () => {
    expect(ROWS.length).toBeGreaterThan(50);
    expect(ROWS.flatMap(({ ids }) => ids)).toHaveLength(IDS.size);
  });

  it("names of each row just the tests whose titles have its numbers", () => {
    const told = ROWS.map(({ ids, test }) => [ids.join(), test]);
    const found = ROWS.map((row) => [row.ids.join(), testsOf(row) || markOf(row)]);
    expect(told).toEqual(found);
  });

  it("knows every number that a title has, and has a test for every number of a tested row", () => {
    const titled = new Set(TESTS.flatMap(({ ids }) => ids));
    const expected = ROWS.filter((row) => markOf(row) === "").flatMap(({ ids }) => ids);
    expect([...titled].sort()).toEqual(expected.sort());
  });

  it("says what was seen to fail, or why there is nothing to be seen", () => {
    for (const row of ROWS) {
      if (markOf(row) === "") expect(row.mutation, row.ids.join()).not.toBe("");
      if (row.test === "none") expect(row.defence, row.ids.join()).toMatch(/^does not apply: ./);
    }
  });
});

/** Why a row has no test. */
function markOf({ test }: Row): string {
  return test === "open" || test === "none" ? test : "";
}
