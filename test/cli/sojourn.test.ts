import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { newSecret } from "../../src/cli/new-secret.ts";
import { KeyRing } from "../../src/sealing/key-ring.ts";
import { MANIFEST, ROOT } from "../packaging/support/project.ts";

const run = promisify(execFile);

function sojourn(...args: string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return run(process.execPath, [join(ROOT, MANIFEST.bin.sojourn), ...args]);
}

describe("sojourn secret", () => {
  it("prints a secret that a key ring takes, and another one each time", async () => {
    const secrets = await Promise.all([sojourn("secret"), sojourn("secret")]);
    const [one = "", other = ""] = secrets.map(({ stdout }) => stdout.trim());
    expect(one).toMatch(/^sjk1_[\w-]{49}$/);
    expect(one).not.toBe(other);
    expect(() => new KeyRing("keys", [one, other])).not.toThrow();
  });

  it("never prints one that would be refused", () => {
    for (let tries = 0; tries < 5_000; tries += 1) {
      const secret = newSecret();
      expect(() => new KeyRing("keys", secret)).not.toThrow();
    }
  });
});

describe("sojourn", () => {
  it.each([["--help"], ["-h"], ["help"]])("says what it can do: %s", async (flag) => {
    const { stdout, stderr } = await sojourn(flag);
    expect(stdout).toContain("sojourn <command>");
    expect(stderr).toBe("");
  });

  it.each([[[]], [["secrets"]], [["secret", "please"]], [["--secret"]]])(
    "prints its usage and exits with 2 for what it does not know: %j",
    async (args) => {
      const failure = await sojourn(...args).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 2, stdout: "" });
      expect(failure).toHaveProperty("stderr", expect.stringContaining("sojourn <command>"));
    },
  );
});
