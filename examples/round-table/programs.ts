import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const READY_INTERVAL_MS = 50;
const STOP_PATIENCE_MS = 3_000;
const OUTPUT_LENGTH = 4_000;

/** What starts one program. */
export interface Program {
  /** For messages. */
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
}

/** The programs that run beside this one: all of them, or none. */
export class Programs {
  readonly #children: ChildProcess[] = [];
  readonly #onDeath: (reason: string) => void;

  /** @param onDeath - Told once a program has ended that was not stopped. */
  constructor(onDeath: (reason: string) => void) {
    this.#onDeath = onDeath;
  }

  /** Resolves when the program listens. */
  async start({ name, command, env, port }: Program): Promise<void> {
    // Should this process be killed, the kernel ends what it has started.
    const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", ...command], {
      // In a group of its own: a terminal's Ctrl-C comes here alone, and `stop` does the rest.
      detached: true,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.push(child);
    const printed = lastWords(child);
    child.once("error", () => this.#onDeath(`${name} cannot be started: setpriv is missing.`));
    child.once("exit", () => this.#onDeath(`${name} has ended.\n${printed()}`));
    while (child.exitCode === null && !(await accepts(port))) await pause(READY_INTERVAL_MS);
  }

  /** Resolves when none of them runs any more. */
  async stop(): Promise<void> {
    await Promise.all(this.#children.map(end));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE_MS);
  await ended;
  clearTimeout(impatience);
}

/** Reads along, as a program stands still whose pipe is full. */
function lastWords({ stdout, stderr }: ChildProcess): () => string {
  let words = "";
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-OUTPUT_LENGTH);
    });
  }
  return () => words;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A port that nobody listens on, below those that outgoing connections are given meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const server = createServer().listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch {
      continue;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}
