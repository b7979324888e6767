import { Client, Pool, type PoolClient } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionStore, StoreCall } from "../../src/core/store.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { heardWarnings } from "../support/warnings.ts";
import { freshTable } from "./support/postgres-databases.ts";

const NOW = 1_800_000_000_000;
const LIMIT = 3;
const manager = "shop";
const call = (): StoreCall => ({ now: NOW, signal: AbortSignal.timeout(5_000) });
const seen = { lastSeenAt: NOW + 1, expiresAt: NOW + 86_400_000 };

/** As older releases of `pg` are: it does not remember what the server said. */
class ForgetfulClient extends Client {
  constructor(...given: ConstructorParameters<typeof Client>) {
    super(...given);
    Object.defineProperty(this, "getTransactionStatus", { value: undefined });
  }
}

const warnings = heardWarnings();

let server: PostgresServer;
let table = "";
/** Another process, which sees what is kept. */
let elsewhere: SessionStore;
let witness: Pool;
beforeAll(async () => {
  server = await startPostgres();
  witness = new Pool({ connectionString: server.url, max: 2 });
  witness.on("error", () => undefined);
});
afterAll(async () => {
  await witness.end();
  await server.server.stop();
});
beforeEach(() => {
  table = freshTable();
  elsewhere = postgresStore(witness, { table });
});

function poolOf(Made: typeof Client): Pool {
  const pool = new Pool({
    connectionString: server.url,
    max: LIMIT,
    connectionTimeoutMillis: 5_000,
    Client: Made,
  });
  pool.on("error", () => undefined);
  return pool;
}

/** Leaves each of the pool's clients in the middle of something. */
async function leave(pool: Pool, ...statements: readonly string[]): Promise<void> {
  const clients = await Promise.all(Array.from({ length: LIMIT }, () => pool.connect()));
  for (const client of clients) {
    for (const statement of statements) await client.query(statement).catch(() => undefined);
  }
  for (const client of clients) client.release();
}

describe.each([
  ["pg", Client],
  ["a pg that does not remember the status", ForgetfulClient],
])("a transaction that was left open in the Pool of %s", (_, Made) => {
  let pool: Pool;
  let store: SessionStore;
  beforeEach(async () => {
    pool = poolOf(Made);
    store = postgresStore(pool, { table });
    await store.load(recordAt(NOW, { manager }).id, call());
  });
  afterEach(() => pool.end());

  describe.each([
    ["open", ["BEGIN", "SELECT 1"]],
    ["open, with its snapshot", ["BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1"]],
    ["read-only", ["BEGIN READ ONLY", "SELECT 1"]],
    ["failed", ["BEGIN", "SELECT 1 / 0"]],
  ])("and is %s", (_kind, statements) => {
    it("takes no sign-in along", async () => {
      const record = recordAt(NOW, { manager });
      await leave(pool, ...statements);
      expect(await store.create(record, call())).toBe("created");
      expect(await elsewhere.load(record.id, call())).toEqual(record);
    });

    it("takes no sign-out along", async () => {
      const record = recordAt(NOW, { manager });
      await elsewhere.create(record, call());
      await leave(pool, ...statements);
      const tombstone = tombstoneAt(NOW, record);
      expect(await store.end(tombstone, undefined, call())).toEqual({ kind: "ended" });
      expect(await elsewhere.load(record.id, call())).toEqual(tombstone);
    });

    it("takes no update and no touch along", async () => {
      const [record, touched] = [recordAt(NOW, { manager }), recordAt(NOW, { manager })];
      for (const each of [record, touched]) await elsewhere.create(each, call());
      const next = successorOf(record);
      await leave(pool, ...statements);
      expect(await store.update(next, record.version, call())).toEqual({ kind: "updated" });
      await leave(pool, ...statements);
      expect(await store.touch?.(touched.id, seen, call())).toBe(true);
      expect(await elsewhere.load(record.id, call())).toEqual(next);
      expect(await elsewhere.load(touched.id, call())).toMatchObject(seen);
    });

    it("shows nobody the past, and is warned about once", async () => {
      const record = recordAt(NOW, { manager });
      await elsewhere.create(record, call());
      await leave(pool, ...statements);
      const tombstone = tombstoneAt(NOW, record);
      await elsewhere.end(tombstone, undefined, call());
      for (let load = 0; load <= LIMIT; load += 1) {
        expect(await store.load(record.id, call())).toEqual(tombstone);
      }
      expect(warnings()).toEqual([expect.stringContaining("with a transaction open")]);
      await expect.poll(openTransactions).toEqual([]);
    });
  });

  it("is waited for where its end is under way", async () => {
    const client = await pool.connect();
    await client.query("CREATE TABLE IF NOT EXISTS application (word text)");
    await client.query("TRUNCATE application");
    await client.query("BEGIN");
    await client.query("INSERT INTO application VALUES ('kept')");
    const committed = client.query("COMMIT");
    client.release();
    const record = recordAt(NOW, { manager });
    await Promise.all([committed, store.create(record, call())]);
    expect(await elsewhere.load(record.id, call())).toEqual(record);
    expect((await witness.query("SELECT word FROM application")).rows).toEqual([{ word: "kept" }]);
    expect(warnings()).toEqual([]);
  });

  it("is noticed where its begin is under way", async () => {
    const record = recordAt(NOW, { manager });
    const clients = await Promise.all(Array.from({ length: LIMIT }, () => pool.connect()));
    const begun = clients.map((client: PoolClient) => client.query("BEGIN"));
    for (const client of clients) client.release();
    expect(await store.create(record, call())).toBe("created");
    await Promise.all(begun);
    expect(await elsewhere.load(record.id, call())).toEqual(record);
  });
});

it("tries no more connections than a pool can have, where each begins with a transaction", async () => {
  const onConnect = async (client: Client): Promise<void> => {
    await client.query("BEGIN");
  };
  const pool = new Pool({ connectionString: server.url, max: LIMIT, onConnect } as object);
  pool.on("error", () => undefined);
  let made = 0;
  pool.on("connect", () => {
    made += 1;
  });
  const failure = postgresStore(pool, { table }).create(recordAt(NOW, { manager }), call());
  await expect(failure).rejects.toMatchObject({ outcome: "failed", message: /transaction open/ });
  expect(made).toBeLessThanOrEqual(LIMIT + 1);
  await pool.end();
});

describe.each([
  ["pg", Client],
  ["a pg that does not remember the status", ForgetfulClient],
])("a transaction of the application on a passed Client of %s", (_, Made) => {
  let client: Client;
  let store: SessionStore;
  beforeEach(async () => {
    client = new Made({ connectionString: server.url });
    client.on("error", () => undefined);
    await client.connect();
    store = postgresStore(client, { table });
    await store.load(recordAt(NOW, { manager }).id, call());
  });
  afterEach(() => client.end());

  it("has the store refuse, and goes on", async () => {
    const record = recordAt(NOW, { manager });
    await client.query("BEGIN");
    const refusal = { name: "StoreError", outcome: "failed", message: /transaction open/ };
    await expect(store.create(record, call())).rejects.toMatchObject(refusal);
    await expect(store.load(record.id, call())).rejects.toMatchObject(refusal);
    await client.query("COMMIT");
    expect(await store.create(record, call())).toBe("created");
    expect(await elsewhere.load(record.id, call())).toEqual(record);
  });

  it("leaves it open what becomes of a write, where it was begun at the same moment", async () => {
    const record = recordAt(NOW, { manager });
    const begun = client.query("BEGIN");
    await expect(store.create(record, call())).rejects.toMatchObject({ outcome: "unknown" });
    await begun;
    await client.query("ROLLBACK");
    expect(await elsewhere.load(record.id, call())).toBeUndefined();
    expect(await store.create(record, call())).toBe("created");
  });
});

async function openTransactions(): Promise<readonly unknown[]> {
  const ask = "SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
  return (await witness.query(ask)).rows;
}
