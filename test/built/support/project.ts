import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** What is not the application's own, and is not copied with it. */
const MADE =
  /(?:^|\/)(?:node_modules|dist|build|\.next|\.nuxt|\.output|\.svelte-kit|\.astro|\.nitro|\.vinxi|\.tanstack|\.adonisjs)(?:\/|$)/;

/**
 * Installs what an example needs, where its lock file is new, and puts the library into it as npm would
 * from the registry: the packed files, and no link.
 *
 * @returns The example's folder.
 */
export async function installed(example: string): Promise<string> {
  const folder = join(ROOT, "examples", example);
  const lock = await readFile(join(folder, "package-lock.json"));
  const hash = createHash("sha256").update(lock).digest("hex");
  const marker = join(folder, "node_modules", ".installed-from");
  if ((await readFile(marker, "utf8").catch(() => "")) !== hash) {
    await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
    await writeFile(marker, hash);
  }
  await placeLibrary(folder);
  return folder;
}

/** Puts the library as it is now into a project's `node_modules`. */
export async function placeLibrary(folder: string): Promise<void> {
  const target = join(folder, "node_modules", "sojourn");
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  for (const name of ["package.json", "dist", "README.md"]) {
    await cp(join(ROOT, name), join(target, name), { recursive: true });
  }
}

/** A project on its own, outside the repository, with what an example has installed. */
export interface Project {
  readonly folder: string;
  /** Runs a command to its end. Rejects with what it printed where it fails. */
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>;
  /** Starts a server, and waits until it answers. */
  start(command: string, args: readonly string[], options?: StartOptions): Promise<Server>;
  remove(): Promise<void>;
}

/** How a server is started. */
export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The port, where the server does not take 0 or does not tell which one it has. */
  readonly port?: number | undefined;
}

/** A server of a project, in processes of its own. */
export interface Server {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** What it has printed so far, to both outputs. */
  output(): string;
  /** Ends it, and whatever it has started. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * A project with an example's dependencies: a copy of the example itself, or of nothing but its
 * `package.json`, with other files laid over it.
 */
export async function project(
  example: string,
  { overlay, isBare = false }: { readonly overlay?: string; readonly isBare?: boolean } = {},
): Promise<Project> {
  const source = await installed(example);
  const folder = await mkdtemp(join(tmpdir(), `sojourn-${basename(example)}-`));
  if (isBare) {
    await cp(join(source, "package.json"), join(folder, "package.json"));
  } else {
    const isOwn = (path: string): boolean => !MADE.test(path.slice(source.length));
    await cp(source, folder, { recursive: true, filter: isOwn });
  }
  // Hard links where the file systems allow it: some of these are 370 MB.
  await run("cp", ["-al", join(source, "node_modules"), folder]).catch(async () => {
    await rm(join(folder, "node_modules"), { recursive: true, force: true });
    await run("cp", ["-a", join(source, "node_modules"), folder]);
  });
  if (overlay !== undefined) await cp(overlay, folder, { recursive: true });
  return {
    folder,
    async run(command, args, env) {
      const options = { cwd: folder, env: environment(folder, env), maxBuffer: 64 << 20 };
      const { stdout, stderr } = await run(command, [...args], options);
      return stdout + stderr;
    },
    start: (command, args, options) => start(folder, command, args, options),
    // What a development server still writes as it ends would keep its folder.
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function environment(folder: string, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NODE_ENV: _, VITEST: __, ...plain } = process.env;
  const path = [join(folder, "node_modules/.bin"), join(ROOT, "node_modules/.bin"), plain["PATH"]];
  return {
    ...plain,
    NO_COLOR: "1",
    NEXT_TELEMETRY_DISABLED: "1",
    PATH: path.join(":"),
    HOST: "127.0.0.1",
    ...env,
  };
}

const ADDRESS = /https?:\/\/[^\s/]+:\d+/;
const PATIENCE_MS = 60_000;
const GRACE_MS = 5_000;

async function start(
  folder: string,
  command: string,
  args: readonly string[],
  { env, port }: StartOptions = {},
): Promise<Server> {
  const given = { PORT: String(port ?? 0), ...env };
  const options = { cwd: folder, env: environment(folder, given), detached: true } as const;
  const child = spawn(command, [...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const stop = (signal?: NodeJS.Signals): Promise<void> => stopped(child, signal);
  try {
    const url = await answering(child, () =>
      port === undefined ? ADDRESS.exec(output)?.[0] : `http://127.0.0.1:${port}`,
    );
    return { url, output: () => output, stop };
  } catch (error) {
    await stop("SIGKILL");
    throw new Error(`${command} ${args.join(" ")}: ${String(error)}\n${output}`);
  }
}

/** Dev servers print their address before they can answer. */
async function answering(child: ChildProcess, find: () => string | undefined): Promise<string> {
  const endsAt = performance.now() + PATIENCE_MS;
  while (performance.now() < endsAt) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const url = find()?.replace("0.0.0.0", "127.0.0.1").replace("[::]", "127.0.0.1");
    if (url !== undefined && (await isAnswering(url))) return url;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not answer in time");
}

/** A page that counts its visits fails over plain http in production, and elsewhere through a proxy. */
const WAYS: readonly Record<string, string>[] = [{ "x-forwarded-proto": "https" }, {}];

async function isAnswering(url: string): Promise<boolean> {
  for (const headers of WAYS) {
    const status = await statusOf(url, headers);
    if (status !== undefined && status < 500) return true;
  }
  return false;
}

async function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  try {
    const signal = AbortSignal.timeout(20_000);
    const response = await fetch(url, { redirect: "manual", signal, headers });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}

/** The whole group: `npx` and dev servers are parents of the one that listens. */
async function stopped(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const { pid } = child;
  const ended = once(child, "exit");
  process.kill(-pid, signal);
  // Some servers only stop listening, and a connection to Redis keeps them from ending.
  const impatience = setTimeout(() => process.kill(-pid, "SIGKILL"), GRACE_MS);
  await ended;
  clearTimeout(impatience);
}
