import { describe, expect, it } from "vitest";
import { tagsOf } from "./tagged-tests.ts";

/** In pieces, so that this file has no tags of its own. */
const [FIRST, SECOND] = [
  ["[ASVS", "1.1.1]"],
  ["[NIST 5.1", "tls, WSTG-SESS-01]"],
].map((pieces) => pieces.join(" "));

describe("a tag", () => {
  it.each([
    [`describe("a ${FIRST}", () => {});`, ["ASVS 1.1.1"]],
    [`it("a ${SECOND}", () => {});`, ["NIST 5.1 tls", "WSTG-SESS-01"]],
    [`it.each([1])("a ${FIRST}", () => {});`, ["ASVS 1.1.1"]],
    [
      `it("a [an-advisory] ${FIRST} ${SECOND}", () => {});`,
      ["ASVS 1.1.1", "NIST 5.1 tls", "WSTG-SESS-01"],
    ],
    [`it.skipIf(no)("a ${FIRST}", () => {});`, ["ASVS 1.1.1"]],
    [`it(\`a ${FIRST}\`, () => {});`, ["ASVS 1.1.1"]],
  ])("counts at the end of the name of a test or a suite: %s", (source, requirements) => {
    const { tests, misplaced } = tagsOf("x.test.ts", source);
    expect([tests, misplaced]).toEqual([[{ file: "x.test.ts", name: "a", requirements }], []]);
  });

  it.each([
    `it.skip("a ${FIRST}", () => {});`,
    `describe.skip("b", () => { it("a ${FIRST}", () => {}); });`,
    `it.todo("a ${FIRST}");`,
    `it("${FIRST} a", () => {});`,
    `it("a ${FIRST} ${"$"}{n}", () => {});`,
    `const name = "a ${FIRST}";`,
    `expect(1, "a ${FIRST}").toBe(1);`,
  ])("is refused elsewhere: %s", (source) => {
    const { tests, misplaced } = tagsOf("x.test.ts", source);
    expect([tests.length, misplaced.length]).toEqual([0, 1]);
  });
});
