import { spawn } from "node:child_process";
import { join } from "node:path";
import { runCommand } from "../../../src/cli/run-command.ts";
import { ROOT } from "../../packaging/support/project.ts";

/** What a run of the command came to. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a run of the command has around it. */
export interface Around {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

const PROGRAM = join(ROOT, "src/cli/sojourn.ts");

/** Runs `sojourn` as a function of this process, which is quicker, in no terminal. */
export async function sojournHere(args: readonly string[], around: Around = {}): Promise<Ran> {
  const { input = "", env = {}, folder = ROOT } = around;
  let [stdout, stderr] = ["", ""];
  const code = await runCommand(args, {
    env,
    folder,
    isTyped: false,
    now: Date.now,
    readInput: async (most) => (input.length > most ? undefined : Buffer.from(input)),
    paint: (_, text) => text,
    print: (text) => {
      stdout += text;
    },
    complain: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}

/** Runs `sojourn` as a process of its own, with nothing in its environment but what is given. */
export function sojourn(args: readonly string[], around: Around = {}): Promise<Ran> {
  const { input = "", env = {}, folder = ROOT } = around;
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", PROGRAM, ...args],
    {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...env },
    },
  );
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A command that has read enough closes its input.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({
        code,
        stdout: String(Buffer.concat(stdout)),
        stderr: String(Buffer.concat(stderr)),
      }),
    );
  });
}
