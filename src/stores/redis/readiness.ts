import type { IoRedisClient, IoRedisCluster } from "./clients.ts";
import { Unsent } from "./driver.ts";

const LATE = "the client was not connected until the deadline";

type AnyIoRedis = IoRedisClient | IoRedisCluster;

/**
 * Waits for the connection outside the client's own queue: what waits there is sent even after its
 * caller has given up.
 */
export class Readiness {
  readonly #client: AnyIoRedis;
  readonly #waiting = new Set<() => void>();
  #isListening = false;

  constructor(client: AnyIoRedis) {
    this.#client = client;
  }

  async of(signal: AbortSignal): Promise<void> {
    const { status } = this.#client;
    if (status === "ready") return;
    if (status === "end") throw new Unsent("the client is closed");
    if (signal.aborted) throw new Unsent(LATE);
    // A client with lazyConnect. Its failure shows as one that is not ready.
    if (status === "wait") this.#client.connect().catch(() => undefined);
    this.#listen();
    await this.#next(signal);
    // Closed for good, or lost again meanwhile.
    return this.of(signal);
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    const wake = (): void => {
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const resolve of waiting) resolve();
    };
    for (const event of ["ready", "end"]) this.#client.on(event, wake);
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.delete(go);
        reject(new Unsent(LATE));
      };
      const go = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(go);
    });
  }
}
