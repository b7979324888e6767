import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { plainEnvironment, run } from "../../packaging/support/processes.ts";
import { ROOT } from "../../packaging/support/project.ts";
import { type Compatibility, workerdConfig } from "./workerd.ts";

/** A program that runs the site, and how it is told to. */
export interface Runtime {
  readonly name: string;
  /** Whether Hono is given the address at the other end of the socket. */
  readonly tellsAddress: boolean;
  /** The command, once the folder is there. */
  command(folder: string): Promise<readonly [program: string, ...args: string[]]>;
}

/** workerd's own wrapper would not pass on the channel that it tells its port on. */
const WORKERD: { readonly default: string } = createRequire(import.meta.url)("workerd");
/** Where npm puts programs. */
export const BIN: string = join(ROOT, "node_modules/.bin");
/** What Deno must allow, and no more. */
const DENO_NEEDS = ["--allow-net=127.0.0.1", "--allow-env=NODE_ENV"];

/** Bun, as installed. */
export const BUN: Runtime = {
  name: "Bun",
  tellsAddress: true,
  command: async () => [join(BIN, "bun"), "bun.js"],
};

/** Deno, as installed. */
export const DENO: Runtime = {
  name: "Deno",
  tellsAddress: true,
  command: async () => [join(BIN, "deno"), "run", "--no-prompt", ...DENO_NEEDS, "deno.js"],
};

/** The newest Node of a line, such as 22, from the registry. */
export function node(version: string): Runtime {
  return {
    name: `Node ${version}`,
    tellsAddress: true,
    command: async (folder) => {
      const tell = "node -p 'process.version + process.execPath'";
      const args = ["-y", "-p", `node@${version}`, "-c", tell];
      const { stdout, stderr } = await run("npx", args, { cwd: folder });
      const [, major, path = ""] = /^v(\d+)[\d.]+(.+)/.exec(stdout) ?? [];
      if (major !== version) throw new Error(`There is no Node ${version}:\n${stderr}`);
      return [path, "node.js"];
    },
  };
}

/** Cloudflare's runtime, as installed. */
export function cloudflare(compatibility: Compatibility): Runtime {
  return {
    name: `workerd, compatibility date ${compatibility.date}`,
    tellsAddress: false,
    command: async (folder) => {
      const config = workerdConfig(folder, "worker.js", compatibility);
      return [WORKERD.default, "serve", "--control-fd=3", config];
    },
  };
}

/** A site that is being served. */
export interface RunningSite {
  readonly origin: string;
  /** What the runtime wrote to standard error until now. */
  complaints(): string;
  stop(): Promise<void>;
}

/** Starts the site; fails where the runtime is missing or the site does not load. */
export async function startSite(runtime: Runtime, folder: string): Promise<RunningSite> {
  const [program, ...args] = await runtime.command(folder);
  const child = spawn(program, args, {
    cwd: folder,
    env: plainEnvironment(),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const ended = once(child, "close");
  const port = await Promise.race([portOf(child), ended.then(() => undefined)]);
  if (port === undefined) throw new Error(`${runtime.name} did not start:\n${complaints}`);
  return {
    origin: `http://localhost:${port}`,
    complaints: () => complaints,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The others print it; workerd tells it on a channel of its own. */
async function portOf(child: ChildProcess): Promise<string> {
  const channels = [child.stdout, child.stdio[3] as Readable];
  return Promise.race(
    channels.map(async (channel) => {
      if (channel === null) return new Promise<never>(() => undefined);
      for await (const line of createInterface({ input: channel })) {
        const [port] = /\d+(?=\}?$)/.exec(line) ?? [];
        if (port !== undefined) return port;
      }
      return new Promise<never>(() => undefined);
    }),
  );
}
