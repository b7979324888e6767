import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Pool } from "pg";
import { createClient } from "redis";
import { createStorage } from "unstorage";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { cookieCache, cookieStore } from "../../src/cookies/cookie.ts";
import {
  createSessions,
  type Expiry,
  memoryStore,
  OptionsError,
  type SessionStore,
  type Sessions,
  StoreError,
  type Untyped,
} from "../../src/index.ts";
import { unstorageStore } from "../../src/stores/bridges/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { fileStore } from "../../src/stores/file/index.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { recordAt } from "../../src/testing/store/fixtures.ts";
import { startMariadb } from "../support/servers/mariadb.ts";
import { startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import { Browser } from "./support/browser.ts";
import { HOUR, SetClock } from "./support/clock.ts";
import { KEY, onDatabases, PLACES, type Servers } from "./support/places.ts";
import { World } from "./support/world.ts";

let servers: Servers;
let folder: string;
beforeAll(async () => {
  const [redis, postgres, mariadb] = await Promise.all([
    startRedis(),
    startPostgres(),
    startMariadb(["--innodb-flush-log-at-trx-commit=2"]),
  ]);
  servers = { redis, postgres, mariadb };
  folder = await mkdtemp(join(tmpdir(), "sojourn-at-work-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await Promise.all([servers.redis.stop(), servers.postgres.server.stop(), servers.mariadb.stop()]);
});

describe("prepare", () => {
  it.each(Object.keys(PLACES))("makes ready what the first visitor needs, by %s", async (name) => {
    const place = await PLACES[name]?.(servers);
    if (place === undefined) throw new Error("no such place");
    const sessions = createSessions({ store: place.store }) as Sessions<Untyped>;
    await sessions.prepare();
    await Promise.all([sessions.prepare(), sessions.prepare()]);
    // Reads the tables, which are there by now, and finds that nothing was left in them.
    expect(await place.held()).not.toContain("s_");
    const browser = new Browser(sessions);
    await browser.visit((session) => session.signIn("ada"));
    expect((await browser.visit((session) => session.userId)).json).toBe("ada");
    await place.close();
  });

  it("sends the store one write, and no more", async () => {
    const world = new World();
    await world.sessions.prepare();
    expect(world.switch.calls).toEqual(["end"]);
    expect(await world.live()).toBe(0);
    expect(world.heard).toEqual([]);
  });

  it.each<[string, () => object]>([
    [
      "an unstorage storage",
      () => ({ store: unstorageStore(createStorage(), { notice: () => undefined }) }),
    ],
    [
      "cookies",
      () => ({
        store: cookieStore({ revocations: sqliteStore(join(folder, "revoked.db")) }),
        keys: [KEY],
      }),
    ],
    [
      "cookies alone",
      () => ({
        store: cookieStore({
          revocations: "none: a copied cookie works until it expires, signed out or not",
        }),
        keys: [KEY],
      }),
    ],
    [
      "a copy in a cookie",
      () => ({ store: cookieCache(memoryStore(), { maxStaleness: "5s" }), keys: [KEY] }),
    ],
  ])("is content with %s", async (_name, options) => {
    const sessions = createSessions(options() as never);
    await sessions.prepare();
    await sessions.prepare();
    await sessions.close();
  });

  it("makes the store of ends ready, too", async () => {
    const place = await onDatabases((path) => sqliteStore(path("revoked")));
    await createSessions({
      store: cookieStore({ revocations: place.store }),
      keys: [KEY],
    }).prepare();
    expect(await place.held()).toContain("version");
    await place.close();
  });

  it("fails with the cause where nobody is there", async () => {
    const closed = createServer().listen(0);
    const { port } = closed.address() as { readonly port: number };
    await new Promise((resolve) => closed.close(resolve));
    const pool = new Pool({ host: "127.0.0.1", port, connectionTimeoutMillis: 1_000 });
    pool.on("error", () => undefined);
    const sessions = createSessions({ store: postgresStore(pool) });
    const failure = await sessions.prepare().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({ operation: "prepare", outcome: "failed" });
    expect(String((failure as Error).stack)).toContain("ECONNREFUSED");
    await pool.end();
  });

  it("waits no longer than storeTimeout for a server that says nothing", async () => {
    const client = createClient({ url: `redis://127.0.0.1:${servers.redis.port}` });
    client.on("error", () => undefined);
    await client.connect();
    servers.redis.pause();
    const sessions = createSessions({ store: redisStore(client), storeTimeout: "200ms" });
    const begun = performance.now();
    await expect(sessions.prepare()).rejects.toMatchObject({ operation: "prepare" });
    expect(performance.now() - begun).toBeLessThan(5_000);
    servers.redis.resume();
    await sessions.prepare();
    client.destroy();
  });

  it("finds tables that a newer release has made, and such as nobody has made", async () => {
    const path = join(folder, "newer.db");
    await createSessions({ store: sqliteStore(path) }).prepare();
    const database = new DatabaseSync(path);
    database.exec("UPDATE sojourn_sessions_meta SET value = 99");
    database.close();
    await expect(createSessions({ store: sqliteStore(path) }).prepare()).rejects.toMatchObject({
      cause: { message: expect.stringContaining("schema version 99") },
    });
    const pool = new Pool({
      connectionString: servers.postgres.url,
      connectionTimeoutMillis: 5_000,
    });
    pool.on("error", () => undefined);
    const store = postgresStore(pool, { table: "nobodys", schema: "check" });
    await expect(createSessions({ store }).prepare()).rejects.toMatchObject({
      cause: { message: expect.stringContaining("postgresSchema()") },
    });
    await pool.end();
  });

  it("finds that it may read and not write", async () => {
    const path = join(folder, "readable.db");
    await createSessions({ store: sqliteStore(path) }).prepare();
    const database = new DatabaseSync(path, { readOnly: true });
    await expect(createSessions({ store: sqliteStore(database) }).prepare()).rejects.toMatchObject({
      operation: "prepare",
    });
    database.close();
    const admin = new Pool({
      connectionString: servers.postgres.url,
      connectionTimeoutMillis: 5_000,
    });
    admin.on("error", () => undefined);
    await createSessions({ store: postgresStore(admin, { table: "shown" }) }).prepare();
    await admin.query(`CREATE ROLE reader LOGIN;
      GRANT SELECT ON shown, shown_generations, shown_meta TO reader`);
    const reader = new Pool({
      connectionString: servers.postgres.url.replace("postgres@", "reader@"),
      connectionTimeoutMillis: 5_000,
    });
    reader.on("error", () => undefined);
    const store = postgresStore(reader, { table: "shown" });
    await expect(createSessions({ store }).prepare()).rejects.toMatchObject({
      operation: "prepare",
    });
    await reader.end();
    await admin.end();
  });

  it("finds a folder that is none", async () => {
    const path = join(folder, "occupied");
    await writeFile(path, "a file");
    await expect(createSessions({ store: fileStore(path) }).prepare()).rejects.toMatchObject({
      operation: "prepare",
    });
  });

  it("asks for the keys that a function returns", async () => {
    let keys: readonly string[] = [KEY];
    const given = (): readonly string[] => {
      if (keys.length === 0) throw new Error("the vault is sealed");
      return keys;
    };
    const cookies = createSessions({
      store: cookieCache(memoryStore(), { maxStaleness: "5s" }),
      keys: given,
    });
    const sealed = createSessions({ store: encrypted(memoryStore(), given) });
    await cookies.prepare();
    await sealed.prepare();
    keys = [];
    await expect(cookies.prepare()).rejects.toBeInstanceOf(OptionsError);
    await expect(sealed.prepare()).rejects.toMatchObject({
      operation: "prepare",
      cause: { cause: expect.any(OptionsError) },
    });
  });

  it("fails once the sessions are closed", async () => {
    const sessions = createSessions({ store: memoryStore() });
    await sessions.close();
    await expect(sessions.prepare()).rejects.toBeInstanceOf(StoreError);
  });
});

function storeWith(expiry: Expiry): SessionStore {
  const inner = memoryStore();
  return {
    profile: inner.profile,
    load: inner.load.bind(inner),
    create: inner.create.bind(inner),
    update: inner.update.bind(inner),
    end: inner.end.bind(inner),
    expiry,
  };
}

describe("processes that start together", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("do not sweep together, each at the interval", async () => {
    const processes = 50;
    const begun = performance.now();
    const sweeps: number[][] = [];
    for (let each = 0; each < processes; each += 1) {
      const at: number[] = [];
      sweeps.push(at);
      const deleteExpired = async (): Promise<number> => {
        at.push(performance.now() - begun);
        return 0;
      };
      const sessions = createSessions({ store: storeWith({ intervalMs: 600_000, deleteExpired }) });
      await new Browser(sessions as Sessions<Untyped>).visit(() => undefined);
    }
    await vi.advanceTimersByTimeAsync(3 * 600_000);
    for (const [first = 0, second = 0, third = 0, ...more] of sweeps) {
      expect(more).toEqual([]);
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThanOrEqual(600_000);
      expect([second - first, third - second]).toEqual([600_000, 600_000]);
    }
    // Spread over the whole of it: in no tenth are more than a third of them, of five expected.
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const within = sweeps.filter(([first = 0]) => Math.ceil(first / 60_000) - 1 === tenth);
      expect(within.length).toBeLessThan(processes / 3);
    }
  });

  it("leave no timer behind that were closed before their first sweep", async () => {
    const deleteExpired = vi.fn(async () => 0);
    const sessions = createSessions({ store: storeWith({ intervalMs: 1_000, deleteExpired }) });
    await new Browser(sessions as Sessions<Untyped>).visit(() => undefined);
    await sessions.close();
    expect(vi.getTimerCount()).toBe(0);
    await new Browser(sessions as Sessions<Untyped>).visit(() => undefined);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("deleteExpired within a budget", () => {
  it("is done where nothing is left, and where the store does it by itself", async () => {
    const world = new World();
    expect(await world.sessions.deleteExpired({ budget: "1s" })).toEqual({
      deleted: 0,
      isDone: true,
    });
    const expiry = { intervalMs: 1_000, deleteExpired: async () => 3 };
    const sessions = createSessions({ store: storeWith(expiry) });
    expect(await sessions.deleteExpired({ budget: 50 })).toEqual({ deleted: 3, isDone: true });
  });

  it.each([{}, { budget: undefined }, { budget: 0 }, { budget: "soon" }, { budjet: "1s" }])(
    "refuses what is no budget: %j",
    async (options) => {
      const sessions = createSessions({ store: memoryStore() });
      await expect(sessions.deleteExpired(options as never)).rejects.toBeInstanceOf(OptionsError);
    },
  );

  /** Works until it is told to stop, so often; then it is done. */
  function busy(steps: number): Expiry & { calls: number; longestMs: number } {
    const expiry = {
      intervalMs: 60_000,
      calls: 0,
      longestMs: 0,
      async deleteExpired({ signal }: { readonly signal: AbortSignal }): Promise<number> {
        expiry.calls += 1;
        if (expiry.calls > steps) return 0;
        const begun = performance.now();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        expiry.longestMs = Math.max(expiry.longestMs, performance.now() - begun);
        return expiry.calls % 2 === 0 ? 0 : 10;
      },
    };
    return expiry;
  }

  it("goes on while there is time, each step within storeTimeout, also where one finds nothing", async () => {
    const expiry = busy(4);
    const sessions = createSessions({ store: storeWith(expiry), storeTimeout: "200ms" });
    expect(await sessions.deleteExpired({ budget: "1m" })).toEqual({ deleted: 20, isDone: true });
    expect(expiry.calls).toBe(5);
    expect(expiry.longestMs).toBeLessThan(10_000);
  });

  it("ends within the budget, and says that there is more", async () => {
    const expiry = busy(1_000_000);
    const sessions = createSessions({ store: storeWith(expiry), storeTimeout: "200ms" });
    const begun = performance.now();
    const { deleted, isDone } = await sessions.deleteExpired({ budget: "900ms" });
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(isDone).toBe(false);
    expect(deleted).toBeGreaterThan(0);
  });

  it("does not take a step for a failure that its time ran out in", async () => {
    let calls = 0;
    const deleteExpired: Expiry["deleteExpired"] = async ({ signal }) => {
      calls += 1;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      if (calls === 1) return 7;
      throw new Error("stopped");
    };
    const store = storeWith({ intervalMs: 60_000, deleteExpired });
    const sessions = createSessions({ store, storeTimeout: "500ms" });
    expect(await sessions.deleteExpired({ budget: "700ms" })).toEqual({
      deleted: 7,
      isDone: false,
    });
  });

  it("rejects where the store cannot answer", async () => {
    const deleteExpired = (): Promise<number> => Promise.reject(new Error("locked"));
    const sessions = createSessions({ store: storeWith({ intervalMs: 60_000, deleteExpired }) });
    await expect(sessions.deleteExpired({ budget: "5s" })).rejects.toBeInstanceOf(StoreError);
  });

  it.each(["sqlite", "postgres", "mysql", "file"])(
    "goes on at the next call where it stopped, by %s",
    { timeout: 120_000 },
    async (name) => {
      const place = await PLACES[name]?.(servers);
      if (place === undefined) throw new Error("no such place");
      const { store } = place;
      const past = Date.now() - 48 * HOUR;
      const call = { now: past, signal: new AbortController().signal };
      const total = name === "file" ? 300 : 2_000;
      for (let at = 0; at < total; at += 100) {
        const some = Array.from({ length: Math.min(100, total - at) }, () =>
          store.create(recordAt(past, { manager: "session" }), call),
        );
        await Promise.all(some);
      }
      const sessions = createSessions({ store, clock: new SetClock(past + 3 * HOUR) });
      // A sweep of files also looks after what crashes left, at the end of each round.
      const budget = name === "file" ? 1_000 : 40;
      await untilDone(sessions, budget);
      await nothingLeft(sessions, () => store.directory?.count("session", { ...call, now: past }));
      await place.close();
    },
  );
});

/** What a step that was cut off holds still is none of the others': it comes to its own end. */
function nothingLeft(
  sessions: Pick<Sessions<Untyped>, "deleteExpired">,
  count: () => Promise<number> | undefined,
): Promise<boolean> {
  return vi.waitUntil(
    async () => {
      if ((await count()) === 0) return true;
      await sessions.deleteExpired({ budget: "5s" });
      return false;
    },
    { timeout: 20_000 },
  );
}

async function untilDone(
  sessions: Pick<Sessions<Untyped>, "deleteExpired">,
  budget: number,
): Promise<void> {
  for (let [calls, isDone] = [0, false]; !isDone; calls += 1) {
    // Too little for one step, now and then: then it fails, and has perhaps deleted something.
    const outcome = await sessions.deleteExpired({ budget }).catch(() => undefined);
    isDone = outcome?.isDone ?? false;
    if (calls > 2_000) throw new Error("it does not come to an end");
  }
}
