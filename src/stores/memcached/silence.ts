import type { CallbackMemcachedClient } from "./client.ts";

/** What a `memcached` client shows beside its methods. Its types do not tell of it. */
interface Inside {
  readonly servers: readonly string[];
  /** What it puts before every key. */
  readonly namespace: string;
  /** Tells which server a key belongs to, where there are several. */
  readonly HashRing: { get(key: string): string };
  /** The connections to each server. Once they are freed, the next command makes a new one. */
  readonly connections: Readonly<Record<string, { free(keep: number, hard: boolean): void }>>;
}

/**
 * Cuts off the connections of a `memcached` client that have gone silent. As long as it writes to
 * one, its own `idle` timeout never comes, and it would write to it for ever.
 */
export class Silence {
  readonly #client: Partial<Inside>;
  readonly #answeredAt = new Map<string, number>();

  constructor(client: CallbackMemcachedClient) {
    this.#client = client as Partial<Inside>;
  }

  onAnswer(key: string): void {
    this.#answeredAt.set(this.#serverOf(key), performance.now());
  }

  /** Where nothing was heard of the server since then, the next command begins anew. */
  onLate(key: string, sentAt: number): void {
    const server = this.#serverOf(key);
    if ((this.#answeredAt.get(server) ?? 0) > sentAt) return;
    const { connections = {} } = this.#client;
    const pool = connections[server] ?? connections[`${server}:${DEFAULT_PORT}`];
    pool?.free(0, true);
  }

  #serverOf(key: string): string {
    const { servers = [], HashRing: ring, namespace = "" } = this.#client;
    return (servers.length > 1 ? ring?.get(namespace + key) : servers[0]) ?? "";
  }
}

const DEFAULT_PORT = 11_211;
