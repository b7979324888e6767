import { createHash } from "node:crypto";
import { join } from "node:path";
import { memoryStore, type SessionStore } from "../../src/index.ts";
import { type Backend, backendOf } from "../support/servers/backend.ts";
import type { BugName } from "./bugs.ts";

/** What can go wrong while a history is made. */
export type Fault =
  /** Connections are reset, or ended in order. */
  | "cut"
  /** Requests pass, their answers are lost. */
  | "deafen"
  /** Nothing passes for a while, and everything arrives late, or never. */
  | "hold"
  /** The connections of now are silent for good, and new ones work. */
  | "strand"
  /** Everything takes longer. */
  | "delay"
  /** The server stands still. */
  | "pause"
  /** The server is killed (SIGKILL) and started again on its data. */
  | "kill"
  /** An application process is killed and replaced. */
  | "crash";

/** Where a process finds the store: a folder of its host, and the port of the proxy, if any. */
export interface StorePlace {
  readonly folder: string;
  readonly port: number;
}

/** What the processes of a run are told. Plain data: it travels as an argument. */
export interface Plan {
  readonly subject: SubjectName;
  readonly place: StorePlace;
  readonly storeTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly bug?: BugName | undefined;
}

/** A store as the history checker sees it. */
export interface Subject {
  /** What to start behind the proxy; left out where the store needs no server. */
  readonly server?: () => Promise<Backend>;
  /** Makes the store in an application process, as its README says. */
  readonly open: (place: StorePlace) => SessionStore | Promise<SessionStore>;
  readonly processes: number;
  /** Only what the store's profile promises to stand. */
  readonly faults: readonly Fault[];
  /** Whether users' sessions can be found: without, nobody revokes all or lists. */
  readonly hasDirectory: boolean;
  /** Whether live sessions may vanish by the profile. What is read must still never be older. */
  readonly mayForget: boolean;
  /** How old a read may be by the profile. */
  readonly stalenessMs: number;
}

/** What nearly every store promises. */
const STRICT = { processes: 3, hasDirectory: true, mayForget: false, stalenessMs: 0 } as const;

/** How late a layered store may read. */
const LAYER_STALENESS_MS = 500;

const NETWORK = ["cut", "deafen", "hold", "delay", "pause", "crash"] as const;
const DURABLE_NETWORK = [...NETWORK, "kill"] as const;
/** Where a silent connection is found out within a few deadlines. */
const WATCHFUL_NETWORK = [...DURABLE_NETWORK, "strand"] as const;

// What a store and its driver are made of is loaded only where it is used.
const TABLE = {
  memory: {
    ...STRICT,
    open: () => memoryStore(),
    // Nothing is shared, and nothing outlives the process.
    processes: 1,
    faults: [],
  },
  sqlite: {
    ...STRICT,
    open: async ({ folder }) => {
      const { sqliteStore } = await import("../../src/stores/sqlite/index.ts");
      return sqliteStore(join(folder, "sessions.db"));
    },
    faults: ["crash"],
  },
  file: {
    ...STRICT,
    open: async ({ folder }) => {
      const { fileStore } = await import("../../src/stores/file/index.ts");
      return fileStore(join(folder, "sessions"));
    },
    faults: ["crash"],
  },
  encrypted: {
    ...STRICT,
    open: async ({ folder }) => {
      const { encrypted } = await import("../../src/stores/encrypted/index.ts");
      const { sqliteStore } = await import("../../src/stores/sqlite/index.ts");
      const key = createHash("sha256").update(folder).digest("base64url");
      return encrypted(sqliteStore(join(folder, "sessions.db")), [key]);
    },
    faults: ["crash"],
  },
  "encrypted-to-tokens": {
    ...STRICT,
    open: async ({ folder }) => {
      const { encrypted } = await import("../../src/stores/encrypted/index.ts");
      const { sqliteStore } = await import("../../src/stores/sqlite/index.ts");
      const key = createHash("sha256").update(folder).digest("base64url");
      return encrypted(sqliteStore(join(folder, "sessions.db")), [key], { bindTo: "token" });
    },
    faults: ["crash"],
  },
  redis: {
    ...STRICT,
    server: startDurableRedis,
    open: async ({ port }) => {
      const { redisStore } = await import("../../src/stores/redis/index.ts");
      const { createClient } = await import("redis");
      const client = createClient({ url: `redis://127.0.0.1:${port}` });
      client.on("error", ignore);
      await client.connect();
      return redisStore(client);
    },
    faults: WATCHFUL_NETWORK,
  },
  ioredis: {
    ...STRICT,
    server: startDurableRedis,
    open: async ({ port }) => {
      const { redisStore } = await import("../../src/stores/redis/index.ts");
      const { Redis } = await import("ioredis");
      const client = new Redis(port, "127.0.0.1");
      client.on("error", ignore);
      return redisStore(client);
    },
    faults: WATCHFUL_NETWORK,
  },
  layered: {
    ...STRICT,
    server: startPostgresBackend,
    open: async ({ port }) => {
      const { layered } = await import("../../src/stores/layered/index.ts");
      const { postgresStore } = await import("../../src/stores/postgres/index.ts");
      const { Pool } = await import("pg");
      const pool = new Pool({
        connectionString: postgresUrl(port),
        connectionTimeoutMillis: 5_000,
      });
      pool.on("error", ignore);
      return layered(memoryStore(), postgresStore(pool), { maxStaleness: LAYER_STALENESS_MS });
    },
    stalenessMs: LAYER_STALENESS_MS,
    faults: DURABLE_NETWORK,
  },
  postgres: {
    ...STRICT,
    server: startPostgresBackend,
    open: async ({ port }) => {
      const { postgresStore } = await import("../../src/stores/postgres/index.ts");
      const { Pool } = await import("pg");
      const pool = new Pool({
        connectionString: postgresUrl(port),
        connectionTimeoutMillis: 5_000,
      });
      pool.on("error", ignore);
      return postgresStore(pool);
    },
    faults: WATCHFUL_NETWORK,
  },
  "postgres.js": {
    ...STRICT,
    server: startPostgresBackend,
    open: async ({ port }) => {
      const { postgresStore } = await import("../../src/stores/postgres/index.ts");
      const { default: postgres } = await import("postgres");
      // A connection that breaks while it asks for array types would end the process (3.4).
      const options = { onnotice: ignore, fetch_types: false };
      return postgresStore(() => postgres(postgresUrl(port), options));
    },
    faults: WATCHFUL_NETWORK,
  },
  mysql: {
    ...STRICT,
    server: async () => {
      const { startMariadb } = await import("../support/servers/mariadb.ts");
      return backendOf(await startMariadb());
    },
    open: async ({ port }) => {
      const { mysqlStore } = await import("../../src/stores/mysql/index.ts");
      const { mariadbAddress } = await import("../support/servers/mariadb.ts");
      const { createPool } = await import("mysql2/promise");
      return mysqlStore(createPool(mariadbAddress({ port, folder: "" })));
    },
    faults: DURABLE_NETWORK,
  },
  memcached: {
    ...STRICT,
    server: async () => {
      const { memcached } = await import("../support/servers/memcached.ts");
      const { startServer } = await import("../support/servers/test-server.ts");
      return backendOf(await startServer(memcached()));
    },
    open: async ({ port }) => {
      const { memcachedStore } = await import("../../src/stores/memcached/index.ts");
      const { MemcacheClient } = await import("memcache-client");
      return memcachedStore(new MemcacheClient({ server: `127.0.0.1:${port}`, noDelay: true }));
    },
    hasDirectory: false,
    mayForget: true,
    faults: DURABLE_NETWORK,
  },
} satisfies Record<string, Subject>;

export type SubjectName = keyof typeof TABLE;

export const subjects: Readonly<Record<SubjectName, Subject>> = TABLE;

/** What it acknowledges outlives a kill only when each write is appended at once. */
async function startDurableRedis(): Promise<Backend> {
  const { startRedis } = await import("../support/servers/redis.ts");
  return backendOf(await startRedis(["--appendonly", "yes", "--appendfsync", "always"]));
}

async function startPostgresBackend(): Promise<Backend> {
  const { startPostgres } = await import("../support/servers/postgres.ts");
  const { server, crash } = await startPostgres();
  return backendOf(server, crash);
}

function postgresUrl(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}

/** A driver tells of lost connections, which are what this is about. */
function ignore(): void {}
