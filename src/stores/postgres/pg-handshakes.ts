import type { PgPool } from "./clients.ts";

/** How long a connection may take to be made, where the pool sets no limit itself. */
const HANDSHAKE_MS = 10_000;
const INTERVAL_MS = 1_000;

/**
 * Ends the attempts of a pool to connect to an address that accepts and never answers. Without
 * `connectionTimeoutMillis` each would keep its place in the pool for ever, and the pool would not
 * recover when the address is served again. Done as the pool itself does it where it has a limit.
 */
export class PgHandshakes {
  readonly #pool: PgPool;
  readonly #since = new WeakMap<object, number>();
  readonly #isWaiting: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** Watches for as long as somebody is waiting. */
  constructor(pool: PgPool, isWaiting: () => boolean) {
    this.#pool = pool;
    this.#isWaiting = isWaiting;
  }

  watch(): void {
    if (this.#timer !== undefined || isLimited(this.#pool)) return;
    this.#review();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#review();
      if (this.#isWaiting()) this.watch();
    }, INTERVAL_MS).unref();
  }

  #review(): void {
    const now = performance.now();
    for (const client of attemptsOf(this.#pool)) {
      const since = this.#since.get(client) ?? now;
      this.#since.set(client, since);
      if (now - since > HANDSHAKE_MS) client.connection?.stream?.destroy();
    }
  }
}

/** Whether the pool itself ends an attempt to connect that takes too long. */
export function isLimited({ options }: PgPool): boolean {
  return options === undefined || (options.connectionTimeoutMillis ?? 0) > 0;
}

interface Attempt {
  readonly _connecting?: unknown;
  readonly connection?: { readonly stream?: { destroy(): void } };
}

// The pool lends a client only when it is connected, and has no other way to find it before.
function attemptsOf(pool: PgPool): readonly Attempt[] {
  const clients: unknown = Reflect.get(pool, "_clients");
  if (!Array.isArray(clients)) return [];
  return clients.filter((client: Attempt) => client._connecting === true);
}
