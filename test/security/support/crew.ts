import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type SubjectName, subjects } from "../../history/subjects.ts";
import { times } from "../../laws/support/world.ts";
import type { Act, Told } from "./theft-worker.ts";

const WORKER = fileURLToPath(new URL("./theft-worker.ts", import.meta.url));

/** An application process that does what it is told, many things at once. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (told: Told) => void>();
  #count = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.setMaxListeners(0);
    child.on("message", (told: Told) => {
      this.#waiting.get(told.number)?.(told);
      this.#waiting.delete(told.number);
    });
  }

  do(act: Act): Promise<Told> {
    this.#count += 1;
    const number = this.#count;
    const told = new Promise<Told>((resolve, reject) => {
      this.#waiting.set(number, resolve);
      this.#child.once("exit", (code) => reject(new Error(`the process has ended: ${code}`)));
    });
    this.#child.send({ number, act });
    return told;
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}

/** Two processes over one store, with a server of their own where it needs one. */
export async function withCrew(
  subject: SubjectName,
  work: (one: Worker, other: Worker) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sojourn-theft-"));
  const server = await ("server" in subjects[subject] ? subjects[subject].server?.() : undefined);
  const place = JSON.stringify({ folder, port: server?.port ?? 0 });
  const startsAt = String(Date.now());
  const workers = await times(2, async () => {
    const child = fork(WORKER, [subject, place, startsAt], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    await once(child, "message");
    return new Worker(child);
  });
  const [one, other] = workers as [Worker, Worker];
  try {
    await work(one, other);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
