import { setTimeout as pause } from "node:timers/promises";
import { type Pool as CallbackPool, createPool as createCallbackPool } from "mysql2";
import {
  type Connection,
  createConnection,
  createPool,
  type Pool,
  type PoolOptions,
  type RowDataPacket,
} from "mysql2/promise";
import { type MysqlPool, mysqlStore } from "../../../src/stores/mysql/index.ts";
import type { OpenStore } from "../../../src/testing/store.ts";
import { mariadbAddress } from "../../support/servers/mariadb.ts";
import type { TestServer } from "../../support/servers/test-server.ts";

const LOOK_INTERVAL_MS = 5;

/** A pool of one of the two kinds, with what the tests do to it themselves. */
export interface TestPool {
  readonly pool: MysqlPool;
  readonly direct: Pool;
}

/** Makes a pool with settings that an application may have. */
export type Connect = (server: TestServer, settings?: PoolOptions) => TestPool;

/** A pool of `mysql2/promise`. */
export const withPromises: Connect = (server, settings = {}) => {
  const pool = createPool({ ...mariadbAddress(server), ...settings });
  return { pool, direct: pool };
};

/** A pool of `mysql2`, whose methods take callbacks. */
export const withCallbacks: Connect = (server, settings = {}) => {
  const pool: CallbackPool = createCallbackPool({ ...mariadbAddress(server), ...settings });
  return { pool, direct: pool.promise() };
};

/** A pool of `mysql2/promise` whose every connection speaks SQL in an odd way. */
export const withOddSessions: Connect = (server, settings = {}) => {
  const { pool, direct } = withPromises(server, settings);
  const mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,EMPTY_STRING_IS_NULL";
  direct.on("connection", (connection) => {
    connection.query(`SET SESSION sql_mode = '${mode}', tx_isolation = 'SERIALIZABLE'`);
  });
  return { pool, direct };
};

let tables = 0;

/** The name of a table that no other test has. */
export function freshTable(): string {
  tables += 1;
  return `sessions_${process.pid}_${tables}`;
}

/** Opens the store on a table of its own, for the public suite. */
export function openMysql(
  server: () => TestServer,
  connect: Connect,
  settings: PoolOptions = {},
): OpenStore {
  return async () => {
    const table = freshTable();
    const pools = [connect(server(), settings), connect(server(), settings)] as const;
    return {
      store: mysqlStore(pools[0].pool, { table }),
      sibling: async () => mysqlStore(pools[1].pool, { table }),
      stall: () => lockTable(server(), table),
      async close() {
        await dropTables(pools[0].direct, table);
        for (const { direct } of pools) await direct.end();
      },
    };
  };
}

/** Keeps every other connection from reading and writing a table, until it is called. */
async function lockTable(server: TestServer, table: string): Promise<() => Promise<void>> {
  const holder = await createConnection(mariadbAddress(server));
  await holder.query(`LOCK TABLES \`${table}\` WRITE`);
  return () => holder.end();
}

/** Keeps every other connection from writing a row, until it is called. */
export async function lockRow(
  server: TestServer,
  { table, id }: { readonly table: string; readonly id: string },
): Promise<() => Promise<void>> {
  const holder = await createConnection(mariadbAddress(server));
  await holder.beginTransaction();
  await holder.query(`SELECT id FROM \`${table}\` WHERE id = ? FOR UPDATE`, [id]);
  return async () => {
    await holder.rollback();
    await holder.end();
  };
}

export async function dropTables(pool: Pool | Connection, table: string): Promise<void> {
  const names = [table, `${table}_generations`, `${table}_meta`];
  await pool.query(`DROP TABLE IF EXISTS ${names.map((name) => `\`${name}\``).join(", ")}`);
}

/** The rows of a query that the test itself asks. */
export async function ask(pool: Pool, sql: string): Promise<readonly RowDataPacket[]> {
  const [rows] = await pool.query<RowDataPacket[]>(sql);
  return rows;
}

/** Resolves once something holds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(LOOK_INTERVAL_MS);
}
