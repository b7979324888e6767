import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord } from "../../src/core/record.ts";
import { type MovableStore, migrateSessions, movingStore } from "../../src/migrate/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { describeStore } from "../../src/testing/store.ts";
import { temporaryFolder } from "../stores/support/databases.ts";
import { startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";

const MANAGER = "shop";
const managers = [MANAGER];
const NOW = Date.now();
const call = { now: NOW, signal: new AbortController().signal };
const INCREMENTS = 6;

let server: TestServer;
let folder = "";
let client: ReturnType<typeof clientOf>;
beforeAll(async () => {
  server = await startRedis();
  client = clientOf();
  await client.connect();
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});
beforeEach(async () => {
  folder = await temporaryFolder();
  await client.flushAll();
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function clientOf() {
  return createClient({ url: `redis://127.0.0.1:${server.port}` });
}

const sqlite = (): MovableStore => sqliteStore(join(folder, "sessions.db"));
const redis = (): MovableStore => redisStore(client);

const BY_ITSELF = "what is new is in Redis, which expires it by itself";
const DEVIATIONS = {
  "deleteExpired: deletes records and tombstones past their expiresAt, and resolves to how many":
    BY_ITSELF,
  "deleteExpired: deletes each once, when two handles do it at a time": BY_ITSELF,
};

describeStore(
  "SQLite that moves to Redis",
  async () => {
    const store = movingStore(sqliteStore(":memory:"), redis());
    return { store, close: async () => undefined };
  },
  { runner: { describe, it }, deviations: DEVIATIONS },
);

describe.each([
  ["SQLite to Redis", sqlite, redis],
  ["Redis to SQLite", redis, sqlite],
] as const)("a move from %s", (_, openFrom, openTo) => {
  it("loses no change, revives nobody and signs nobody out", async () => {
    const [from, to] = [openFrom(), openTo()];
    const records = Array.from({ length: 300 }, (_unused, each) =>
      recordAt(NOW, { manager: MANAGER, userId: `user-${each % 10}`, data: "0" }),
    );
    for (const record of records) await from.create(record, call);
    const processes = [movingStore(from, to), movingStore(openFrom(), openTo())];
    const changed = records.filter((_record, each) => each % 10 !== 3 && each % 10 !== 7);
    const [revoked, ended] = [3, 7].map((user) => records.filter((_r, each) => each % 10 === user));
    const [move, ...work] = await Promise.allSettled([
      migrateSessions(from, to, { managers, concurrency: 4 }),
      ...processes.map((store) => incrementAll(store, changed)),
      endEach(processes[0], ended),
      processes[1]?.directory.endAll(
        { manager: MANAGER, userId: "user-3" },
        {
          ...tombstoneAt(NOW, { id: "s_" as never, manager: "" }),
          except: undefined,
          reason: "revoked",
        },
        call,
      ),
    ]);
    for (const outcome of [move, ...work]) expect(outcome.status).toBe("fulfilled");
    const rest = await migrateSessions(from, to, { managers });
    expect(rest).toMatchObject({ left: 0, missing: 0, isComplete: true });
    for (const { id } of changed) {
      const stored = await to.load(id, call);
      expect(stored).toMatchObject({ kind: "live", data: String(2 * INCREMENTS) });
    }
    for (const { id } of [...(revoked ?? []), ...(ended ?? [])]) {
      expect((await to.load(id, call))?.kind).not.toBe("live");
    }
    expect(await to.directory.count(MANAGER, call)).toBe(changed.length);
    expect(await to.directory.list({ manager: MANAGER, userId: "user-1" }, call)).toHaveLength(30);
  });
});

async function incrementAll(store: MovableStore, records: readonly SessionRecord[]): Promise<void> {
  for (let round = 0; round < INCREMENTS; round += 1) {
    await Promise.all(records.map((record) => increment(store, record)));
  }
}

async function increment(store: MovableStore, { id }: SessionRecord): Promise<void> {
  let current = await store.load(id, call);
  for (;;) {
    if (current?.kind !== "live") throw new Error("a live session was not found");
    const next = successorOf(current, { data: String(Number(current.data) + 1) });
    const outcome = await store.update(next, current.version, call);
    if (outcome.kind === "updated") return;
    current = outcome.kind === "conflict" ? outcome.current : undefined;
  }
}

async function endEach(
  store: MovableStore | undefined,
  records: readonly SessionRecord[] | undefined,
): Promise<void> {
  for (const record of records ?? []) {
    const outcome = await store?.end(tombstoneAt(NOW, record), undefined, call);
    if (outcome?.kind !== "ended") throw new Error(`it could not be ended: ${outcome?.kind}`);
  }
}
