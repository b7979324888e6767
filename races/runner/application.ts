import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startProxy, type TestProxy } from "../../test/support/servers/proxy.ts";
import { freePort } from "../../test/support/servers/test-server.ts";
import type { Contestant } from "./contestant.ts";
import { Visitor } from "./visitor.ts";

const CONTESTANTS = fileURLToPath(new URL("../contestants/", import.meta.url));
const READY_MS = 60_000;
const LOOK_MS = 50;

/** What a contestant is given to keep its sessions in: where it lies, and a URL for a port. */
export interface Store {
  readonly port: number;
  readonly variable: "RACES_REDIS" | "RACES_POSTGRES";
  url(port: number): string;
}

/** What the races are run on: two processes that share a store, or one that has all in its memory. */
export interface Site {
  readonly origins: readonly string[];
  /** Between each process and its store. None where there is nothing between them. */
  readonly proxies: readonly TestProxy[];
  visitor(): Visitor;
}

/** A contestant that was started here. */
export interface Application extends Site {
  readonly storePort: number;
  /** Whether all its processes still run. */
  isRunning(): boolean;
  stop(): Promise<void>;
}

interface Process {
  readonly child: ChildProcess;
  readonly origin: string;
  readonly proxy: TestProxy | undefined;
  readonly output: () => string;
}

export async function startApplication(
  contestant: Contestant,
  store: Store | undefined,
): Promise<Application> {
  const folder = await mkdtemp(join(tmpdir(), "races-"));
  const count = contestant.place === "memory" ? 1 : 2;
  const processes: Process[] = [];
  const stop = async (): Promise<void> => {
    for (const { child, proxy } of processes) {
      await end(child);
      await proxy?.close();
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    // One after the other: the first makes what both need, such as a table.
    for (let index = 0; index < count; index += 1) {
      processes.push(await startProcess(contestant, store, folder));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const origins = processes.map(({ origin }) => origin);
  return {
    origins,
    proxies: processes.flatMap(({ proxy }) => proxy ?? []),
    storePort: store?.port ?? 0,
    isRunning: () => processes.every(({ child }) => isAlive(child)),
    visitor: () => new Visitor(origins),
    stop,
  };
}

async function startProcess(
  { name, command: [program, ...args] }: Contestant,
  store: Store | undefined,
  folder: string,
): Promise<Process> {
  const proxy = store && (await startProxy({ port: store.port, seed: 1 }));
  const port = await freePort();
  const child = spawn(program, args, {
    cwd: CONTESTANTS,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      NODE_ENV: "development",
      PORT: String(port),
      RACES_FOLDER: folder,
      ...(store && proxy && { [store.variable]: store.url(proxy.port) }),
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-4_000);
    });
  }
  const origin = `http://127.0.0.1:${port}`;
  const started = { child, origin, proxy, output: () => output };
  try {
    await answers(name, started);
  } catch (error) {
    await end(child);
    await proxy?.close();
    throw error;
  }
  return started;
}

async function answers(name: string, { child, origin, output }: Process): Promise<void> {
  const until = performance.now() + READY_MS;
  for (;;) {
    const { status } = await new Visitor([origin]).get("/about");
    if (status === 200) return;
    if (!isAlive(child) || performance.now() > until) {
      throw new Error(`${name} does not start:\n${output()}`);
    }
    await pause(LOOK_MS);
  }
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function end(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
