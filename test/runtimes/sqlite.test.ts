import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../packaging/support/processes.ts";
import { siteFolder } from "./support/folder.ts";
import { BIN } from "./support/runtime.ts";

const DONE = { visits: 22, listed: 1, expired: 0, revoked: 1, left: 0 };
/** Deno reads the path's parts, for SQLite's own files beside the database too. */
const DENO = ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env"];

let folder: string;

beforeAll(() => {
  folder = siteFolder();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("sqliteStore", () => {
  it.each([
    ["Bun, with its node:sqlite", "bun", ["sqlite.js", "bun.db"]],
    ["Bun, with a Database of bun:sqlite", "bun", ["sqlite.js", "passed.db", "bun:sqlite"]],
    ["Deno, with its node:sqlite", "deno", [...DENO, "sqlite.js", "deno.db"]],
  ])("keeps sessions on %s", async (_, program, args) => {
    const { code, stdout, stderr } = await run(join(BIN, program), args, { cwd: folder });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(DONE);
    expect(code).toBe(0);
  });
});
