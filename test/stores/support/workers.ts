import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const WORKER = fileURLToPath(new URL("./sqlite-worker.ts", import.meta.url));

/** Starts a worker process on a task. */
export function work(task: string, path: string, ...rest: readonly string[]): ChildProcess {
  return fork(WORKER, [task, path, ...rest], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
}

/** Resolves to a process's exit code. */
export async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, "exit");
  return code;
}
