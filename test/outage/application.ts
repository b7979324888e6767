import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { fileURLToPath } from "node:url";
import type { StorePlace, SubjectName } from "../history/subjects.ts";

const APP = fileURLToPath(new URL("./app.ts", import.meta.url));

/** What an application answered, and how long it took. */
export interface Answer {
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  readonly json: unknown;
}

/** An application process, as its visitors and its operator see it. */
export class Application {
  readonly #child: ChildProcess;
  readonly #port: number;

  constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  /** Asks on a connection of its own, which is closed afterwards. */
  async ask(path: string, visitor?: Visitor): Promise<Answer> {
    const begun = performance.now();
    const headers = visitor?.cookie === undefined ? {} : { cookie: visitor.cookie };
    const request = get({ port: this.#port, path, headers, agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    let text = "";
    for await (const part of response.setEncoding("utf8")) text += part;
    const [line] = response.headers["set-cookie"] ?? [];
    if (visitor !== undefined && line !== undefined) visitor.cookie = line.split(";", 1)[0];
    const status = response.statusCode ?? 0;
    const json: unknown = status === 200 ? JSON.parse(text) : undefined;
    return { path, status, ms: performance.now() - begun, json };
  }

  /** Bytes in use, after a collection. */
  async heapBytes(): Promise<number> {
    return Number((await this.ask("/heap")).json);
  }

  /** Open files and sockets. */
  async handles(): Promise<number> {
    return (await readdir(`/proc/${this.#child.pid}/fd`)).length;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

/** A browser's one cookie. */
export interface Visitor {
  cookie: string | undefined;
  /** How many additions it was told of, and how many it was not told the end of. */
  added: number;
  unknown: number;
}

export async function startApplication(
  subject: SubjectName,
  { folder, port }: StorePlace,
): Promise<Application> {
  const child = fork(APP, [subject, folder, String(port)], {
    execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
  });
  const [own] = await once(child, "message");
  return new Application(child, Number(own));
}
