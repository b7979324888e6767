import ts from "typescript";
import { describe, expect, it } from "vitest";
import { find, readText, SUBPATHS } from "./support/project.ts";

/** What is written as code on the pages that come with the package. */
const CODE = find("README.md", "SECURITY.md", "docs/*.md", "src/**/README.md").flatMap((page) => [
  ...readText(page).matchAll(/^```ts\n.*?^```$|`[^`\n]+`/gms),
]);
const NAMED = new Set(CODE.flatMap(([code]) => code.match(/[\w$]+/g) ?? []));

const PROGRAM = ts.createProgram(
  SUBPATHS.map(({ types }) => types),
  { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, strict: true },
);
const CHECKER = PROGRAM.getTypeChecker();

function exportsOf(specifier: string): ts.Symbol[] {
  const { types = "" } = SUBPATHS.find((subpath) => subpath.specifier === specifier) ?? {};
  const file = PROGRAM.getSourceFile(types);
  const module = file && CHECKER.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${specifier} has no types.`);
  return CHECKER.getExportsOfModule(module).map((symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? CHECKER.getAliasedSymbol(symbol) : symbol,
  );
}

function typeOf(specifier: string, name: string): ts.Type {
  const symbol = exportsOf(specifier).find((exported) => exported.name === name);
  if (symbol === undefined) throw new Error(`${specifier} has no ${name}.`);
  return CHECKER.getDeclaredTypeOfSymbol(symbol);
}

function membersOf(specifier: string, name: string): string[] {
  const names = typeOf(specifier, name)
    .getProperties()
    .map((property) => property.name);
  return names.filter((member) => !member.startsWith("__@"));
}

/** The texts of a union of them. */
function textsOf(name: string): string[] {
  const type = typeOf("sojourn", name);
  return type.isUnion() ? type.types.map((each) => String(Object(each).value)) : [];
}

const unnamed = (names: readonly string[]): string[] => names.filter((name) => !NAMED.has(name));

describe("The pages name", () => {
  it.each(SUBPATHS.map(({ specifier }) => specifier))("every value of %s", (specifier) => {
    const values = exportsOf(specifier).filter(({ flags }) => flags & ts.SymbolFlags.Value);
    expect(values.length).toBeGreaterThan(0);
    expect(unnamed(values.map(({ name }) => name))).toEqual([]);
  });

  it.each(SUBPATHS.map(({ specifier }) => specifier))(
    "those of %s where one looks",
    (specifier) => {
      const rows = readText("docs/reference.md").split("\n");
      const [row = "", more] = rows.filter((line) =>
        new RegExp(`^\\| \\[?\`${specifier}\`[\\] ]`).test(line),
      );
      expect(more).toBeUndefined();
      const values = exportsOf(specifier).filter(({ flags }) => flags & ts.SymbolFlags.Value);
      const named = new Set(row.match(/[\w$]+/g));
      const missing = values.map(({ name }) => name).filter((name) => !named.has(name));
      expect(missing).toEqual([]);
    },
  );

  it.each([
    "CookieOptions",
    "CookieSessionOptions",
    "ErrorContext",
    "HandleOptions",
    "OpenOptions",
    "Session",
    "SessionEvents",
    "SessionInfo",
    "SessionOptions",
    "Sessions",
    "SessionStore",
    "SessionView",
    "SignInOptions",
    "SignOutOptions",
    "StoreProfile",
    "Timeouts",
    "ValueOptions",
  ])("every member of %s", (name) => {
    expect(membersOf("sojourn", name).length).toBeGreaterThan(0);
    expect(unnamed(membersOf("sojourn", name))).toEqual([]);
  });

  it.each(["IssueOptions", "TestClient", "TestClientOptions", "TestClock"])(
    "every member of %s of the test tools",
    (name) => expect(unnamed(membersOf("sojourn/testing", name))).toEqual([]),
  );

  it("every reason for which a cookie is not believed, and every error's code", () => {
    expect(textsOf("Rejection").length).toBeGreaterThan(8);
    expect(unnamed(textsOf("Rejection"))).toEqual([]);
    expect(textsOf("SessionErrorCode").length).toBeGreaterThan(8);
    expect(unnamed(textsOf("SessionErrorCode"))).toEqual([]);
  });
});
