import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { StorePlace, SubjectName } from "../../history/subjects.ts";
import type { ApplicationOptions } from "./application.ts";

const PROGRAM = fileURLToPath(new URL("./process.ts", import.meta.url));

/** How an application is made in another process. */
export interface OtherOptions extends Pick<ApplicationOptions, "live"> {
  /** How long its Redis client waits before it connects again. @defaultValue as the driver has it */
  readonly reconnectMs?: number;
}

/** An application in a process of its own. */
export class Other {
  readonly origin: string;
  readonly #child: ChildProcess;

  static async start(
    subject: SubjectName,
    place: StorePlace,
    options: OtherOptions = {},
  ): Promise<Other> {
    const parts = [subject, JSON.stringify(place), JSON.stringify(options)];
    const child = fork(PROGRAM, parts, { execArgv: ["--disable-warning=ExperimentalWarning"] });
    const [origin] = await once(child, "message");
    return new Other(child, String(origin));
  }

  constructor(child: ChildProcess, origin: string) {
    this.#child = child;
    this.origin = origin;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
