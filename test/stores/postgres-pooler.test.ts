import { Pool } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionStore, StoreCall } from "../../src/core/store.ts";
import { type PostgresClient, postgresStore } from "../../src/stores/postgres/index.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { type Pooler, startPgbouncer } from "../support/servers/pgbouncer.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { freshTable } from "./support/postgres-databases.ts";

const NOW = 1_800_000_000_000;
const manager = "shop";
const call = (): StoreCall => ({ now: NOW, signal: AbortSignal.timeout(10_000) });
const listener = { onEnded: () => undefined, onGap: () => undefined };

let server: PostgresServer;
let pooler: Pooler;
beforeAll(async () => {
  server = await startPostgres();
  pooler = await startPgbouncer(server.server.port);
});
afterAll(async () => {
  await pooler.server.stop();
  await server.server.stop();
});

const DRIVERS: readonly (readonly [string, () => PostgresClient & { end(): Promise<void> }])[] = [
  [
    "a Pool of pg",
    () => {
      const pool = new Pool({
        connectionString: pooler.url,
        max: 20,
        connectionTimeoutMillis: 5_000,
      });
      return pool.on("error", () => undefined);
    },
  ],
  [
    "postgres.js",
    () => postgres(pooler.url, { max: 20, prepare: false, onnotice: () => undefined }),
  ],
];

describe.each(DRIVERS)("behind PgBouncer in transaction mode, through %s,", (_, connect) => {
  let client: ReturnType<typeof connect>;
  let store: SessionStore;
  beforeEach(() => {
    client = connect();
    store = postgresStore(client, { table: freshTable() });
    return () => client.end();
  });

  it("sessions are kept", async () => {
    const live = Array.from({ length: 200 }, async () => {
      const record = recordAt(NOW, { manager });
      expect(await store.create(record, call())).toBe("created");
      const next = successorOf(record);
      expect(await store.update(next, record.version, call())).toEqual({ kind: "updated" });
      expect(await store.load(record.id, call())).toEqual(next);
      const tombstone = tombstoneAt(NOW, next);
      expect(await store.end(tombstone, next.version, call())).toEqual({ kind: "ended" });
    });
    await Promise.all(live);
  });

  it("nobody believes to hear of ends, as nothing of LISTEN comes through", async () => {
    await store.load(recordAt(NOW, { manager }).id, call());
    await expect(store.announcements?.subscribe(listener, call())).rejects.toMatchObject({
      name: "StoreError",
      operation: "subscribe",
      outcome: "failed",
      message: expect.stringContaining("pooler in transaction mode"),
    });
    expect(await store.load(recordAt(NOW, { manager }).id, call())).toBeUndefined();
  });
});
