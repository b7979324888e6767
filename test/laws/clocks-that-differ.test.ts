import { rm } from "node:fs/promises";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createSessions,
  memoryStore,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { fileStore } from "../../src/stores/file/index.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { temporaryFolder } from "../stores/support/databases.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import { Browser } from "./support/browser.ts";
import { HOUR, MINUTE, SECOND, SetClock } from "./support/clock.ts";

/** How far the clocks of two application servers are apart, each half of it from the store's. */
const SKEW = MINUTE;
const IDLE = 30 * MINUTE;
const ABSOLUTE = 12 * HOUR;

let redisServer: TestServer;
let postgresServer: PostgresServer;
let folder = "";
beforeAll(async () => {
  [redisServer, postgresServer, folder] = await Promise.all([
    startRedis(),
    startPostgres(),
    temporaryFolder(),
  ]);
});
afterAll(async () => {
  await Promise.all([
    redisServer.stop(),
    postgresServer.server.stop(),
    rm(folder, { recursive: true, force: true }),
  ]);
});

interface Opened {
  readonly store: SessionStore;
  close(): Promise<void>;
}

const STORES: readonly (readonly [string, () => Promise<Opened>])[] = [
  ["memory", async () => ({ store: memoryStore(), close: async () => undefined })],
  ["SQLite", async () => opened(sqliteStore(":memory:"))],
  ["files", async () => opened(fileStore(folder))],
  [
    "Redis",
    async () => {
      const client = await createClient({
        url: `redis://127.0.0.1:${redisServer.port}`,
      }).connect();
      const store = redisStore(client);
      return {
        store,
        close: async () => {
          await store.close?.();
          client.destroy();
        },
      };
    },
  ],
  [
    "PostgreSQL",
    async () => {
      const { Pool } = await import("pg");
      const pool = new Pool({ connectionString: postgresServer.url });
      const store = postgresStore(pool);
      return {
        store,
        close: async () => {
          await store.close?.();
          await pool.end();
        },
      };
    },
  ],
];

function opened(store: SessionStore): Opened {
  return { store, close: async () => store.close?.() };
}

/** Two application servers on one store, one behind the store's clock and one ahead of it. */
class Pair {
  readonly #behind = new SetClock();
  readonly #ahead = new SetClock();
  readonly behind: Sessions<Untyped>;
  readonly ahead: Sessions<Untyped>;

  constructor(store: SessionStore) {
    const now = Date.now();
    this.#behind.move(now - SKEW / 2 - this.#behind.now());
    this.#ahead.move(now + SKEW / 2 - this.#ahead.now());
    this.behind = createSessions<Untyped>({ store, clock: this.#behind });
    // Another manager object of one name on one store object would be refused, so it is wrapped.
    this.ahead = createSessions<Untyped>({ store: sameStore(store), clock: this.#ahead });
  }

  move(ms: number): void {
    this.#behind.move(ms);
    this.#ahead.move(ms);
  }
}

function sameStore(store: SessionStore): SessionStore {
  return {
    profile: store.profile,
    load: (id, call) => store.load(id, call),
    create: (record, call) => store.create(record, call),
    update: (record, expected, call) => store.update(record, expected, call),
    end: (tombstone, expected, call) => store.end(tombstone, expected, call),
    ...(store.touch === undefined ? {} : { touch: store.touch.bind(store) }),
    ...(store.directory === undefined ? {} : { directory: store.directory }),
  };
}

async function signedIn(sessions: Sessions<Untyped>): Promise<Browser> {
  const browser = new Browser(sessions);
  await browser.visit((session) => session.signIn("ada"));
  return browser;
}

async function isSignedIn(browser: Browser, sessions: Sessions<Untyped>): Promise<boolean> {
  const { json } = await browser.copy(sessions).visit((session) => session.userId ?? null);
  return json === "ada";
}

describe.each(STORES)("with clocks a minute apart, on %s", (_name, open) => {
  const on = async (play: (pair: Pair) => Promise<void>): Promise<void> => {
    const { store, close } = await open();
    try {
      await play(new Pair(store));
    } finally {
      await close();
    }
  };

  it("a session in use lives for all of its absolute time but that minute, whoever serves it", () =>
    on(async (pair) => {
      const browser = await signedIn(pair.behind);
      const stepMs = 25 * MINUTE;
      for (let passedMs = stepMs; passedMs < ABSOLUTE - SKEW; passedMs += stepMs) {
        pair.move(stepMs);
        expect(await isSignedIn(browser, pair.ahead)).toBe(true);
        expect(await isSignedIn(browser, pair.behind)).toBe(true);
      }
    }));

  it("an idle session ends a minute early at the most", () =>
    on(async (pair) => {
      const browser = await signedIn(pair.behind);
      pair.move(IDLE - SKEW - SECOND);
      expect(await isSignedIn(browser.copy(), pair.ahead)).toBe(true);
    }));

  it("an idle session ends a minute late at the most", () =>
    on(async (pair) => {
      const browser = await signedIn(pair.ahead);
      pair.move(IDLE + SKEW);
      expect(await isSignedIn(browser, pair.behind)).toBe(false);
      expect(await isSignedIn(browser, pair.ahead)).toBe(false);
    }));

  it("no activity carries a session over its absolute end by more than that minute", () =>
    on(async (pair) => {
      const browser = await signedIn(pair.ahead);
      for (let step = 0; step < 29; step += 1) {
        pair.move(ABSOLUTE / 30);
        expect(await isSignedIn(browser, pair.ahead)).toBe(true);
      }
      pair.move(ABSOLUTE / 30 + SKEW);
      expect(await isSignedIn(browser, pair.behind)).toBe(false);
    }));

  it("activity that a server behind reports does not take back what one ahead has seen", () =>
    on(async (pair) => {
      const browser = await signedIn(pair.behind);
      pair.move(IDLE / 2);
      expect(await isSignedIn(browser, pair.ahead)).toBe(true);
      expect(await isSignedIn(browser, pair.behind)).toBe(true);
      pair.move(IDLE - SECOND);
      expect(await isSignedIn(browser, pair.ahead)).toBe(true);
    }));

  it("a session that one has ended is dead for the other at once", () =>
    on(async (pair) => {
      for (const [by, other] of [
        [pair.behind, pair.ahead],
        [pair.ahead, pair.behind],
      ] as const) {
        const browser = await signedIn(other);
        const witness = browser.copy();
        await browser.copy(by).visit((session) => session.signOut());
        expect(await isSignedIn(witness, other)).toBe(false);
        expect(await isSignedIn(witness, by)).toBe(false);
      }
    }));
});
