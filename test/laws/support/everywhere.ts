import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cookieStore } from "../../../src/cookies/cookie.ts";
import {
  createSessions,
  memoryStore,
  type SessionOptions,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import { encrypted } from "../../../src/stores/encrypted/index.ts";
import { postgresStore } from "../../../src/stores/postgres/index.ts";
import { redisStore } from "../../../src/stores/redis/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { connectPool, freshTable } from "../../stores/support/postgres-databases.ts";
import { SINGLE } from "../../stores/support/redis-clients.ts";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import type { SetClock } from "./clock.ts";
import { wrapped, yielding } from "./wrapped-store.ts";

/** Where sessions are kept, for laws that hold wherever that is. */
interface Place {
  readonly name: string;
  /** Whether parallel writes are merged, and a user's sessions listed. */
  readonly isStore: boolean;
  /** Sessions of their own, in two processes as far as they can tell. */
  open(
    clock: SetClock,
    options?: Partial<SessionOptions> & Record<string, unknown>,
  ): Promise<readonly [Sessions<Untyped>, Sessions<Untyped>]>;
}

/** Every kind of place, with the servers that they need, and how all of that ends. */
interface Places {
  readonly all: readonly Place[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

type OpenStore = () => Promise<SessionStore>;

/** Made once for a file of tests. */
export function places(): Places {
  const closing: (() => unknown)[] = [];
  let redis: TestServer;
  let postgres: PostgresServer;
  const key = randomBytes(32);
  const stores: Readonly<Record<string, () => Promise<OpenStore>>> = {
    memory: async () => {
      const memory = memoryStore();
      return async () => wrapped(memory, yielding);
    },
    sqlite: async () => {
      const folder = await mkdtemp(join(tmpdir(), "sojourn-places-"));
      closing.push(() => rm(folder, { recursive: true, force: true }));
      return async () => sqliteStore(join(folder, "sessions.db"));
    },
    redis: async () => {
      const prefix = `places-${randomBytes(6).toString("hex")}:`;
      return async () => {
        const [[, connect] = []] = SINGLE;
        if (connect === undefined) throw new Error("There is no client of Redis.");
        const { client, end } = await connect(redis.port);
        closing.push(end);
        return redisStore(client, { prefix });
      };
    },
    postgres: async () => {
      const table = freshTable();
      return async () => {
        const { client, close } = await connectPool(postgres.url);
        closing.push(close);
        return postgresStore(client, { table });
      };
    },
    encrypted: async () => {
      const memory = memoryStore();
      return async () => encrypted(wrapped(memory, yielding), [key]);
    },
  };
  const inStores = Object.entries(stores).map(
    ([name, opener]): Place => ({
      name: `in the store ${name}`,
      isStore: true,
      async open(clock, options) {
        const open = await opener();
        const opened = async (): Promise<Sessions<Untyped>> => {
          const sessions = createSessions<Untyped>({ store: await open(), clock, ...options });
          closing.push(() => sessions.close());
          return sessions as Sessions<Untyped>;
        };
        return [await opened(), await opened()];
      },
    }),
  );
  const inCookies: Place = {
    name: "in cookies",
    isStore: false,
    async open(clock, options) {
      const revocations =
        "none: a copied cookie works until it expires, signed out or not" as const;
      const store = cookieStore({ revocations });
      const sessions = createSessions<Untyped>({ store, keys: key, clock, ...options } as never);
      return [sessions as Sessions<Untyped>, sessions as Sessions<Untyped>];
    },
  };
  return {
    all: [...inStores, inCookies],
    async start() {
      [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
    },
    async stop() {
      for (const close of closing.reverse()) await close();
      await Promise.all([redis?.stop(), postgres?.server.stop()]);
    },
  };
}
