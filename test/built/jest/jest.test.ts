import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { placeLibrary } from "../support/project.ts";

const run = promisify(execFile);
const FOLDER: string = import.meta.dirname;

beforeAll(async () => {
  await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: FOLDER });
  await placeLibrary(FOLDER);
});

describe("Jest, without any settings", () => {
  it("requires the drop-ins", async () => {
    const { stderr } = await run("npx", ["jest", "--rootDir", FOLDER, "tests"], { cwd: FOLDER });
    expect(stderr).toContain("5 passed");
  });
});
