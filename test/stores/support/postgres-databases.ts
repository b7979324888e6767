import { PGlite } from "@electric-sql/pglite";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { type PostgresClient, postgresStore } from "../../../src/stores/postgres/index.ts";
import type { OpenStore } from "../../../src/testing/store.ts";

/** A client of one of the drivers, and how it is closed. */
interface Connected {
  readonly client: PostgresClient;
  close(): Promise<void>;
}

/** Connects by one of the drivers. */
export type Connect = (url: string) => Promise<Connected>;

export const connectPool: Connect = async (url) => {
  const client = new Pool({ connectionString: url, connectionTimeoutMillis: 5_000, max: 4 });
  // As its documentation asks of every application: idle clients may lose their connection.
  client.on("error", () => undefined);
  return { client, close: () => client.end() };
};

const connectClient: Connect = async (url) => {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  return { client, close: () => client.end() };
};

export const connectPostgresJs: Connect = async (url) => {
  const client = postgres(url, { max: 4, onnotice: () => undefined });
  return { client, close: () => client.end({ timeout: 1 }) };
};

/** Every driver that speaks to a server. */
export const SERVED: readonly (readonly [string, Connect])[] = [
  ["a Pool of pg", connectPool],
  ["a Client of pg", connectClient],
  ["postgres.js", connectPostgresJs],
];

/** Keeps everybody from the sessions until it is called: readers wait too. */
export async function lockTable(url: string, table: string): Promise<() => Promise<void>> {
  const holder = new Client({ connectionString: url });
  await holder.connect();
  await holder.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  return async () => {
    await holder.query("ROLLBACK");
    await holder.end();
  };
}

let tables = 0;

/** A table that no other test uses: the suite counts what is deleted. */
export function freshTable(): string {
  tables += 1;
  return `sessions_${process.pid}_${tables}`;
}

/** Opens the store for the public suite. */
export function openOn(url: () => string, connect: Connect): OpenStore {
  return async () => {
    const table = freshTable();
    const connected: Connected[] = [];
    const opened = async (): Promise<ReturnType<typeof postgresStore>> => {
      const connection = await connect(url());
      connected.push(connection);
      return postgresStore(connection.client, { table });
    };
    const store = await opened();
    return {
      store,
      sibling: opened,
      stall: () => lockTable(url(), table),
      async close() {
        await store.close();
        for (const { close } of connected) await close();
      },
    };
  };
}

/** One PGlite for all tests of a file: it takes seconds to start. */
export async function openPGlite(): Promise<{ readonly pglite: PGlite; readonly open: OpenStore }> {
  const pglite = await PGlite.create();
  const open: OpenStore = async () => {
    const table = freshTable();
    const store = postgresStore(pglite, { table });
    return {
      store,
      sibling: async () => postgresStore(pglite, { table }),
      close: () => store.close(),
    };
  };
  return { pglite, open };
}
