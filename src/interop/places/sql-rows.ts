import { OptionsError } from "../../core/errors.ts";
import type { MysqlPool } from "../../stores/mysql/pool.ts";
import type { PostgresClient, PostgresJsFactory } from "../../stores/postgres/clients.ts";
import { offers } from "../../stores/redis/drivers.ts";
import type { SqliteDatabase } from "../../stores/sqlite/database.ts";
import { mysqlRows } from "./mysql-rows.ts";
import type { ForeignPlace } from "./place.ts";
import { postgresRows } from "./postgres-rows.ts";
import type { SqlTable } from "./sql-table.ts";
import { sqliteRows } from "./sqlite-rows.ts";

/** What leads to a database: all that `postgresStore`, `mysqlStore` and `sqliteStore` take. */
export type SqlClient = string | SqliteDatabase | PostgresClient | PostgresJsFactory | MysqlPool;

/**
 * A framework's sessions in a table of PostgreSQL, MySQL, MariaDB or SQLite.
 *
 * @throws {@link OptionsError} for a client of none of them, or a name that is none.
 */
export function sqlRows(client: SqlClient, table: SqlTable): ForeignPlace {
  if (typeof client === "string") return sqliteRows(client, table);
  if (typeof client === "function") return postgresRows(client, table);
  if (offers(client, "getConnection")) return mysqlRows(client as MysqlPool, table);
  if (offers(client, "prepare", "exec")) return sqliteRows(client as SqliteDatabase, table);
  if (offers(client, "query")) return postgresRows(client as PostgresClient, table);
  throw new OptionsError(
    "sqlRows(client)",
    "takes what postgresStore, mysqlStore or sqliteStore takes: a client or pool of pg, the sql of " +
      "postgres, a PGlite, a pool of mysql2, a path or an open SQLite database.",
  );
}
