import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";

/** How a program ended, and what it said. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** The environment without what the tests themselves run under. */
export function plainEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NODE_ENV, NODE_OPTIONS, VITEST, NODE_V8_COVERAGE, ...rest } = process.env;
  return { ...rest, ...extra };
}

/** Runs a program to its end. */
export async function run(
  command: string,
  args: string[],
  options: SpawnOptions = {},
): Promise<Run> {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    env: plainEnvironment(),
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  collect(child, output);
  const [code] = await once(child, "close");
  return { code, ...output, ms: performance.now() - startedAt };
}

/** A server that was started, and printed its port as the first line. */
export interface Server {
  readonly origin: string;
  /** What it wrote to standard error until now. */
  complaints(): string;
  stop(): Promise<void>;
}

/** Starts a program that prints its port, and resolves once it has. */
export async function startServer(args: string[], options: SpawnOptions = {}): Promise<Server> {
  const child = spawn(process.execPath, args, {
    env: plainEnvironment(),
    ...options,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  collect(child, output);
  const ended = once(child, "close");
  const port = await Promise.race([firstLine(child), ended.then(() => undefined)]);
  if (port === undefined) throw new Error(`The server did not start:\n${output.stderr}`);
  return {
    origin: `http://localhost:${port}`,
    complaints: () => output.stderr,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}

function collect(child: ChildProcess, output: { stdout: string; stderr: string }): void {
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = "";
  while (!text.includes("\n")) {
    const [more] = child.stdout === null ? [""] : await once(child.stdout, "data");
    text += more;
  }
  return text.slice(0, text.indexOf("\n")).trim();
}
