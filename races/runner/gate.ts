import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** So long nobody else has come: whoever is missing waits for those who are there, for a lock perhaps. */
const QUIET_MS = 2_000;
const LOOK_MS = 10;

/** Where handlers wait in the middle of their work, until the runner lets them go on. */
export class Gate {
  readonly #server: Server;
  readonly #barriers = new Map<string, Barrier>();

  constructor(server: Server) {
    this.#server = server;
    server.on("request", ({ url = "" }, response) => this.#barriers.get(url)?.take(response));
  }

  static async start(): Promise<Gate> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Gate(server);
  }

  barrier(): Barrier {
    const { port } = this.#server.address() as AddressInfo;
    const path = `/${this.#barriers.size}`;
    const barrier = new Barrier(`http://127.0.0.1:${port}${path}`);
    this.#barriers.set(path, barrier);
    return barrier;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** One place to wait at. Once it is open, it stays open. */
export class Barrier {
  readonly url: string;
  readonly #waiting: ServerResponse[] = [];
  #arrived = 0;
  #isOpen = false;

  constructor(url: string) {
    this.url = url;
  }

  take(response: ServerResponse): void {
    this.#arrived += 1;
    if (this.#isOpen) response.end();
    else this.#waiting.push(response);
  }

  /** Resolves when so many have come, or nobody comes any more. */
  async arrived(count: number): Promise<void> {
    let seen = this.#arrived;
    let since = performance.now();
    while (this.#arrived < count && performance.now() - since < QUIET_MS) {
      await pause(LOOK_MS);
      if (this.#arrived === seen) continue;
      seen = this.#arrived;
      since = performance.now();
    }
  }

  open(): void {
    this.#isOpen = true;
    for (const response of this.#waiting.splice(0)) response.end();
  }
}

/** Whether a promise is settled before it is clear that it waits for something. */
export async function settles(work: Promise<unknown>): Promise<boolean> {
  const wait = new AbortController();
  const quiet = pause(QUIET_MS, false, { signal: wait.signal }).catch(() => false);
  const done = work.then(
    () => true,
    () => true,
  );
  const isSettled = await Promise.race([done, quiet]);
  wait.abort();
  return isSettled;
}
