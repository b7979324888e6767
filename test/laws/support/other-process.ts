import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { StorePlace, SubjectName } from "../../history/subjects.ts";

const PROGRAM = fileURLToPath(new URL("./ending-process.ts", import.meta.url));

export type Act = "begin" | "regenerate" | "signOut" | "revoke" | "revokeAll";

/** What is asked of the process, and what it answers. */
export interface Asked {
  readonly number: number;
  readonly act: Act;
  readonly text: string;
}
export interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly failure?: string;
}

/** What a visitor holds of a session. */
export interface Held {
  readonly id: string;
  readonly cookie: string;
}

/** A session of the other process, and the cookie that opens it. */
export interface Begun extends Held {
  /** As whoever watches a session knows it: what has ended names nobody. */
  readonly userId: string;
}

/** A process of its own that begins and ends sessions of a store. */
export class OtherProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  static async start(subject: SubjectName, place: StorePlace): Promise<OtherProcess> {
    const child = fork(PROGRAM, [subject, JSON.stringify(place)], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    await once(child, "message");
    return new OtherProcess(child);
  }

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (answer: Answer) => this.#waiting.get(answer.number)?.(answer));
  }

  async begin(userId: string): Promise<Begun> {
    const held = await this.#ask<Held>("begin", userId);
    return { ...held, userId };
  }

  async regenerate({ cookie, userId }: Begun): Promise<Begun> {
    const held = await this.#ask<Held>("regenerate", cookie);
    return { ...held, userId };
  }

  signOut({ cookie }: Begun): Promise<void> {
    return this.#ask("signOut", cookie);
  }

  revoke({ id }: Begun): Promise<boolean> {
    return this.#ask("revoke", id);
  }

  revokeAll(userId: string): Promise<number> {
    return this.#ask("revokeAll", userId);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async #ask<T>(act: Act, text: string): Promise<T> {
    this.#asked += 1;
    const number = this.#asked;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(number, resolve);
    this.#child.send({ number, act, text } satisfies Asked);
    const { result, failure } = await promise;
    this.#waiting.delete(number);
    if (failure !== undefined) throw new Error(`the other process failed to ${act}: ${failure}`);
    return result as T;
  }
}
