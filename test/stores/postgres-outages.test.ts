import { Client, Pool } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.ts";
import type { EndListener, SessionStore } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { layered } from "../../src/stores/layered/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import {
  freshCommit,
  recordAt,
  successorOf,
  tombstoneAt,
} from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { heardWarnings } from "../support/warnings.ts";
import {
  connectPool,
  connectPostgresJs,
  freshTable,
  lockTable,
} from "./support/postgres-databases.ts";

const NOW = 1_800_000_000_000;
const manager = "shop";
const call = { now: NOW, signal: new AbortController().signal };
const within = (ms: number): typeof call => ({ now: NOW, signal: AbortSignal.timeout(ms) });

const warnings = heardWarnings();

let server: PostgresServer;
let table = "";
beforeAll(async () => {
  // Nothing reaches the disk by itself for a while, so that a crash loses what was not waited for.
  server = await startPostgres({ synchronous_commit: "off", wal_writer_delay: "10s" });
});
afterAll(async () => {
  await server.server.stop();
});
beforeEach(() => {
  table = freshTable();
});

interface Heard extends EndListener {
  readonly ids: SessionId[];
  gaps: number;
}

function hearing(): Heard {
  const heard: Heard = {
    ids: [],
    gaps: 0,
    onEnded: (ids) => heard.ids.push(...ids),
    onGap: () => {
      heard.gaps += 1;
    },
  };
  return heard;
}

function poolOf(max = 4): Pool {
  const pool = new Pool({ connectionString: server.url, max, connectionTimeoutMillis: 60_000 });
  pool.on("error", () => undefined);
  return pool;
}

/** Resolves once a call is answered again. */
async function back(store: SessionStore): Promise<void> {
  const answers = (): Promise<boolean> =>
    store.load(recordAt(NOW, { manager }).id, within(1_000)).then(
      () => true,
      () => false,
    );
  await expect.poll(answers).toBe(true);
}

describe("a server that is away", () => {
  it.each([
    ["a Pool of pg", connectPool],
    ["postgres.js", connectPostgresJs],
  ])("is used again when it is back, through the same client: %s", async (_, connect) => {
    const { client, close } = await connect(server.url);
    const store = postgresStore(client, { table, synchronousEnds: "on" });
    const [record, ended] = [recordAt(NOW, { manager }), recordAt(NOW, { manager })];
    await store.create(record, call);
    await store.create(ended, call);
    const tombstone = tombstoneAt(NOW, ended);
    await store.end(tombstone, undefined, call);
    await server.crash();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const failure = await store
        .update(successorOf(record), record.version, within(500))
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreError);
    }
    await server.server.start();
    await back(store);
    expect(await store.load(record.id, call)).toEqual(record);
    expect(await store.load(ended.id, call)).toEqual(tombstone);
    await close();
  });

  it("was certainly not written to, where it could not be reached", async () => {
    const nowhere = server.url.replace(/:\d+\//, ":9/");
    const pool = new Pool({ connectionString: nowhere });
    const sql = postgres(nowhere);
    for (const client of [pool, sql]) {
      const store = postgresStore(client);
      const failure = store.create(recordAt(NOW, { manager }), within(2_000));
      await expect(failure).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
    }
    await pool.end();
    await sql.end();
  });

  it("leaves it open whether it wrote, where the connection was cut in the midst", async () => {
    const pool = poolOf();
    const store = postgresStore(pool, { table });
    await store.load(recordAt(NOW, { manager }).id, call);
    const release = await lockTable(server.url, table);
    const failure = store.create(recordAt(NOW, { manager }), call).catch((error) => error);
    const ask = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
    await expect.poll(async () => (await pool.query(ask)).rowCount).toBe(1);
    expect(await failure).toMatchObject({ name: "StoreError", outcome: "unknown" });
    await release();
    expect(await store.create(recordAt(NOW, { manager }), call)).toBe("created");
    await pool.end();
  });
});

describe("a call that is aborted", () => {
  it("waits neither for a connection nor leaves a statement behind", async () => {
    const pool = poolOf(1);
    const store = postgresStore(pool, { table });
    const record = recordAt(NOW, { manager });
    await store.load(record.id, call);
    const taken = await pool.connect();
    await expect(store.create(record, within(50))).rejects.toMatchObject({ outcome: "failed" });
    expect(pool.waitingCount).toBe(1);
    taken.release();
    expect(await store.load(record.id, call)).toBeUndefined();
    expect(pool.idleCount).toBe(1);
    await pool.end();
  });

  it("gives its connection back when the server answers late", async () => {
    const pool = poolOf(1);
    const store = postgresStore(pool, { table });
    const record = recordAt(NOW, { manager });
    await store.load(record.id, call);
    const release = await lockTable(server.url, table);
    await expect(store.create(record, within(500))).rejects.toMatchObject({ outcome: "unknown" });
    await expect(store.load(record.id, within(50))).rejects.toMatchObject({ outcome: "failed" });
    await release();
    // The first one arrived, late: nobody may say that it did not.
    expect(await store.load(record.id, call)).toEqual(record);
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);
    await pool.end();
  });

  it("loses its connection soon, where it was the only one and never answers", async () => {
    const pool = poolOf(1);
    const store = postgresStore(pool, { table });
    const record = recordAt(NOW, { manager });
    await store.load(record.id, call);
    const release = await lockTable(server.url, table);
    await expect(store.create(record, within(500))).rejects.toMatchObject({ outcome: "unknown" });
    // The only one is given up for one that asks the server what becomes of it.
    await expect.poll(() => pool.idleCount).toBe(1);
    await release();
    await back(store);
    await pool.end();
  });

  it("leaves no listener on its signal", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener, signal.removeEventListener];
    Object.assign(signal, {
      addEventListener: (...rest: Parameters<typeof add>) => {
        listeners += 1;
        add.apply(signal, rest);
      },
      removeEventListener: (...rest: Parameters<typeof remove>) => {
        listeners -= 1;
        remove.apply(signal, rest);
      },
    });
    const pool = poolOf();
    const store = postgresStore(pool, { table });
    await store.create(recordAt(NOW, { manager }), { now: NOW, signal });
    expect(listeners).toBe(0);
    await pool.end();
  });
});

describe("announcements", () => {
  it("say when they may have missed something, and go on when the server is back", async () => {
    const pool = poolOf();
    const store = postgresStore(pool, { table });
    const heard = hearing();
    await store.load(recordAt(NOW, { manager }).id, call);
    const stop = await store.announcements.subscribe(heard, call);
    await server.crash();
    await expect.poll(() => heard.gaps).toBe(1);
    await server.server.start();
    await expect.poll(() => heard.gaps).toBe(2);
    const record = recordAt(NOW, { manager });
    // A crash without synchronous commit may have taken the new tables along.
    const fresh = postgresStore(pool, { table });
    await fresh.create(record, call);
    await fresh.end(tombstoneAt(NOW, record), undefined, call);
    await expect.poll(() => heard.ids).toEqual([record.id]);
    await stop();
    await pool.end();
  });

  it("go on through postgres.js too, which tells of the gap afterwards", async () => {
    const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
    const store = postgresStore(sql, { table });
    const heard = hearing();
    const stop = await store.announcements.subscribe(heard, call);
    const ask = new Client({ connectionString: server.url });
    await ask.connect();
    await ask.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%'",
    );
    await ask.end();
    await expect.poll(() => heard.gaps).toBe(1);
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    await store.end(tombstoneAt(NOW, record), undefined, call);
    await expect.poll(() => heard.ids).toEqual([record.id]);
    await stop();
    await sql.end();
  });

  it("reach across many sessions that end at once", async () => {
    const pool = poolOf();
    const store = postgresStore(pool, { table });
    const heard = hearing();
    await store.announcements.subscribe(heard, call);
    const records = Array.from({ length: 400 }, () => recordAt(NOW, { manager, userId: "bot" }));
    await Promise.all(records.map((record) => store.create(record, call)));
    const end = { except: undefined, version: freshCommit(), reason: "revoked" as const };
    const times = { endedAt: NOW, expiresAt: NOW + 60_000 };
    const ended = await store.directory.endAll(
      { manager, userId: "bot" },
      { ...end, ...times },
      call,
    );
    const ids = records.map(({ id }) => id).sort();
    expect(ended.toSorted()).toEqual(ids);
    await expect.poll(() => heard.ids.length).toBe(400);
    expect(heard.ids.toSorted()).toEqual(ids);
    await store.close();
    await pool.end();
  });

  it("keep one connection for all who listen, and none after the last", async () => {
    const pool = poolOf();
    const store = postgresStore(pool, { table });
    const stops = await Promise.all(
      [hearing(), hearing(), hearing()].map((heard) => store.announcements.subscribe(heard, call)),
    );
    const lent = (): number => pool.totalCount - pool.idleCount;
    expect(lent()).toBe(1);
    for (const stop of stops) await stop();
    await expect.poll(lent).toBe(0);
    await store.announcements.subscribe(hearing(), call);
    await store.close();
    await pool.end();
    expect(pool.totalCount).toBe(0);
  });

  it("cannot be subscribed to while no connection is free, and take none later", async () => {
    const pool = poolOf(2);
    const store = postgresStore(pool, { table });
    const taken = [await pool.connect(), await pool.connect()];
    const failing = store.announcements.subscribe(hearing(), within(50));
    await expect(failing).rejects.toMatchObject({ operation: "subscribe", outcome: "failed" });
    for (const client of taken) client.release();
    await expect.poll(() => pool.totalCount - pool.idleCount).toBe(0);
    await pool.end();
  });

  it("are refused by a pool that has one connection, which goes on with all other calls", async () => {
    const pool = poolOf(1);
    const store = postgresStore(pool, { table });
    await expect(store.announcements.subscribe(hearing(), call)).rejects.toMatchObject({
      operation: "subscribe",
      outcome: "failed",
      message: expect.stringContaining("give it max: 2"),
    });
    const layers = layered(memoryStore(), store, { maxStaleness: "5s" });
    const record = recordAt(NOW, { manager });
    expect(await layers.create(record, call)).toBe("created");
    expect(await layers.load(record.id, call)).toEqual(record);
    expect(warnings()).toEqual([expect.stringContaining("max: 2")]);
    await layers.close?.();
    await pool.end();
  });
});
