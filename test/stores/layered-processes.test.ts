import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client, Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord } from "../../src/core/record.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { type LayeredStoreOf, layered } from "../../src/stores/layered/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { freshCommit, recordAt, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { freshTable } from "./support/postgres-databases.ts";

const WORKER = fileURLToPath(new URL("./support/layered-worker.ts", import.meta.url));
const MINUTE_MS = 60_000;
/** Two busy processes on a busy machine. */
const SLACK_MS = 5_000;

const manager = "shop";
const { signal } = new AbortController();

let server: PostgresServer;
let pool: Pool;
let table = "";
let store: LayeredStoreOf<Required<SessionStore>>;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.server.stop();
});
beforeEach(() => {
  pool = new Pool({ connectionString: server.url });
  pool.on("error", () => undefined);
  table = freshTable();
  store = layered(memoryStore(), postgresStore(pool, { table }), { maxStaleness: "1m" });
});
afterEach(async () => {
  await store.close();
  await pool.end();
});

interface Word {
  readonly kind: "ready" | "warm" | "ended";
  readonly at: number;
  readonly reads: number;
  readonly loads: number;
}

/** Another process with a near of its own. */
class Neighbour {
  readonly #child: ChildProcess;

  constructor(maxStalenessMs: number) {
    this.#child = fork(WORKER, [server.url, table, String(maxStalenessMs)], {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
  }

  async hears(kind: Word["kind"]): Promise<Word> {
    const [word] = (await once(this.#child, "message")) as [Word];
    expect(word.kind).toBe(kind);
    return word;
  }

  /** Resolves when it has read the session a hundred times. */
  async watches({ id }: SessionRecord): Promise<Word> {
    const warm = this.hears("warm");
    this.#child.send(id);
    return warm;
  }

  async close(): Promise<void> {
    const closed = once(this.#child, "exit");
    this.#child.send("close");
    expect(await closed).toEqual([0, null]);
  }
}

async function created(userId?: string): Promise<SessionRecord> {
  const now = Date.now();
  const record = recordAt(now, { manager, userId });
  await store.create(record, { now, signal });
  return record;
}

/** Which of the connections wait for notifications. */
async function endListening(): Promise<number> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  const { rowCount } = await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%'",
  );
  await client.end();
  return rowCount ?? 0;
}

describe("two processes over PostgreSQL", () => {
  it("see at once what the other one ends, long before the bound", async () => {
    const neighbour = new Neighbour(MINUTE_MS);
    await neighbour.hears("ready");
    const latencies: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const record = await created("alice");
      const { loads } = await neighbour.watches(record);
      expect(loads).toBeLessThanOrEqual(2);
      const ended = neighbour.hears("ended");
      const now = Date.now();
      if (round % 2 === 0) await store.end(tombstoneAt(now, record), undefined, { now, signal });
      else await revokeAll("alice", now);
      latencies.push((await ended).at - now);
    }
    console.info(`seen in the other process after ${latencies.join(", ")} ms`);
    expect(Math.max(...latencies)).toBeLessThan(SLACK_MS);
    await neighbour.close();
  });

  it("see it within the bound, though the listening connections are cut again and again", async () => {
    const boundMs = 300;
    const neighbour = new Neighbour(boundMs);
    await neighbour.hears("ready");
    for (let round = 0; round < 3; round += 1) {
      const record = await created();
      await neighbour.watches(record);
      const ended = neighbour.hears("ended");
      expect(await endListening()).toBeGreaterThan(0);
      const now = Date.now();
      await store.end(tombstoneAt(now, record), undefined, { now, signal });
      expect((await ended).at - now).toBeLessThan(boundMs + SLACK_MS);
    }
    await neighbour.close();
  });
});

async function revokeAll(userId: string, now: number): Promise<void> {
  const times = { endedAt: now, expiresAt: now + MINUTE_MS };
  const end = { except: undefined, version: freshCommit(), reason: "revoked" as const, ...times };
  await store.directory.endAll({ manager, userId }, end, { now, signal });
}
