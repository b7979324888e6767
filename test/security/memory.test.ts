import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";

const SERVER = join(import.meta.dirname, "support/memory-server.ts");
const KEY = "kSJ3v0gq0mZ5x1Wb2cYt7uNn4pLr8sDf9aHj6eGiTQ0";
/** Larger ones are room that was reserved and never used. */
const MAX_REGION_BYTES = 256 * 1024 * 1024;

/** How many of the tokens of sessions that have ended are in a server's memory. */
async function leftIn(flags: readonly string[]): Promise<{ tokens: number; left: number }> {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-memory-"));
  const place = join(folder, "tokens.json");
  const server = spawn(process.execPath, [...flags, "--expose-gc", SERVER], {
    env: { ...process.env, NODE_ENV: "development", SESSION_KEY: KEY, TOKENS: place },
    stdio: ["pipe", "pipe", "ignore"],
  });
  try {
    for await (const line of createInterface({ input: server.stdout })) if (line === "ready") break;
    const tokens: string[] = JSON.parse(readFileSync(place, "utf8"));
    const found = new Set<string>();
    for (const memory of regionsOf(server.pid ?? 0)) {
      for (const token of tokens) if (memory.includes(token)) found.add(token);
    }
    return { tokens: tokens.length, left: found.size };
  } finally {
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
}

/** What a core dump would hold: every page that the process can write to. */
function* regionsOf(pid: number): Generator<Buffer> {
  const memory = openSync(`/proc/${pid}/mem`, "r");
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, "utf8").split("\n")) {
      const [, from = "", to = ""] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      const start = Number.parseInt(from, 16);
      const size = Number.parseInt(to, 16) - start;
      if (!(size > 0 && size <= MAX_REGION_BYTES)) continue;
      const region = Buffer.alloc(size);
      try {
        readSync(memory, region, 0, size, start);
      } catch {
        continue;
      }
      yield region;
    }
  } finally {
    closeSync(memory);
  }
}

describe.runIf(process.platform === "linux")("the memory of a server", () => {
  it("holds no token of a session that has ended, where Node clears what it frees", async () => {
    expect(await leftIn(["--clear-free-memory"])).toEqual({ tokens: 20, left: 0 });
  });

  it("holds what was freed and not cleared without that: the search finds it", async () => {
    expect(await leftIn([])).toEqual({ tokens: 20, left: 20 });
  });
});
