import type { IoRedisClient, IoRedisCluster } from "./clients.ts";
import type { Driver, Master } from "./driver.ts";
import { Unsent } from "./driver.ts";

type AnyIoRedis = IoRedisClient | IoRedisCluster;

/** The driver of a client of `ioredis` or `iovalkey`. */
export function ioRedisDriver(client: AnyIoRedis): Driver {
  const readiness = new Readiness(client);
  const opened = new Set<AnyIoRedis>();
  const open = (): AnyIoRedis => {
    const own = client.duplicate();
    opened.add(own);
    // Without a listener ioredis writes to the console. The calls tell of it.
    own.on("error", () => undefined);
    return own;
  };
  const discard = (own: AnyIoRedis): void => {
    if (opened.delete(own)) own.disconnect();
  };
  let confirmer: AnyIoRedis | undefined;

  return {
    keyPrefix: String(client.options.keyPrefix ?? ""),
    isCluster: "nodes" in client,
    // autoResendUnfulfilledCommands is on by default.
    resends: true,
    ready: (signal) => readiness.of(signal),
    send: (_key, [name, ...args]) => client.call(name, args),
    async sendConfirmed(_key, command, wait) {
      confirmer ??= open();
      const replies = await confirmer.pipeline([[...command], [...wait]]).exec();
      const [[error, reply] = [null, undefined], [late, replicas] = [null, 0]] = replies ?? [];
      if (error !== null || late !== null) throw error ?? late;
      return { reply, replicas: Number(replicas) };
    },
    async masters() {
      const nodes = "nodes" in client ? client.nodes("master") : [client];
      return nodes.map(
        (node): Master =>
          ([name, ...args]) =>
            node.call(name, args),
      );
    },
    async subscribe(channel, hearer) {
      const own = open();
      own.on("message", (_channel, message) => hearer.onMessage(String(message)));
      try {
        await own.subscribe(channel);
      } catch (error) {
        discard(own);
        throw error;
      }
      const renew = (): void => {
        // Ready comes before the subscription is renewed, so ask for it, and tell then.
        own.subscribe(channel).then(() => hearer.onGap(), hearer.onGap);
      };
      for (const event of ["close", "-subscriber", "-node"]) own.on(event, () => hearer.onGap());
      for (const event of ["ready", "+subscriber"]) own.on(event, renew);
      return { close: () => discard(own) };
    },
    close() {
      for (const own of opened) discard(own);
    },
  };
}

/**
 * Waits for the connection outside the client's own queue: what waits there is sent even after its
 * caller has given up.
 */
class Readiness {
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
        reject(new Unsent("the client was not connected until the deadline"));
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
