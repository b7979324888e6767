import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cookieStore } from "../../../src/cookies/cookie.ts";
import { memoryStore, type Sessions, type Untyped } from "../../../src/index.ts";
import { encrypted } from "../../../src/stores/encrypted/index.ts";
import { postgresStore } from "../../../src/stores/postgres/index.ts";
import { type RedisClient, redisStore } from "../../../src/stores/redis/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { connectPool, freshTable } from "../../stores/support/postgres-databases.ts";
import { SINGLE } from "../../stores/support/redis-clients.ts";
import { type PostgresServer, startPostgres } from "../../support/servers/postgres.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import type { Ability, Lacks } from "./abilities.ts";
import type { SetClock } from "./clock.ts";
import { caveatsOf, type OpenStore, openedOver, type PlaceOptions } from "./opened-over.ts";
import { SHARED_PLACES } from "./shared-places.ts";
import { wrapped, yielding } from "./wrapped-store.ts";

/** Where sessions are kept, for laws that hold wherever that is. */
interface Place {
  readonly name: string;
  readonly lacks: Lacks;
  /** Sessions of their own, in two processes as far as they can tell. */
  open(
    clock: SetClock,
    options?: PlaceOptions,
  ): Promise<readonly [Sessions<Untyped>, Sessions<Untyped>]>;
  /** What its profile says is kept in part. */
  caveats(): Promise<readonly string[]>;
}

/** Every kind of place, with the servers that they need, and how all of that ends. */
interface Places {
  readonly all: readonly Place[];
  /** Those where that holds. */
  where(ability: Ability): readonly Place[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Made once for a file of tests. */
export function places(): Places {
  const closing: (() => unknown)[] = [];
  let redis: TestServer;
  let postgres: PostgresServer;
  const key = randomBytes(32);
  const atEnd = (close: () => unknown): void => void closing.push(close);
  const connected = async (): Promise<RedisClient> => {
    const [[, connect] = []] = SINGLE;
    if (connect === undefined) throw new Error("There is no client of Redis.");
    const { client, end } = await connect(redis.port);
    atEnd(end);
    return client;
  };
  const stores: Readonly<Record<string, () => Promise<OpenStore>>> = {
    memory: async () => {
      const memory = memoryStore();
      return async () => wrapped(memory, yielding);
    },
    sqlite: async () => {
      const folder = await mkdtemp(join(tmpdir(), "sojourn-places-"));
      atEnd(() => rm(folder, { recursive: true, force: true }));
      return async () => sqliteStore(join(folder, "sessions.db"));
    },
    redis: async () => {
      const prefix = `places-${randomBytes(6).toString("hex")}:`;
      return async () => redisStore(await connected(), { prefix });
    },
    postgres: async () => {
      const table = freshTable();
      return async () => {
        const { client, close } = await connectPool(postgres.url);
        atEnd(close);
        return postgresStore(client, { table });
      };
    },
    encrypted: async () => {
      const memory = memoryStore();
      return async () => encrypted(wrapped(memory, yielding), [key]);
    },
    "encrypted to tokens": async () => {
      const memory = memoryStore();
      return async () => encrypted(wrapped(memory, yielding), [key], { bindTo: "token" });
    },
  };
  const placeOf = (name: string, lacks: Lacks, begin: () => Promise<OpenStore>): Place => ({
    name,
    lacks,
    async open(clock, options = {}) {
      const store = await begin();
      const opened = async (): Promise<Sessions<Untyped>> => {
        const sessions = await openedOver(store, { clock, keys: key, ...options });
        atEnd(() => sessions.close());
        return sessions;
      };
      return [await opened(), await opened()];
    },
    caveats: async () => caveatsOf(await begin()),
  });
  const all = [
    ...Object.entries(stores).map(([name, begin]) => placeOf(`in the store ${name}`, {}, begin)),
    placeOf("in cookies", IN_COOKIES, async () => async () => cookieStore({ revocations: NONE })),
    ...SHARED_PLACES.map(({ name, lacks, begin }) =>
      placeOf(name, lacks, () => begin({ redis: connected, atEnd })),
    ),
  ];
  return {
    all,
    where: (ability) => all.filter(({ lacks }) => lacks[ability] === undefined),
    async start() {
      [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
    },
    async stop() {
      for (const close of closing.reverse()) await close();
      await Promise.all([redis?.stop(), postgres?.server.stop()]);
    },
  };
}

const NONE = "none: a copied cookie works until it expires, signed out or not";

const IN_COOKIES: Lacks = {
  "merges parallel writes": "Two requests that change a session at the same time are not merged",
  "ends for good": "Whoever keeps a copy of a cookie can bring it again until the session ends",
  "tells late requests":
    "Whoever keeps a copy of a cookie can bring it again until the session ends",
  "finds by user": "No request can wait for another one, nor a session be found by its user",
  "does exclusive work": "No request can wait for another one, nor a session be found by its user",
};
