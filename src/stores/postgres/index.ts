import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionStore } from "../../core/store.ts";
import { type PostgresClient, type PostgresJsFactory, recognized } from "./clients.ts";
import { Connection } from "./connection.ts";
import { databaseOf } from "./database-of.ts";
import { PostgresStore } from "./postgres-store.ts";
import { profileOf } from "./profile.ts";
import { schemaOf } from "./schema.ts";
import { checkedTable, tableNames } from "./tables.ts";

export type {
  PGliteDatabase,
  PgClient,
  PgNotification,
  PgPool,
  PgPoolClient,
  PgQuery,
  PgQueryable,
  PostgresClient,
  PostgresJsFactory,
  PostgresJsQuery,
  PostgresJsSql,
  PostgresValue,
} from "./clients.ts";

/** How a PostgreSQL store keeps its sessions. */
export interface PostgresStoreOptions {
  /**
   * The table of the sessions, `"sessions"` or `"app.sessions"`: letters, digits and `_`, at most
   * 50 characters. Two more tables are named after it.
   *
   * @defaultValue "sojourn_sessions"
   */
  readonly table?: string | undefined;
  /**
   * Whether the store creates its tables at the first call where there are none, or only checks
   * that they are there: `"check"` needs no right to create anything. Run {@link postgresSchema}'s
   * text as a migration then.
   *
   * @defaultValue "create"
   */
  readonly schema?: "create" | "check" | undefined;
  /**
   * What PostgreSQL's `synchronous_commit` is for the transactions that end sessions:
   * `"remote_apply"` and `"on"` wait for the synchronous standbys too, where the server has any.
   * Left out, the connection's own setting decides, as it does for every other write.
   */
  readonly synchronousEnds?: "local" | "remote_write" | "on" | "remote_apply" | undefined;
  /**
   * How often what has expired is deleted.
   *
   * @defaultValue "10m"
   */
  readonly sweepInterval?: Duration | undefined;
}

/**
 * Keeps sessions in PostgreSQL 12 or later.
 *
 * Give it a `Pool` or a connected `Client` of `pg`, the `sql` of `postgres` (postgres.js), a function
 * that makes such a `sql`, or a `PGlite`. It creates its tables itself, unless told otherwise, and
 * never closes what it was given, only what it had made.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is connected or sent here.
 * @example
 * import { Pool } from "pg";
 * import { createSessions } from "sojourn";
 * import { postgresStore } from "sojourn/postgres";
 *
 * const connectionString = process.env["DATABASE_URL"];
 * const pool = new Pool({ connectionString, connectionTimeoutMillis: 5_000 });
 * pool.on("error", (error) => console.error(error));
 * const sessions = createSessions({ store: postgresStore(pool) });
 */
export function postgresStore(
  client: PostgresClient | PostgresJsFactory,
  options: PostgresStoreOptions = {},
): Required<SessionStore> {
  const known = ["table", "schema", "synchronousEnds", "sweepInterval"];
  requireKnownKeys("postgresStore", options, known);
  const { schema = "create", synchronousEnds, sweepInterval = "10m" } = options;
  const table = checkedTable("postgresStore.table", options.table);
  oneOf("postgresStore.schema", schema, ["create", "check"]);
  oneOf("postgresStore.synchronousEnds", synchronousEnds, [
    "local",
    "remote_write",
    "on",
    "remote_apply",
  ]);
  const sweepIntervalMs = durationMs("postgresStore.sweepInterval", sweepInterval);
  const driver = recognized(client);
  if (driver === undefined) {
    throw new OptionsError(
      "postgresStore(client)",
      "takes a Pool or Client of pg, the sql of postgres (postgres.js), a function that makes one, " +
        "or a PGlite.",
    );
  }
  const isOneConnection = driver.kind === "client" || driver.kind === "pglite";
  const announcing = isOneConnection ? "along" : "after";
  const { random } = Math;
  const asked = { table, schema, synchronousEnds, announcing, random } as const;
  const connection = new Connection(databaseOf(driver, random), asked);
  return new PostgresStore(connection, profileOf(driver.kind), sweepIntervalMs, random);
}

/**
 * The SQL that creates the store's tables, for your own migrations.
 *
 * @throws {@link OptionsError} if `table` is no name for a table.
 * @example
 * import { writeFile } from "node:fs/promises";
 * import { postgresSchema } from "sojourn/postgres";
 *
 * await writeFile("migrations/007-sessions.sql", postgresSchema({ table: "app.sessions" }));
 */
export function postgresSchema(options: Pick<PostgresStoreOptions, "table"> = {}): string {
  requireKnownKeys("postgresSchema", options, ["table"]);
  return schemaOf(tableNames(checkedTable("postgresSchema.table", options.table)));
}
