import { afterAll, beforeAll, describe, it } from "vitest";
import { describeStore } from "../../src/testing/store.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import {
  openConnectPgSimple,
  openConnectRedis,
  openKeyvMap,
  openKeyvUnserialized,
  openMemoryStore,
  openUnstorageFiles,
  openUnstorageMemory,
  openUnstorageRedis,
} from "./support/bridge-backends.ts";

const runner = { describe, it };

let redis: TestServer;
let postgres: PostgresServer;
beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
});
afterAll(async () => {
  await Promise.all([redis.stop(), postgres.server.stop()]);
});

describeStore("A bridge to express-session's MemoryStore", openMemoryStore, { runner });
describeStore("A bridge to connect-redis", () => openConnectRedis(redis, "one client"), { runner });
describeStore("A bridge to connect-pg-simple", () => openConnectPgSimple(postgres), { runner });
describeStore("A bridge to unstorage in memory", openUnstorageMemory, { runner });
describeStore("A bridge to unstorage's files", openUnstorageFiles, { runner });
describeStore("A bridge to unstorage's Redis", () => openUnstorageRedis(redis), { runner });
describeStore("A bridge to Keyv over a Map", openKeyvMap, { runner });
describeStore("A bridge to Keyv without serialisation", openKeyvUnserialized, { runner });

/** Two handles that share no object are two processes to each other. */
const ACROSS = "get and set are two steps, and the other process comes in between";
describeStore(
  "Two bridges to one Redis, as in two processes,",
  () => openConnectRedis(redis, "two clients"),
  {
    runner,
    deviations: {
      "create: has one winner of many that create one id": ACROSS,
      "update: has one winner of many that expect the same version": ACROSS,
      "update: loses no increment of many writers": ACROSS,
      "end: has one winner of many that end one session": ACROSS,
      "end: keeps a session ended that writers race to update": ACROSS,
      "touch: never revives a session that is ended meanwhile": ACROSS,
      "touch: takes nothing from a write that races it": ACROSS,
    },
  },
);
