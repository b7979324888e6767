import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { ZodError } from "zod";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

describe.each([
  ["sojourn/koa-session", "createSession"],
  ["sojourn/cookie-session", "cookieSession"],
])("%s", (specifier, name) => {
  it("is the function itself for require(), and the default and a name for import", async () => {
    const required = require(specifier);
    const imported = await import(specifier);
    expect(required).toBeTypeOf("function");
    expect([imported.default, imported[name]]).toEqual([required, required]);
  });
});

describe("sojourn/koa-session", () => {
  it("has for require() what koa-session has there", () => {
    const session = require("sojourn/koa-session");
    expect([session.default, session.createSession]).toEqual([session, session]);
    const told = [session, require("koa-session")].map(({ SessionOptions }) =>
      JSON.parse(JSON.stringify(SessionOptions.parse({}))),
    );
    expect(told[0]).toEqual(told[1]);
  });

  it("throws the ZodError of the application", () => {
    const { SessionOptions } = require("sojourn/koa-session");
    expect(() => SessionOptions.parse({ key: 1 })).toThrow(ZodError);
  });

  it("throws one of the same form where the application has no zod", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sojourn-no-zod-"));
    const program = `
      const { SessionOptions } = require(${JSON.stringify(require.resolve("sojourn/koa-session"))});
      try { SessionOptions.parse({ key: 1 }); } catch ({ name, issues, errors }) {
        console.log(JSON.stringify({ name, issues, isSame: issues === errors }));
      }`;
    try {
      const file = join(folder, "program.cjs");
      writeFileSync(file, program);
      const { stdout } = await run(process.execPath, [file]);
      expect(JSON.parse(stdout)).toMatchObject({
        name: "ZodError",
        isSame: true,
        issues: [{ code: "invalid_type", expected: "string", received: "number", path: ["key"] }],
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
