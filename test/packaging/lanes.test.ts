import { dirname } from "node:path";
import { expect, it } from "vitest";
import { run } from "./support/processes.ts";
import { find, ROOT } from "./support/project.ts";

it("npm test names what it leaves to the lane of what is built, and nothing else", async () => {
  const { stdout } = await run(process.execPath, ["scripts/left-to-built.mjs"], { cwd: ROOT });
  const [, named = ""] = /"npm run test:built": (.*)/.exec(stdout) ?? [];
  const tested = find("test/built/*/*.test.ts").map((file) => dirname(file).split("/").at(-1));
  expect(named.split(", ")).toEqual([...new Set(tested)].sort());
});
