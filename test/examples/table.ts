import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const START = fileURLToPath(new URL("../../examples/round-table/start.ts", import.meta.url));

/** The round table in a process of its own, with all that it has started. */
export interface Table {
  readonly url: string;
  /** The process ids of what it has started. */
  readonly programs: readonly number[];
  /** Resolves to its exit code. */
  readonly ended: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

export async function startTable(): Promise<Table> {
  const child = spawn(process.execPath, [START], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  for await (const line of createInterface(child.stdout)) {
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stdout.resume();
    const signal = (name: NodeJS.Signals): void => void child.kill(name);
    return { url, programs: startedBy(child.pid ?? 0), ended, signal };
  }
  throw new Error(`The table was not set (exit code ${await ended}).`);
}

function startedBy(pid: number): number[] {
  const output = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return output.trim().split("\n").map(Number);
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
