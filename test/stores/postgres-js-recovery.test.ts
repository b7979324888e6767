import { Client, Pool } from "pg";
import postgres, { type Sql } from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionStore, StoreCall } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { recordAt, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { heardWarnings } from "../support/warnings.ts";
import { freshTable } from "./support/postgres-databases.ts";

const NOW = 1_800_000_000_000;
const DEADLINE_MS = 1_000;
/** For ten new connections on a busy machine. */
const SLACK_MS = 5_000;
const manager = "shop";
const call = (): StoreCall => ({ now: NOW, signal: AbortSignal.timeout(10_000) });
const late = (): StoreCall => ({ now: NOW, signal: AbortSignal.timeout(DEADLINE_MS) });
const warnings = heardWarnings();

let server: PostgresServer;
let watcher: Client;
let proxy: TestProxy;
let store: SessionStore;
let table = "";
let made: Sql[] = [];
beforeAll(async () => {
  server = await startPostgres();
  watcher = new Client({ connectionString: server.url });
  watcher.on("error", () => undefined);
  await watcher.connect();
});
afterAll(async () => {
  await watcher.end();
  await server.server.stop();
});
beforeEach(async () => {
  made = [];
  proxy = await startProxy({ port: server.server.port, seed: 1 });
  table = freshTable();
  store = postgresStore(make, { table });
  await store.load(recordAt(NOW, { manager }).id, call());
});
afterEach(async () => {
  await store.close?.();
  await proxy.close();
});

function make(): Sql {
  const url = server.url.replace(/:\d+\//, `:${proxy.port}/`);
  // A connection that breaks while it asks for array types ends the process (3.4).
  const sql = postgres(url, { max: 10, fetch_types: false, onnotice: () => undefined });
  made.push(sql);
  return sql;
}

const isAnswered = (): Promise<boolean> =>
  store.load(recordAt(NOW, { manager }).id, late()).then(
    () => true,
    () => false,
  );

/** Opens all connections. */
async function warmUp(): Promise<void> {
  await Promise.all(Array.from({ length: 10 }, () => made[0]?.unsafe("SELECT pg_sleep(0.1)")));
}

/** How long it takes until ten calls at once are answered. */
async function healed(): Promise<number> {
  const since = performance.now();
  const areAnswered = async (): Promise<boolean> =>
    (await Promise.all(Array.from({ length: 10 }, isAnswered))).every(Boolean);
  await expect.poll(areAnswered, { timeout: 30_000, interval: 20 }).toBe(true);
  return performance.now() - since;
}

describe("a function that makes the sql of postgres.js", () => {
  it("is called again where nothing was answered for two deadlines", async () => {
    await warmUp();
    expect(made.length).toBe(1);
    proxy.strand();
    const ms = await healed();
    expect(ms).toBeGreaterThan(2 * DEADLINE_MS - 100);
    expect(ms).toBeLessThan(2 * DEADLINE_MS + SLACK_MS);
    expect(made.length).toBe(2);
    // The old one is ended, and takes no call any more.
    await expect(made[0]?.unsafe("SELECT 1")).rejects.toThrow("CONNECTION_ENDED");
  });

  it("is called again where one connection has gone silent among others", async () => {
    // The first call has opened one.
    proxy.strand();
    const ms = await healed();
    console.info(`served again by all after ${Math.round(ms)} ms, sql number ${made.length}`);
    expect(made.length).toBe(2);
    expect(ms).toBeLessThan(DEADLINE_MS + 2 * SLACK_MS);
  });

  it("heals the store after ten cuts under load", async () => {
    let isOver = false;
    const load = Array.from({ length: 20 }, async () => {
      while (!isOver) await isAnswered();
    });
    for (let cut = 0; cut < 10; cut += 1) {
      await expect.poll(isAnswered).toBe(true);
      await watcher.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres.js'",
      );
    }
    const ms = await healed();
    isOver = true;
    await Promise.all(load);
    console.info(`served again after ${Math.round(ms)} ms, sql number ${made.length}`);
    expect(ms).toBeLessThan(2 * DEADLINE_MS + SLACK_MS);
  });

  it("is not called again for calls that wait for a lock, as long as others are answered", async () => {
    const record = recordAt(NOW, { manager });
    await store.create(record, call());
    await watcher.query("BEGIN");
    await watcher.query(`SELECT FROM ${table} WHERE id = $1 FOR UPDATE`, [record.id]);
    for (let round = 0; round < 4; round += 1) {
      const ending = store.end(tombstoneAt(NOW, record), undefined, late());
      await expect(ending).rejects.toMatchObject({ outcome: "unknown" });
      expect(await isAnswered()).toBe(true);
    }
    await watcher.query("ROLLBACK");
    expect(made.length).toBe(1);
  });

  it("has the listeners told of the gap, and of what ends then", async () => {
    const ids: SessionId[] = [];
    let gaps = 0;
    const onGap = (): void => {
      gaps += 1;
    };
    await store.announcements?.subscribe({ onEnded: (ended) => ids.push(...ended), onGap }, call());
    proxy.strand();
    await healed();
    await expect.poll(() => gaps).toBe(2);
    const record = recordAt(NOW, { manager });
    await store.create(record, call());
    await store.end(tombstoneAt(NOW, record), undefined, call());
    await expect.poll(() => ids).toEqual([record.id]);
  });

  it("has what it made ended with the store", async () => {
    await store.close?.();
    await expect(made[0]?.unsafe("SELECT 1")).rejects.toThrow("CONNECTION_ENDED");
  });

  it("is told where it makes nothing new", async () => {
    const sql = make();
    const constant = postgresStore(() => sql, { table: freshTable() });
    await constant.load(recordAt(NOW, { manager }).id, call());
    proxy.hold();
    for (let round = 0; round < 3; round += 1) {
      const loading = constant.load(recordAt(NOW, { manager }).id, late());
      await expect(loading).rejects.toMatchObject({ outcome: "failed" });
    }
    expect(warnings()).toEqual([expect.stringContaining("must make a new one")]);
    proxy.pass();
    await constant.close();
  });

  it("is refused where it makes something else, or later", () => {
    const pool = new Pool({ connectionString: server.url });
    for (const wrong of [() => pool, async () => make(), () => undefined]) {
      expect(() => postgresStore(wrong as never)).toThrow("a function that makes one");
    }
  });
});
