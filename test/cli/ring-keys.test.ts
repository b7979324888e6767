import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../packaging/support/project.ts";
import { sojournHere } from "./support/command.ts";

let folder = "";
const config = (): string => join(folder, "session-keys.mjs");
const secret = randomBytes(32).toString("base64url");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-keys-"));
  const source = (path: string): string => JSON.stringify(join(ROOT, "src", path));
  await writeFile(
    config(),
    `import { keyRing } from ${source("sealing/turning/index.ts")};
     import { sqliteStore } from ${source("stores/sqlite/index.ts")};
     const store = sqliteStore(${JSON.stringify(join(folder, "keys.db"))});
     export default keyRing({ store, rotateEvery: "30d", wrapWith: ${JSON.stringify(secret)} });`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

const keys = (...args: string[]): ReturnType<typeof sojournHere> =>
  sojournHere(["keys", ...args, "--config", config()]);

interface Listed {
  readonly kid: string;
  readonly state: string;
}

async function listed(): Promise<readonly Listed[]> {
  return JSON.parse((await keys("list", "--json")).stdout);
}

describe("sojourn keys", () => {
  it("lists, turns and revokes, and prints no key", async () => {
    expect((await listed()).map(({ state }) => state)).toEqual(["sealing"]);
    const rotated = await keys("rotate");
    expect(rotated.code).toBe(0);
    const [fresh, old] = await listed();
    expect(rotated.stdout).toContain(`${fresh?.kid} seals from `);
    expect([fresh?.state, old?.state]).toEqual(["pending", "sealing"]);
    const revoked = await keys("revoke", String(old?.kid));
    expect(revoked.code).toBe(0);
    expect(revoked.stdout).toMatch(new RegExp(`${old?.kid} +revoked`));
    expect(rotated.stdout + revoked.stdout).not.toMatch(/[\w-]{30}/);
  });

  it("exits with 1 where the ring has no such key", async () => {
    const { code, stderr } = await keys("revoke", "AeJ1HJda");
    expect([code, stderr]).toEqual([
      1,
      "sojourn: the ring has no key AeJ1HJda that is not revoked.\n",
    ]);
  });

  it.each([
    [[], "with --config FILE"],
    [["list"], "with --config FILE"],
    [["revoke", "--config", "x.mjs"], "with --config FILE"],
    [["list", "--config", "missing.mjs"], "cannot be loaded (ERR_MODULE_NOT_FOUND)"],
    [
      ["list", "--config", join(ROOT, "src/core/version.ts")],
      'what keyRing of "sojourn/keys" gives',
    ],
  ])("says what is missing: %j", async (args, sentence) => {
    const { code, stderr } = await sojournHere(["keys", ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
