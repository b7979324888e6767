import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StoreCall } from "../../src/core/store.ts";
import { type PostgresClient, postgresStore } from "../../src/stores/postgres/index.ts";
import { freshId } from "../../src/testing/store/fixtures.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { heardWarnings } from "../support/warnings.ts";

const call = (): StoreCall => ({ now: Date.now(), signal: AbortSignal.timeout(5_000) });
const quiet = (): void => undefined;
const warnings = heardWarnings();

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.server.stop());

/** Two calls of two stores. */
async function use(client: PostgresClient): Promise<void> {
  for (const store of [postgresStore(client), postgresStore(client)]) {
    await store.load(freshId("shop"), call());
    await store.load(freshId("shop"), call());
  }
}

describe("a Pool of pg", () => {
  it("is warned about once, where nobody hears its errors", async () => {
    const pool = new Pool({ connectionString: server.url, connectionTimeoutMillis: 5_000 });
    const store = postgresStore(pool);
    expect(warnings()).toEqual([]);
    await store.load(freshId("shop"), call());
    await use(pool);
    expect(warnings()).toEqual([expect.stringContaining('.on("error"')]);
    await pool.end();
  });

  it("is warned about once, where it may wait for a connection for ever", async () => {
    const pool = new Pool({ connectionString: server.url });
    pool.on("error", quiet);
    await use(pool);
    expect(warnings()).toEqual([expect.stringContaining("connectionTimeoutMillis: 5_000")]);
    await pool.end();
  });

  it("is not warned about where it has both", async () => {
    const pool = new Pool({ connectionString: server.url, connectionTimeoutMillis: 5_000 });
    pool.on("error", quiet);
    await use(pool);
    expect(warnings()).toEqual([]);
    await pool.end();
  });
});

describe("a Client of pg", () => {
  it.each([
    ["is warned about once, where nobody hears its errors", false],
    ["is not warned about where somebody does", true],
  ])("%s", async (_, isHeard) => {
    const client = new Client({ connectionString: server.url });
    if (isHeard) client.on("error", quiet);
    await client.connect();
    await use(client);
    expect(warnings()).toEqual(isHeard ? [] : [expect.stringContaining('.on("error"')]);
    await client.end();
  });
});
