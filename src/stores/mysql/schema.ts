import { isMisfit, isMissingTable, MysqlStoreProblem } from "./failure.ts";
import type { Loan } from "./loan.ts";
import { ENDED_COLUMNS, LIVE_COLUMNS } from "./rows.ts";

const SCHEMA_VERSION = 1;

/** Who makes the tables: the store, or the application's own migrations. */
export type SchemaMode = "create" | "check";

/** The quoted names of the store's tables. */
export interface TableNames {
  readonly sessions: string;
  readonly generations: string;
  readonly meta: string;
}

/** The store's tables, all named after the first. */
export function tableNames(table: string): TableNames {
  return {
    sessions: `\`${table}\``,
    generations: `\`${table}_generations\``,
    meta: `\`${table}_meta\``,
  };
}

/**
 * Creates the tables where they are not there yet. Each statement is atomic and does nothing where
 * another process was faster; the version is written last, so whoever finds it finds all of them.
 */
export async function ensureSchema(loan: Loan, table: string, mode: SchemaMode): Promise<void> {
  if (isCurrent(await versionOf(loan, table), table)) return;
  if (mode === "check") {
    throw new MysqlStoreProblem(
      `the table "${table}_meta" with the schema's version is not there; run what ` +
        `mysqlSchema() returns, or leave the option "schema" away`,
    );
  }
  const [sessions = "", ...others] = schemaOf(table);
  await loan.write(sessions, []);
  await requireColumns(loan, table);
  for (const statement of others) await loan.write(statement, []);
  isCurrent(await versionOf(loan, table), table);
}

function isCurrent(version: number | undefined, table: string): boolean {
  if (version === undefined) return false;
  if (version === SCHEMA_VERSION) return true;
  throw new MysqlStoreProblem(
    `the table "${table}" is of schema version ${version}, and this release of sojourn reads ` +
      `version ${SCHEMA_VERSION}; run the newer release, or choose another table`,
  );
}

async function versionOf(loan: Loan, table: string): Promise<number | undefined> {
  const { meta } = tableNames(table);
  try {
    const [row] = await loan.rows(`SELECT value FROM ${meta} WHERE name = 'version'`, []);
    return row === undefined ? undefined : Number((row as { readonly value: unknown }).value);
  } catch (error) {
    if (isMissingTable(error)) return undefined;
    throw error;
  }
}

// CREATE TABLE IF NOT EXISTS is content with any table of that name, the application's too.
async function requireColumns(loan: Loan, table: string): Promise<void> {
  const { sessions } = tableNames(table);
  const columns = ["id", ...LIVE_COLUMNS, ...ENDED_COLUMNS].join(", ");
  try {
    await loan.rows(`SELECT ${columns} FROM ${sessions} WHERE FALSE`, []);
  } catch (cause) {
    if (!isMisfit(cause)) throw cause;
    throw new MysqlStoreProblem(
      `there is a table "${table}" already that is none of this store; choose another name`,
      { cause },
    );
  }
}

/**
 * The statements that make the tables, the sessions' first.
 *
 * Every text is of a binary type: no collation takes one user for another (`alice` for `Alice`, or
 * for `alice` and a blank), and neither the pool's character set nor the database's changes a byte.
 * The lengths hold what core lets pass, as a server that is not strict would shorten it in silence.
 * The second index carries what `count` asks for, so that counting reads no rows.
 */
export function schemaOf(table: string): readonly string[] {
  const { sessions, generations, meta } = tableNames(table);
  const settings = "ENGINE = InnoDB ROW_FORMAT = DYNAMIC";
  return [
    `CREATE TABLE IF NOT EXISTS ${sessions} (
  id VARBINARY(64) NOT NULL PRIMARY KEY,
  manager VARBINARY(1024) NOT NULL,
  version VARBINARY(32) NOT NULL,
  expires_at BIGINT NOT NULL,
  -- of a live session
  earlier VARBINARY(128),
  data LONGBLOB,
  flash LONGBLOB,
  user_id VARBINARY(1536),
  created_at BIGINT,
  last_seen_at BIGINT,
  authenticated_at BIGINT,
  idle_timeout_ms BIGINT,
  absolute_timeout_ms BIGINT,
  persistent TINYINT,
  device VARBINARY(2048),
  -- of an ended one
  reason VARBINARY(16),
  ended_at BIGINT,
  next VARBINARY(64),
  INDEX by_user (manager, user_id),
  INDEX by_expiry (expires_at, manager, reason)
) ${settings}`,
    `CREATE TABLE IF NOT EXISTS ${generations} (
  manager VARBINARY(1024) NOT NULL,
  user_id VARBINARY(1536) NOT NULL,
  generation BIGINT NOT NULL,
  PRIMARY KEY (manager, user_id)
) ${settings}`,
    `CREATE TABLE IF NOT EXISTS ${meta} (
  name VARBINARY(64) NOT NULL PRIMARY KEY,
  value BIGINT NOT NULL
) ${settings}`,
    `INSERT IGNORE INTO ${meta} VALUES ('version', ${SCHEMA_VERSION})`,
  ];
}
