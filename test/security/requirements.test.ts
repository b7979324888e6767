import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Requirement } from "./requirements/requirement.ts";
import { STANDARDS } from "./requirements/standards.ts";
import { requirementsPage } from "./requirements-page.ts";
import { findTaggedTests } from "./tagged-tests.ts";

const PAGE = new URL("../../docs/security/asvs.md", import.meta.url);

const { tests, misplaced } = findTaggedTests();
const requirements = STANDARDS.flatMap((standard) => standard.requirements);
const proved = new Set(tests.flatMap((test) => test.requirements));

const claimsToBeHeld = ({ whose, open }: Requirement) =>
  whose !== "application" && open === undefined;

describe("the requirements of the standards", () => {
  it("are each listed once", () => {
    const ids = requirements.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it("are shown by a test where they are said to be held", () => {
    const held = requirements.filter(claimsToBeHeld).map(({ id }) => id);
    expect(held.filter((id) => !proved.has(id))).toEqual([]);
  });

  it("say what the application is to do, where only it can meet them", () => {
    const silent = requirements.filter(
      ({ whose, yours }) => whose !== "library" && yours === undefined,
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
  });

  it("are known wherever a test names one", () => {
    const known = new Set(requirements.map(({ id }) => id));
    expect([...proved].filter((id) => !known.has(id))).toEqual([]);
    expect(misplaced).toEqual([]);
  });

  it("are on their page as they are: npm run security writes it", () => {
    expect(readFileSync(PAGE, "utf8")).toBe(requirementsPage(STANDARDS, tests));
  });
});
