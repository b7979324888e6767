import { rmSync } from "node:fs";
import { relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { siteFolder } from "./support/folder.ts";
import { fileOf, modulesOf } from "./support/modules.ts";

let folder: string;

beforeAll(() => {
  folder = siteFolder();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("what is taken from the runtime", () => {
  it.each([
    // BlockList and isIP, for trusted proxies; setImmediate, for clean-up in memory.
    ["sojourn", ["node:async_hooks", "node:crypto", "node:net", "node:timers/promises"]],
    ["sojourn/hono", ["node:crypto"]],
    ["sojourn/cookie", ["node:crypto", "node:net"]],
  ])("%s takes only what every runtime has", (specifier, expected) => {
    const { builtins, packages } = modulesOf(folder, relative(folder, fileOf(folder, specifier)));
    expect([...builtins].sort()).toEqual(expected);
    expect([...packages]).toEqual([]);
  });
});
