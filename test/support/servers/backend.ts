import { readFile } from "node:fs/promises";
import type { TestServer } from "./test-server.ts";

/** A server with all its processes, for tests that take it away and bring it back. */
export interface Backend {
  readonly port: number;
  /** Nothing of it runs until `resume`: connections stay, and nothing is answered. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it at once, as a loss of power would. */
  kill(): Promise<void>;
  /** Starts it again on its data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A server as a backend; `kill` is given where one process is not all of it. */
export function backendOf(server: TestServer, kill?: () => Promise<void>): Backend {
  let paused: readonly number[] = [];
  const resume = (): void => {
    for (const pid of paused) signal(pid, "SIGCONT");
    paused = [];
  };
  return {
    port: server.port,
    async pause() {
      const { pid } = server;
      if (pid === undefined) return;
      // First the one that makes the others.
      signal(pid, "SIGSTOP");
      paused = [pid, ...(await childrenOf(pid))];
      for (const each of paused) signal(each, "SIGSTOP");
    },
    resume,
    async kill() {
      resume();
      await (kill === undefined ? server.kill() : kill());
    },
    start: () => server.start(),
    async stop() {
      resume();
      await server.stop();
    },
  };
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}
