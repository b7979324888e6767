import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, readText } from "../packaging/support/project.ts";
import { testNamesIn } from "./tagged-tests.ts";

const [, ...THREATS] = readText("docs/security/threats.md").split(/^## /m);

const SECTIONS = THREATS.map((text) => ({
  threat: text.slice(0, text.indexOf("\n")),
  text,
  proofs: [...text.matchAll(/^- `([^`]+)`: (.*)$/gm)].map(([, file = "", name = ""]) => ({
    file,
    name,
  })),
}));

const namesByFile = new Map<string, readonly string[]>();

function namesIn(file: string): readonly string[] {
  const names = namesByFile.get(file) ?? testNamesIn(file);
  namesByFile.set(file, names);
  return names;
}

/** Whether a file has a test of that name, with or without those of the suites around it. */
function isThere({ file, name }: { readonly file: string; readonly name: string }): boolean {
  if (!existsSync(join(ROOT, file))) return false;
  return namesIn(file).some((full) => full === name || full.endsWith(`: ${name}`));
}

describe("the threat model", () => {
  it("has threats", () => {
    expect(SECTIONS.length).toBeGreaterThan(20);
  });

  it.each(SECTIONS)("names what stands in the way, what is left, and tests: $threat", (section) => {
    expect(section.text).toMatch(/\n\*\*Defence\.\*\* .*\n\*\*What is left\.\*\* /s);
    expect(section.proofs.length).toBeGreaterThan(0);
    expect(section.proofs.filter((proof) => !isThere(proof))).toEqual([]);
  });
});
