import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answer, Ask } from "./operation.ts";
import type { Plan } from "./subjects.ts";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** The application processes of a run, which may be killed and started again. */
export class Crew {
  readonly #plan: Plan;
  readonly #workers: Worker[] = [];
  #requests = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  get size(): number {
    return this.#workers.length;
  }

  async start(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) this.#workers.push(new Worker(this.#plan));
    await this.complete();
  }

  /** Resolves when every process can be asked. */
  async complete(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.ready));
  }

  /** Resolves to `undefined` where the process died before it answered. */
  ask(process: number, ask: Omit<Ask, "request">): Promise<Answer | undefined> {
    this.#requests += 1;
    const request = this.#requests;
    return this.#at(process).ask({ request, ...ask });
  }

  /** The processes that can be asked at once; all of them where each is still starting. */
  get ready(): readonly number[] {
    const all = [...this.#workers.keys()];
    const ready = all.filter((process) => this.#at(process).isReady);
    return ready.length === 0 ? all : ready;
  }

  /** Ends a process as a crash does, and lets a new one take its place as soon as it can. */
  async crash(process: number): Promise<void> {
    await this.#at(process).kill();
    this.#workers[process] = new Worker(this.#plan);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
  }

  /** The last words of processes that nobody had killed. */
  get casualties(): readonly string[] {
    return this.#workers.filter(({ hasFallen }) => hasFallen).map(({ output }) => output);
  }

  #at(process: number): Worker {
    const worker = this.#workers[process];
    if (worker === undefined) throw new Error(`There is no process ${process}.`);
    return worker;
  }
}

class Worker {
  readonly ready: Promise<unknown>;
  isReady = false;
  output = "";
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (answer: Answer | undefined) => void>();
  #hasEnded = false;
  #isKilled = false;

  constructor(plan: Plan) {
    this.#child = fork(WORKER, [JSON.stringify(plan)], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    const ended = once(this.#child, "exit").then(() => this.#onEnd());
    this.ready = Promise.race([once(this.#child, "message"), ended.then(() => this.#complain())]);
    const note = (): void => {
      this.isReady = true;
    };
    this.ready.then(note, () => undefined);
    this.#child.on("message", (message) => this.#hear(message as Answer | "ready"));
  }

  async ask(ask: Ask): Promise<Answer | undefined> {
    await this.ready.catch(() => undefined);
    if (this.#hasEnded) return undefined;
    return new Promise((resolve) => {
      this.#asked.set(ask.request, resolve);
      // What cannot be sent to a dead process is settled by its end.
      this.#child.send(ask, () => undefined);
    });
  }

  get hasFallen(): boolean {
    return this.#hasEnded && !this.#isKilled;
  }

  async kill(): Promise<void> {
    if (this.#hasEnded) return;
    this.#isKilled = true;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #hear(message: Answer | "ready"): void {
    if (message === "ready") return;
    this.#asked.get(message.request)?.(message);
    this.#asked.delete(message.request);
  }

  #onEnd(): void {
    this.#hasEnded = true;
    for (const settle of this.#asked.values()) settle(undefined);
    this.#asked.clear();
  }

  #complain(): never {
    throw new Error(`A process of the history ended too soon:\n${this.output}`);
  }
}
