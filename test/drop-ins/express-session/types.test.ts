import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { run } from "../../packaging/support/processes.ts";
import { folderInside, ROOT } from "../../packaging/support/project.ts";

const FOLDER = join(ROOT, "test/drop-ins/types");

/** What the compiler says of these files, as a program of their own. */
async function compiled(
  files: readonly string[],
  adapt: (code: string) => string = (code) => code,
): Promise<string> {
  const folder = folderInside("types");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of files) {
    writeFileSync(join(folder, file), adapt(readFileSync(join(FOLDER, file), "utf8")));
  }
  // As CommonJS is written in TypeScript: `import x = require("x")`.
  const compilerOptions = { erasableSyntaxOnly: false };
  const config = { extends: "../../tsconfig.json", compilerOptions, include: ["*"], exclude: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = await run(process.execPath, [compiler, "-p", folder, "--pretty", "false"]);
  return stdout;
}

const oneLineChanged = (code: string): string =>
  code.replaceAll('"express-session"', '"sojourn/express-session"');

it.each(["application.ts", "required.cts"])(
  "compiles what compiles with the types of express-session: %s",
  async (file) => {
    expect(await compiled([file])).toBe("");
    expect(await compiled([file], oneLineChanged)).toBe("");
  },
);

it("types what is new", async () => {
  expect(await compiled(["ours.ts"])).toBe("");
});

it("compiles beside the types of express-session", async () => {
  expect(await compiled(["beside.ts"])).toBe("");
});
