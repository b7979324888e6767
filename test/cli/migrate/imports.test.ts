import { execFileSync, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../../packaging/support/project.ts";
import { sojournHere } from "../support/command.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-imports-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}
const read = (path: string): Promise<string> => readFile(join(folder, path), "utf8");
const migrate = (...args: string[]): ReturnType<typeof sojournHere> =>
  sojournHere(["migrate", ...args], { folder });
const git = (...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
    cwd: folder,
    encoding: "utf8",
  });

const SWAPS: readonly (readonly [path: string, before: string, after: string])[] = [
  ["a.js", 'require("express-session")', 'require("sojourn/express-session")'],
  ["a.cjs", "require('express-session')({})", "require('sojourn/express-session')({})"],
  [
    "a.js",
    "const R = require('connect-redis')(require('express-session'));",
    "const R = require('connect-redis')(require('sojourn/express-session'));",
  ],
  [
    "a.mjs",
    "import session from 'express-session';",
    "import session from 'sojourn/express-session';",
  ],
  [
    "a.mjs",
    'import * as session from "express-session";',
    'import * as session from "sojourn/express-session";',
  ],
  [
    "a.mjs",
    'const s = await import("express-session");',
    'const s = await import("sojourn/express-session");',
  ],
  [
    "a.ts",
    'import type { SessionData } from "express-session";',
    'import type { SessionData } from "sojourn/express-session";',
  ],
  [
    "a.ts",
    'import session = require("express-session");',
    'import session = require("sojourn/express-session");',
  ],
  [
    "a.d.ts",
    'declare module "express-session" { interface SessionData { a: 1 } }',
    'declare module "sojourn/express-session" { interface SessionData { a: 1 } }',
  ],
  [
    "a.ts",
    'type D = import("express-session").SessionData;',
    'type D = import("sojourn/express-session").SessionData;',
  ],
  [
    "a.ts",
    '/// <reference types="express-session" />\n',
    '/// <reference types="sojourn/express-session" />\n',
  ],
  [
    "a.tsx",
    'import session from "express-session"; const a = <p>express-session</p>;',
    'import session from "sojourn/express-session"; const a = <p>express-session</p>;',
  ],
  [
    "a.test.js",
    'jest.mock("express-session", () => 1);',
    'jest.mock("sojourn/express-session", () => 1);',
  ],
  [
    "a.js",
    'require("express-session/session/cookie")',
    'require("sojourn/express-session/session/cookie")',
  ],
  [
    "a.js",
    'require("express-session/session/memory")',
    'require("sojourn/express-session").MemoryStore',
  ],
  [
    "a.mjs",
    'import Base from "express-session/session/store";',
    'import { Store as Base } from "sojourn/express-session";',
  ],
  [
    "a.mjs",
    'export { Cookie } from "express-session";',
    'export { Cookie } from "sojourn/express-session";',
  ],
];

describe("sojourn migrate express-session", () => {
  it.each(SWAPS)("turns, in %s, %s", async (path, before, after) => {
    await write(path, before);
    expect((await migrate("express-session", "--write")).code).toBe(0);
    expect(await read(path)).toBe(after);
    expect((await migrate("express-session", "--write")).stdout).toBe("Nothing to turn.\n");
  });

  it("writes nothing unless told to, and shows what it would", async () => {
    await write("a.js", "// one\nconst session = require('express-session');\n");
    const { code, stdout } = await migrate("express-session");
    expect(code).toBe(0);
    expect(stdout).toContain(
      "--- a/a.js\n+++ b/a.js\n@@ -1,2 +1,2 @@\n // one\n-const session = require('express-session');\n+const session = require('sojourn/express-session');",
    );
    expect(stdout).toContain("Nothing is written: say --write.");
    expect(await read("a.js")).toContain("'express-session'");
    expect((await migrate("express-session", "--list")).stdout).toContain("would write  a.js");
  });

  it("shows differences that git can apply", async () => {
    const lines = Array.from({ length: 30 }, (_, at) => `const a${at} = ${at};`);
    await write(
      "a.js",
      [...lines, "require('express-session');", ...lines, "import('express-session');", ""].join(
        "\n",
      ),
    );
    await write("package.json", '{\n  "dependencies": { "express-session": "1" }\n}\n');
    const { stdout } = await migrate("express-session");
    await write("change.diff", `${stdout.split("\n\n")[0]}\n`);
    git("apply", "change.diff");
    const applied = [await read("a.js"), await read("package.json")];
    expect((await migrate("express-session")).stdout).toBe("Nothing to turn.\n");
    expect(applied.join()).toContain('"sojourn": "^');
  });

  it("refuses over what is not committed", async () => {
    await write("a.js", "require('express-session');");
    git("init", "-q");
    const refused = await migrate("express-session", "--write");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("say --force");
    expect(await read("a.js")).toBe("require('express-session');");
    git("add", ".");
    git("commit", "-qm", "a");
    expect((await migrate("express-session", "--write")).code).toBe(0);
    await write("b.js", "require('express-session');");
    expect((await migrate("express-session", "--write", "--force")).code).toBe(0);
    expect(await read("b.js")).toBe("require('sojourn/express-session');");
  });

  it("leaves what git ignores, and what is built", async () => {
    await write("node_modules/x/a.js", "require('express-session');");
    await write("dist/a.js", "require('express-session');");
    expect((await migrate("express-session")).stdout).toBe("Nothing to turn.\n");
    await write("ours.js", "require('express-session');");
    await write(".gitignore", "ours.js\n");
    git("init", "-q");
    expect((await migrate("express-session")).stdout).toBe("Nothing to turn.\n");
  });

  it("lists a name whose use it does not know, and a file that it cannot read", async () => {
    await write("a.js", "module.exports = { externals: ['express-session'] };");
    await write("b.js", "const = require('express-session';");
    const { code, stdout } = await migrate("express-session", "--write");
    expect(code).toBe(1);
    expect(stdout).toContain("a.js:1  a text whose use is not known");
    expect(stdout).toContain("b.js:1  the file cannot be read");
    expect(await read("a.js")).toContain("['express-session']");
  });

  it.each([
    [[], "it knows express-session"],
    [["koa-session"], "it knows express-session"],
    [["express-session", "--step", "3"], "--step is 1, the imports, or 2"],
  ])("says of %j what it knows", async (args, sentence) => {
    const { code, stderr } = await migrate(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});

describe("without its parser", () => {
  it("says how to have it", async () => {
    await cp(join(ROOT, "dist"), join(folder, "dist"), { recursive: true });
    await write("package.json", '{ "name": "sojourn", "type": "module" }');
    const program = join(folder, "dist/cli/sojourn.js");
    const { status, stderr } = spawnSync(
      process.execPath,
      [program, "migrate", "express-session"],
      {
        cwd: folder,
        encoding: "utf8",
      },
    );
    expect(status).toBe(2);
    expect(stderr).toContain("npx -p sojourn -p @ast-grep/napi sojourn migrate express-session");
  });
});

describe("package.json", () => {
  const manifest = (dependencies: object, devDependencies: object = {}): Promise<void> =>
    write(
      "package.json",
      `${JSON.stringify({ name: "a", dependencies, devDependencies }, null, 4)}\n`,
    );
  const names = async (): Promise<string[]> => {
    const { dependencies, devDependencies } = JSON.parse(await read("package.json"));
    return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
  };

  it("has sojourn instead, in its own indentation", async () => {
    await manifest(
      { express: "5", "express-session": "1", zod: "4" },
      { "@types/express-session": "1" },
    );
    await write("a.js", "require('express-session');");
    await migrate("express-session", "--write");
    expect(await names()).toEqual(["express", "sojourn", "zod"]);
    expect(await read("package.json")).toMatch(/^\{\n {4}"name"/);
  });

  it("keeps express-session where a package asks for it, or may", async () => {
    await manifest({ "express-session": "1", "connect-x": "1", "other-y": "1" });
    await write("a.js", "require('express-session');");
    const { stdout } = await migrate("express-session", "--write");
    expect(stdout).toContain("package.json keeps express-session: connect-x may ask for it");
    expect(await names()).toContain("express-session");
    await manifest({ "express-session": "1", "connect-x": "1", "other-y": "1" });
    await write("node_modules/connect-x/package.json", "{}");
    await write(
      "node_modules/other-y/package.json",
      '{"peerDependencies":{"express-session":"1"}}',
    );
    await write("a.js", "require('express-session');");
    const again = await migrate("express-session", "--write");
    expect(again.stdout).toContain("package.json keeps express-session: other-y asks for it.");
    expect(again.stdout).not.toContain("connect-x");
  });

  it.each([
    [{ typescript: "~4.1.3" }, "package.json has typescript ~4.1.3, which knows no sojourn/"],
    [{ jest: "^27.0.6" }, "package.json has jest ^27.0.6, which knows no sojourn/express-session"],
  ])("tells of tools that are too old: %j", async (tools, sentence) => {
    await manifest({ "express-session": "1" }, tools);
    await write("a.js", "require('express-session');");
    expect((await migrate("express-session", "--write")).stdout).toContain(sentence);
  });

  it("tells nothing of tools that are not", async () => {
    const tools = { typescript: "^4.7", jest: "^28.0.0", "ts-jest": "*" };
    await manifest({ "express-session": "1" }, tools);
    await write("a.js", "require('express-session');");
    expect((await migrate("express-session", "--write")).stdout).not.toContain("knows no");
  });

  it("keeps express-session while a place is left", async () => {
    await manifest({ "express-session": "1" });
    await write("a.js", "require('express-session'); use('express-session');");
    await migrate("express-session", "--write");
    expect(await names()).toEqual(["express-session", "sojourn"]);
  });
});
