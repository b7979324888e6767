import { driverOf } from "./driver.ts";
import { PAGE_ROWS, type Pages, type StoredRow } from "./stored-row.ts";

/** Sends one command, and gives replies as bytes. */
interface Redis {
  readonly send: (args: readonly string[]) => Promise<unknown>;
  readonly close: () => void;
}

/** The values of Redis whose keys begin with a prefix, by `SCAN`: nothing is written or blocked. */
export async function* redisPages(url: string, prefix: string, folder: string): Pages {
  const redis = await connected(url, folder);
  try {
    let cursor = "0";
    do {
      const match = `${prefix.replace(/[\\*?[\]]/g, "\\$&")}*`;
      const reply = await redis.send(["SCAN", cursor, "MATCH", match, "COUNT", String(PAGE_ROWS)]);
      const [next, keys] = reply as readonly [Buffer, readonly Buffer[]];
      yield await rowsOf(redis, keys);
      cursor = String(next);
    } while (cursor !== "0");
  } finally {
    redis.close();
  }
}

/** What is of another type than a string gives nothing, and is no session. */
async function rowsOf(redis: Redis, keys: readonly Buffer[]): Promise<readonly StoredRow[]> {
  if (keys.length === 0) return [];
  const values = (await redis.send(["MGET", ...keys.map(String)])) as readonly (Buffer | null)[];
  return values.flatMap((bytes, at) =>
    bytes === null ? [] : [{ key: String(keys[at]), bytes, expiresAt: undefined }],
  );
}

async function connected(url: string, folder: string): Promise<Redis> {
  const [name, module] = await driverOf(folder, ["redis", "ioredis"]);
  return name === "redis" ? nodeRedis(module, url) : ioRedis(module, url);
}

interface NodeRedis {
  on(event: "error", listener: () => void): void;
  connect(): Promise<unknown>;
  destroy(): void;
  withTypeMapping?(mapping: object): NodeRedis;
  sendCommand(args: readonly string[]): Promise<unknown>;
}

async function nodeRedis(module: Record<string, unknown>, url: string): Promise<Redis> {
  const { createClient, RESP_TYPES } = module as {
    createClient(options: object): NodeRedis;
    RESP_TYPES?: { readonly BLOB_STRING: number };
  };
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  const types = { [RESP_TYPES?.BLOB_STRING ?? 36]: Buffer };
  const bytes = client.withTypeMapping?.(types) ?? client;
  return { send: (args) => bytes.sendCommand(args), close: () => client.destroy() };
}

interface IoRedis {
  on(event: "error", listener: () => void): void;
  connect(): Promise<unknown>;
  disconnect(): void;
  callBuffer(command: string, ...args: readonly string[]): Promise<unknown>;
}

async function ioRedis(module: Record<string, unknown>, url: string): Promise<Redis> {
  const { Redis } = module as { Redis: new (url: string, options: object) => IoRedis };
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on("error", () => {});
  await client.connect();
  return {
    send: ([command = "", ...args]) => client.callBuffer(command, ...args),
    close: () => client.disconnect(),
  };
}
