import { ALL_NAMES } from "../sql/columns.ts";
import { isMisfit, isMissingTable, isThere, MysqlStoreProblem } from "./failure.ts";
import type { Loan } from "./loan.ts";
import { plain } from "./sql.ts";
import { type Table, tableNames } from "./table.ts";

const SCHEMA_VERSION = 2;

/** Who makes the tables: the store, or the application's own migrations. */
export type SchemaMode = "create" | "check";

/**
 * Creates the tables where they are not there yet, and brings earlier ones up to date. Each
 * statement is atomic and does nothing where another process was faster; the version is written
 * last, so whoever finds it finds all of them.
 */
export async function ensureSchema(loan: Loan, table: Table, mode: SchemaMode): Promise<void> {
  const version = await versionOf(loan, table);
  if (version === SCHEMA_VERSION) return;
  if (version !== undefined && !(version in UPGRADES)) throw tooNew(table, version);
  if (mode === "check") throw missing(table, version);
  if (version === undefined) await create(loan, table);
  else await upgrade(loan, table, version);
}

async function create(loan: Loan, table: Table): Promise<void> {
  const [sessions = "", ...others] = schemaOf(table);
  await loan.write(plain(sessions));
  await requireColumns(loan, table);
  for (const statement of others) await loan.write(plain(statement));
  const version = await versionOf(loan, table);
  if (version !== SCHEMA_VERSION) throw tooNew(table, version);
}

async function upgrade(loan: Loan, table: Table, version: number): Promise<void> {
  for (const statement of upgradeOf(table, version)) {
    await loan.write(plain(statement)).catch((error: unknown) => {
      if (!isThere(error)) throw error;
    });
  }
}

function tooNew({ name }: Table, version: number | undefined): MysqlStoreProblem {
  return new MysqlStoreProblem(
    `the table "${name}" is of schema version ${version}, and this release of sojourn reads ` +
      `version ${SCHEMA_VERSION}; run the newer release, or choose another table`,
  );
}

function missing(table: Table, version: number | undefined): MysqlStoreProblem {
  const { name } = table;
  if (version === undefined) {
    return new MysqlStoreProblem(
      `the table "${name}_meta" with the schema's version is not there; run what ` +
        `mysqlSchema() returns, or leave the option "schema" away`,
    );
  }
  return new MysqlStoreProblem(
    `the table "${name}" is of schema version ${version}; bring it up to date: ` +
      `${upgradeOf(table, version).join("; ")};`,
  );
}

async function versionOf(loan: Loan, table: Table): Promise<number | undefined> {
  const { meta } = tableNames(table);
  try {
    const [row] = await loan.rows(plain(`SELECT value FROM ${meta} WHERE name = 'version'`));
    return row === undefined ? undefined : Number((row as { readonly value: unknown }).value);
  } catch (error) {
    if (isMissingTable(error)) return undefined;
    throw error;
  }
}

// CREATE TABLE IF NOT EXISTS is content with any table of that name, the application's too.
async function requireColumns(loan: Loan, table: Table): Promise<void> {
  const columns = ALL_NAMES.join(", ");
  try {
    await loan.rows(plain(`SELECT ${columns} FROM ${tableNames(table).sessions} WHERE FALSE`));
  } catch (cause) {
    if (!isMisfit(cause)) throw cause;
    throw new MysqlStoreProblem(
      `there is a table "${table.name}" already that is none of this store; choose another name`,
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
export function schemaOf(table: Table): readonly string[] {
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
  -- of both
  notes LONGBLOB,
  INDEX by_user (manager, user_id),
  INDEX by_expiry (expires_at, manager, reason)
) ${settings}`,
    `CREATE TABLE IF NOT EXISTS ${generations} (
  manager VARBINARY(1024) NOT NULL,
  user_id VARBINARY(1536) NOT NULL,
  generation BIGINT NOT NULL,
  keep_until BIGINT,
  PRIMARY KEY (manager, user_id),
  INDEX by_end (keep_until)
) ${settings}`,
    `CREATE TABLE IF NOT EXISTS ${meta} (
  name VARBINARY(64) NOT NULL PRIMARY KEY,
  value BIGINT NOT NULL
) ${settings}`,
    `INSERT IGNORE INTO ${meta} VALUES ('version', ${SCHEMA_VERSION})`,
  ];
}

/**
 * Not seen by who names no columns: a process of the first release, which still runs, inserts its
 * generations so. In the words of MySQL 8.0.23 and of MariaDB 10.3; to others they are a comment.
 */
const UNSEEN = "/*!80023 INVISIBLE *//*M!100303 INVISIBLE */";

/** What each earlier version lacks. */
const UPGRADES: Readonly<Record<number, (table: Table) => readonly string[]>> = {
  1: (table) => {
    const { sessions, generations } = tableNames(table);
    return [
      `ALTER TABLE ${sessions} ADD COLUMN notes LONGBLOB`,
      `ALTER TABLE ${generations} ADD COLUMN keep_until BIGINT ${UNSEEN}`,
      `ALTER TABLE ${generations} ADD INDEX by_end (keep_until)`,
    ];
  },
};

function upgradeOf(table: Table, version: number): readonly string[] {
  const { meta } = tableNames(table);
  const changes = UPGRADES[version]?.(table) ?? [];
  const set = `UPDATE ${meta} SET value = ${SCHEMA_VERSION} WHERE name = 'version'`;
  return [...changes, `${set} AND value = ${version}`];
}
