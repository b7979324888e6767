import { driverOf } from "./driver.ts";
import type { SqlReader } from "./sql-pages.ts";

interface PgClient {
  connect(): Promise<unknown>;
  end(): Promise<unknown>;
  query(sql: string, values?: readonly string[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** PostgreSQL by the project's own `pg`, in a session that only reads. */
export async function postgresReader(url: string, folder: string): Promise<SqlReader> {
  const [, module] = await driverOf(folder, ["pg"]);
  const { Client } = (module["default"] ?? module) as { Client: new (options: object) => PgClient };
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("SET default_transaction_read_only = on");
  await client.query("SET timezone = 'UTC'");
  return {
    query: async (sql, values) => (await client.query(sql, values)).rows,
    close: () => client.end(),
    quoted: (name) => `"${name}"`,
    placeholder: "$1",
    schema: "current_schema()",
    timeText: (column) => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS')`,
  };
}

interface MySqlConnection {
  end(): Promise<unknown>;
  query(sql: string, values?: readonly string[]): Promise<readonly [readonly unknown[], unknown]>;
}

/** MySQL or MariaDB by the project's own `mysql2`, in a session that only reads. */
export async function mysqlReader(url: string, folder: string): Promise<SqlReader> {
  const [, module] = await driverOf(folder, ["mysql2/promise"]);
  const { createConnection } = (module["default"] ?? module) as {
    createConnection(url: string): Promise<MySqlConnection>;
  };
  const connection = await createConnection(url);
  await connection.query("SET SESSION TRANSACTION READ ONLY");
  return {
    query: async (sql, values) => (await connection.query(sql, values))[0],
    close: () => connection.end(),
    quoted: (name) => `\`${name}\``,
    placeholder: "?",
    schema: "database()",
    timeText: (column) => `date_format(${column}, '%Y-%m-%dT%H:%i:%s')`,
  };
}
