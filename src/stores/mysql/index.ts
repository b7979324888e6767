import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { SilentStore, StoreProfile } from "../../core/store.ts";
import { Connections } from "./connections.ts";
import { MysqlStore } from "./mysql-store.ts";
import type { MysqlPool } from "./pool.ts";
import { preparation } from "./preparation.ts";
import { promisePool } from "./promise-pool.ts";
import { schemaOf } from "./schema.ts";
import { tableOf } from "./table.ts";

export type {
  MysqlCallbackPool,
  MysqlConnection,
  MysqlPool,
  MysqlPromisePool,
  MysqlStatement,
  MysqlValue,
} from "./pool.ts";

/** How a MySQL store keeps its sessions. */
export interface MysqlStoreOptions {
  /**
   * The table of the sessions, in the pool's database: a letter or `_`, then letters, digits or
   * `_`, at most 52. In another database: that one's name, a full stop, and the table's. Two more
   * tables are named after it.
   *
   * @defaultValue "sojourn_sessions"
   */
  readonly table?: string | undefined;
  /**
   * Who makes the tables: `"create"` the store, at its first call, where they are not there;
   * `"check"` your own migrations, with what {@link mysqlSchema} returns, so that the pool's user
   * needs no right but to SELECT, INSERT, UPDATE and DELETE.
   *
   * @defaultValue "create"
   */
  readonly schema?: "create" | "check" | undefined;
  /**
   * How often what has expired is deleted.
   *
   * @defaultValue "10m"
   */
  readonly sweepInterval?: Duration | undefined;
}

/**
 * Keeps sessions in MySQL or MariaDB, through a pool of `mysql2` or `mysql2/promise`.
 *
 * The pool stays the application's: the store borrows a connection for each operation, waits for no
 * answer past the call's deadline, and closes nothing. It needs no `error` listener.
 *
 * @throws {@link OptionsError} if the pool or an option is wrong. Nothing is sent here.
 * @example
 * import { createPool } from "mysql2/promise";
 * import { createSessions } from "sojourn";
 * import { mysqlStore } from "sojourn/mysql";
 *
 * const pool = createPool("mysql://shop@localhost/shop");
 * const sessions = createSessions({ store: mysqlStore(pool) });
 */
export function mysqlStore(pool: MysqlPool, options: MysqlStoreOptions = {}): SilentStore {
  requireKnownKeys("mysqlStore", options, ["table", "schema", "sweepInterval"]);
  const { table = DEFAULT_TABLE, sweepInterval = "10m" } = options;
  checkTable("mysqlStore.table", table);
  const mode = oneOf("mysqlStore.schema", options.schema, ["create", "check"]) ?? "create";
  const intervalMs = durationMs("mysqlStore.sweepInterval", sweepInterval);
  const connections = new Connections(
    promisePool(pool),
    preparation(tableOf(table), mode),
    Math.random,
  );
  return new MysqlStore(connections, PROFILE, intervalMs);
}

/**
 * The SQL that makes the store's tables, for your own migrations: several statements, each with a
 * semicolon, that do nothing where the tables are there.
 *
 * @param options - The table, as it is given to {@link mysqlStore}.
 * @throws {@link OptionsError} if the table's name is wrong.
 * @example
 * console.log(mysqlSchema({ table: "sojourn_sessions" }));
 */
export function mysqlSchema(options: Pick<MysqlStoreOptions, "table"> = {}): string {
  requireKnownKeys("mysqlSchema", options, ["table"]);
  const { table = DEFAULT_TABLE } = options;
  checkTable("mysqlSchema.table", table);
  return schemaOf(tableOf(table))
    .map((statement) => `${statement};\n`)
    .join("\n");
}

const DEFAULT_TABLE = "sojourn_sessions";

/** MySQL takes names of 64 characters, and the longest of ours is this one's with 12 more. */
const TABLE_FORM = /^(?:[\w$-]{1,64}\.)?[A-Za-z_][A-Za-z0-9_]{0,51}$/;

function checkTable(option: string, table: string): void {
  if (typeof table === "string" && TABLE_FORM.test(table)) return;
  throw new OptionsError(
    option,
    `${JSON.stringify(table)} is not a table name; use a letter or _, then letters, digits or _, ` +
      'at most 52, and before it, if need be, a database\'s name and a full stop: "shop.sessions".',
  );
}

const PROFILE: StoreProfile = {
  scope: "network",
  durability: "power-loss",
  readYourWrites: "always",
  eviction: "never",
  caveats: [
    "An acknowledged write outlives a power loss where innodb_flush_log_at_trx_commit is 1, the " +
      "server's default; with 0 or 2 the last second may be lost, an end among it.",
    "A replica that takes over may lack the last writes, unless replication is semi-synchronous " +
      "or the servers are a cluster.",
    "The pool must lead to one writable server: reads from a replica, or from another node of a " +
      "cluster that does not wait for it, may be late.",
    "Other processes are not told of ended sessions: MySQL has no way to.",
    "On MySQL, unlike MariaDB, a read on a connection that the application released in the middle " +
      "of a transaction may show the past, until a write comes that way; a pool of the store's " +
      "own has none such.",
  ],
};
