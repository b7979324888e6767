import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Plan } from "./recipes/recipe.ts";

const APPLICATION = fileURLToPath(new URL("./application.ts", import.meta.url));

/** How long it takes at most until the end of a process is known. */
const PATIENCE_MS = 5_000;

/** A process that listens at a port of its own. */
export class Listener {
  readonly ready: Promise<unknown>;
  readonly ended: Promise<unknown>;
  port = 0;
  output = "";
  readonly #child: ChildProcess;

  constructor(script: string, argument: unknown) {
    this.#child = fork(script, [JSON.stringify(argument)], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    this.ended = once(this.#child, "close");
    this.ready = Promise.race([this.#listening(), this.ended.then(() => this.#complain())]);
    this.ready.catch(() => undefined);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Whether it ended by itself, and not by SIGKILL. */
  get hasFallen(): boolean {
    return this.#child.exitCode !== null;
  }

  endsWithin(patienceMs: number): Promise<boolean> {
    const isOver = this.ended.then(() => true);
    return Promise.race([isOver, pause(patienceMs, false, { ref: false })]);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGKILL");
    }
    await this.ended;
  }

  async #listening(): Promise<void> {
    [this.port] = await once(this.#child, "message");
  }

  #complain(): never {
    throw new Error(`A process ended too soon:\n${this.output}`);
  }
}

/** The application processes of a run. One that is killed is replaced. */
export class Fleet {
  readonly #plan: Plan;
  readonly #members: Listener[] = [];
  readonly #fallen: string[] = [];
  #isOver = false;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  async start(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) this.#put(n);
    await this.complete();
  }

  /** Resolves when every process can be asked. */
  async complete(): Promise<void> {
    await Promise.all(this.#members.map(({ ready }) => ready));
  }

  /** Asks the n-th process, counted round and round. `undefined` where it died meanwhile. */
  async fetch(n: number, path: string, headers: Headers): Promise<Response | undefined> {
    const member = this.#members[n % this.#members.length];
    if (member === undefined) throw new Error("There is no process.");
    try {
      return await fetch(`${member.origin}${path}`, { headers });
    } catch (error) {
      // Only the end of the process may cut a connection.
      if (!(await member.endsWithin(PATIENCE_MS))) throw error;
      return undefined;
    }
  }

  /** The last words of processes that nobody had killed. */
  get casualties(): readonly string[] {
    return this.#fallen;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#members.map((member) => member.kill()));
  }

  #put(n: number): void {
    const member = new Listener(APPLICATION, this.#plan);
    this.#members[n] = member;
    void this.#replace(n, member);
  }

  async #replace(n: number, member: Listener): Promise<void> {
    await member.ended;
    if (this.#isOver) return;
    if (member.hasFallen) this.#fallen.push(member.output);
    else this.#put(n);
  }
}
