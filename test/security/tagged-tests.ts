import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const ROOT = new URL("../../", import.meta.url).pathname;

/** `[ASVS 7.2.4, CVE-2022-25896] [NIST 5.1 tls]`: what a test's name, or its suite's, ends with. */
const TAGS = /(?: \[[^[\]\n]+\])+$/;

/** What names a requirement of a standard, and not an advisory. */
const REQUIREMENT = /\b(?:ASVS|WSTG-SESS|NIST)\b/;

/** What looks like a tag with a requirement in it. */
const LIKE_TAG = /\[[^\]\n]*\b(?:ASVS |WSTG-SESS|NIST )[^\]\n]*\]/;

/** A test, or a suite of them, whose name says which requirements it proves. */
export interface TaggedTest {
  readonly file: string;
  readonly name: string;
  readonly requirements: readonly string[];
}

/** What the tests of the repository say of requirements. */
export interface Tags {
  readonly tests: readonly TaggedTest[];
  /** Texts that look like tags, where no test that runs has them at the end of its name. */
  readonly misplaced: readonly string[];
}

/**
 * Reads the names from the sources: to list them, vitest would run every file, and many start
 * servers.
 */
export function findTaggedTests(): Tags {
  const files = globSync("test/**/*.test.ts", { cwd: ROOT }).sort();
  const found = files.map((file) => tagsOf(file, readFileSync(join(ROOT, file), "utf8")));
  return {
    tests: found.flatMap(({ tests }) => tests),
    misplaced: found.flatMap(({ misplaced }) => misplaced),
  };
}

export function tagsOf(file: string, source: string): Tags {
  const tests: TaggedTest[] = [];
  const misplaced: string[] = [];
  if (!LIKE_TAG.test(source)) return { tests, misplaced };
  for (const node of textsOf(file, source).filter(({ text }) => LIKE_TAG.test(text))) {
    const isAtEnd = !LIKE_TAG.test(node.text.replace(TAGS, ""));
    if (!isAtEnd || !isName(node)) misplaced.push(`${file}: ${node.text}`);
    else tests.push({ file, name: fullName(node), requirements: requirementsIn(node.text) });
  }
  return { tests, misplaced };
}

function requirementsIn(name: string): string[] {
  const [tags = ""] = TAGS.exec(name) ?? [];
  const ids = tags.split(/[[\],]/).map((id) => id.trim());
  return ids.filter((id) => REQUIREMENT.test(id));
}

/** The names of a file's tests and suites, with those of the suites around them. */
export function testNamesIn(file: string): string[] {
  return textsOf(file, readFileSync(join(ROOT, file), "utf8"))
    .filter(isName)
    .map(fullName);
}

function textsOf(file: string, source: string): ts.LiteralLikeNode[] {
  const texts: ts.LiteralLikeNode[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) texts.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  return texts;
}

/** Whether a text is the first argument of `it`, `it.each(…)` and their kin, and not skipped. */
function isName(node: ts.Node): boolean {
  const call = node.parent;
  if (!ts.isCallExpression(call) || call.arguments[0] !== node) return false;
  return /^(?:it|test|describe)\b/.test(call.expression.getText()) && !isSkipped(call);
}

function isSkipped(node: ts.Node | undefined): boolean {
  if (node === undefined) return false;
  const isHere =
    ts.isCallExpression(node) && /^\w+\s*\.(?:skip|todo)\b/.test(node.expression.getText());
  return isHere || isSkipped(node.parent);
}

function fullName(node: ts.LiteralLikeNode): string {
  return [...suitesOf(node.parent), node.text].map(readable).join(": ");
}

/** The names of the suites around a test, the outermost first. */
function suitesOf(test: ts.Node): string[] {
  if (test.parent === undefined) return [];
  const [name] = ts.isCallExpression(test.parent) ? test.parent.arguments : [];
  const isSuite = name !== undefined && ts.isStringLiteralLike(name) && isName(name);
  return [...suitesOf(test.parent), ...(isSuite ? [name.text] : [])];
}

/** Without tags, those of advisories too, and with an ellipsis for what differs from case to case. */
function readable(name: string): string {
  return name
    .replaceAll(/ \[[^\]]*\]/g, "")
    .trim()
    .replaceAll(/%[a-zA-Z]|\$\w+/g, "…");
}
