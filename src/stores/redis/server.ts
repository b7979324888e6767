import type { StoreCall } from "../../core/store.ts";
import { warnOnce } from "../../core/warn.ts";
import type { RedisClient } from "./clients.ts";
import type { Commands } from "./commands.ts";
import { offers } from "./drivers.ts";
import { isRefusal } from "./failure.ts";
import { textIn } from "./replies.ts";

const PATIENCE_MS = 5_000;

const DEAF =
  'The Redis client has no "error" listener: a lost connection ends the process (redis) or is ' +
  'printed as unhandled (ioredis). Add client.on("error", (error) => console.error(error)).';

/** What is wrong with a client or its server, as far as sessions are concerned. */
export class Server {
  readonly #client: RedisClient;
  #policy: string | undefined;

  constructor(client: RedisClient) {
    this.#client = client;
  }

  /** The policy by which it drops what it was given when memory is full; `undefined` if it does not. */
  get evictsBy(): string | undefined {
    return this.#policy;
  }

  /** Whether it drops only what expires. */
  get sparesTheLasting(): boolean {
    return this.#policy?.startsWith("volatile-") ?? false;
  }

  /** Looks at both, and warns the developer. Rejects if there was no answer. */
  async inspect(commands: Commands): Promise<void> {
    this.#requireListener();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const infos = await memoryInfos(commands, { now: 0, signal });
    this.#policy = infos.map(policyIn).find((policy) => policy !== undefined);
    if (this.#policy === undefined) return;
    warnOnce(
      this.#client,
      `Redis drops sessions when its memory is full: maxmemory-policy is ${this.#policy}. Visitors ` +
        "are signed out at random then, and one who was to be signed out everywhere may stay. Give " +
        "sessions a server with maxmemory-policy noeviction.",
    );
  }

  #requireListener(): void {
    const client: unknown = this.#client;
    if (!offers(client, "listenerCount")) return;
    const count: unknown = Reflect.get(client, "listenerCount").call(client, "error");
    if (count === 0) warnOnce(client, DEAF);
  }
}

/** What each master says of its memory. Who may not ask goes without. */
function memoryInfos(commands: Commands, call: StoreCall): Promise<readonly string[]> {
  return commands.with("load", call, async (driver) => {
    const masters = await driver.masters();
    const infos = masters.map((ask) =>
      ask(["info", "memory"], call.signal).then(textIn).catch(unlessRefused),
    );
    return (await Promise.all(infos)).map((info) => info ?? "");
  });
}

function unlessRefused(error: unknown): undefined {
  if (!isRefusal(error)) throw error;
}

function policyIn(info: string): string | undefined {
  const limit = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  return limit > 0 && policy !== "noeviction" ? policy : undefined;
}
