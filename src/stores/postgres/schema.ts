import { type Database, unnamed } from "./database.ts";
import { PostgresStoreProblem, sqlState } from "./failure.ts";
import { type TableNames, tableNames } from "./tables.ts";

const SCHEMA_VERSION = 2;

/** To which the sweep's column rounds up. */
export const SWEEP_STEP_MS = 3_600_000;

/**
 * When the sweep looks for a row. A touch changes it once an hour, so the others are HOT: they write
 * into the room that the fillfactor leaves on the row's own page, and no index. Made by the server, so
 * that it is right whichever release wrote.
 */
const SWEEP_AT =
  "sweep_at bigint GENERATED ALWAYS AS " +
  `((expires_at + ${SWEEP_STEP_MS - 1}) / ${SWEEP_STEP_MS} * ${SWEEP_STEP_MS}) STORED`;
const FILLFACTOR = "fillfactor = 90";

/** Several calls may wait for it, each to its own deadline; it must not hang for those after. */
const PATIENCE_MS = 10_000;

/** Only who owns a table may change it. */
const INSUFFICIENT_PRIVILEGE = "42501";

/** Whether the store makes its tables itself, or the application's own migrations do. */
export type SchemaMode = "create" | "check";

/**
 * Makes sure of the tables: creates them where that is wished and none are there, and brings earlier
 * ones up to date. Resolves to where they are.
 */
export async function ensureSchema(
  database: Database,
  table: string,
  mode: SchemaMode,
): Promise<TableNames> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const names = tableNames(table, await placeOf(database, tableNames(table), patience));
  const version = await versionOf(database, names, patience);
  if (version === SCHEMA_VERSION) return names;
  if (version !== undefined && !(version in UPGRADES)) throw tooNew(names, version);
  if (mode === "check") throw missing(names, version);
  const change = version === undefined ? creationOf(names) : upgradeFrom(version, names);
  try {
    await database.script(change, patience);
  } catch (error) {
    // Where transactions are stricter than READ COMMITTED, who waited for the lock does not see
    // what it waited for.
    if ((await versionOf(database, names, patience)) === SCHEMA_VERSION) return names;
    const isForbidden = sqlState(error) === INSUFFICIENT_PRIVILEGE;
    throw isForbidden && version !== undefined ? missing(names, version) : error;
  }
  return names;
}

/**
 * The schema of the tables, or where they would be created, found once: an application may leave
 * another `search_path` on a connection, and sessions must not go with it.
 */
async function placeOf(
  database: Database,
  { meta }: TableNames,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = "(SELECT relnamespace FROM pg_class WHERE oid = to_regclass($1::text))";
  const place = unnamed(`
SELECT coalesce((SELECT nspname FROM pg_namespace WHERE oid = ${found}), current_schema())::text`);
  const [row] = await database.query(place, [meta], signal);
  return row?.[0] === null ? undefined : String(row?.[0]);
}

// No prepared statement may be left on a connection before it is known that names can be used.
async function versionOf(
  database: Database,
  { meta }: TableNames,
  signal: AbortSignal,
): Promise<number | undefined> {
  const exists = unnamed("SELECT to_regclass($1::text) IS NOT NULL");
  const [found] = await database.query(exists, [meta], signal);
  if (found?.[0] !== true) return undefined;
  const newest = unnamed(`SELECT value FROM ${meta} WHERE name = 'version'`);
  const [row] = await database.query(newest, [], signal);
  return Number(row?.[0]);
}

function tooNew({ sessions }: TableNames, version: number): PostgresStoreProblem {
  return new PostgresStoreProblem(
    `the table ${sessions} is of schema version ${version}, and this release of sojourn ` +
      `reads version ${SCHEMA_VERSION}; run the newer release, or choose another table`,
  );
}

function missing(names: TableNames, version: number | undefined): PostgresStoreProblem {
  const { sessions } = names;
  if (version === undefined) {
    return new PostgresStoreProblem(
      `there is no table ${sessions} of Sojourn's; run what postgresSchema() returns as a ` +
        'migration, or leave out schema: "check"',
    );
  }
  return new PostgresStoreProblem(
    `the table ${sessions} is of schema version ${version}; bring it up to date: ` +
      `${upgradeOf(names, version).join("; ")};`,
  );
}

/**
 * Makes a change unless another process does it at the same moment: in one transaction, also behind
 * a pooler. The others wait for the lock and then look again, at a row, not at a name: PostgreSQL
 * may still remember that there was no table of that name. A large table takes longer than a
 * statement may. Who waits for a table keeps everybody else from it, so it waits briefly, and the
 * next call tries again.
 */
function alone(change: string): string {
  return `
SELECT set_config('statement_timeout', '0', true);
DO $sojourn$
BEGIN
  PERFORM set_config('client_min_messages', 'warning', true);
  PERFORM pg_advisory_xact_lock(hashtextextended('sojourn schema', 0));
  PERFORM set_config('lock_timeout', '2s', true);
${change}
END
$sojourn$`;
}

function creationOf(names: TableNames): string {
  return alone(`
  ${metaOf(names, "IF NOT EXISTS ")}
  IF NOT EXISTS (SELECT FROM ${names.meta} WHERE name = 'version') THEN
${tablesOf(names)}
  END IF;`);
}

// Who does not see what it waited for fails at the lock on the row, and has changed nothing.
function upgradeFrom(version: number, names: TableNames): string {
  return alone(`
  IF EXISTS (
    SELECT FROM ${names.meta} WHERE name = 'version' AND value = ${version} FOR UPDATE
  ) THEN
    ${upgradeOf(names, version).join(";\n    ")};
  END IF;`);
}

/** The tables as SQL. */
export function schemaOf(names: TableNames): string {
  return `${metaOf(names)}\n${tablesOf(names)}`;
}

/**
 * Texts that are compared or sorted have the collation "C": bytes, and so the
 * order in which JavaScript sorts ids. Numbers stand before texts, as they would be padded
 * between them. A user who is known to two managers is rare: the index leaves the manager out.
 */
function tablesOf(names: TableNames): string {
  const { sessions, generations, meta, byUser, byExpiry, byEnd } = names;
  return `\
CREATE TABLE ${sessions} (
  expires_at bigint NOT NULL,
  ${SWEEP_AT},
  created_at bigint,
  last_seen_at bigint,
  authenticated_at bigint,
  idle_timeout_ms bigint,
  absolute_timeout_ms bigint,
  ended_at bigint,
  persistent boolean,
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  manager text COLLATE "C" NOT NULL,
  version text COLLATE "C" NOT NULL,
  earlier text,
  data json,
  flash text,
  user_id text COLLATE "C",
  device text,
  reason text,
  next text,
  notes text
) WITH (${FILLFACTOR});
CREATE INDEX ${byUser} ON ${sessions} (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX ${byExpiry} ON ${sessions} (sweep_at);
CREATE TABLE ${generations} (
  manager text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  keep_until bigint,
  PRIMARY KEY (user_id, manager)
);
CREATE INDEX ${byEnd} ON ${generations} (keep_until) WHERE keep_until IS NOT NULL;
INSERT INTO ${meta} VALUES ('version', ${SCHEMA_VERSION});
`;
}

function metaOf({ meta }: TableNames, condition = ""): string {
  return `CREATE TABLE ${condition}${meta} (name text NOT NULL PRIMARY KEY, value bigint NOT NULL);`;
}

/**
 * What each earlier version lacks, for a process that runs an earlier release meanwhile too: it goes
 * on with these tables. Once more does no harm, as they may have been given back to that release.
 */
const UPGRADES: Readonly<Record<number, (names: TableNames) => readonly string[]>> = {
  1: ({ sessions, generations, schema, byExpiry, byEnd }) => [
    `ALTER TABLE ${sessions} SET (${FILLFACTOR})`,
    `ALTER TABLE ${sessions} ADD COLUMN IF NOT EXISTS notes text`,
    `DROP INDEX IF EXISTS ${schema}${byExpiry}`,
    `ALTER TABLE ${sessions} ADD COLUMN IF NOT EXISTS ${SWEEP_AT}`,
    `CREATE INDEX ${byExpiry} ON ${sessions} (sweep_at)`,
    `ALTER TABLE ${generations} ADD COLUMN IF NOT EXISTS keep_until bigint`,
    `CREATE INDEX IF NOT EXISTS ${byEnd} ON ${generations} (keep_until) WHERE keep_until IS NOT NULL`,
  ],
};

function upgradeOf(names: TableNames, version: number): readonly string[] {
  const changes = UPGRADES[version]?.(names) ?? [];
  return [...changes, `UPDATE ${names.meta} SET value = ${SCHEMA_VERSION} WHERE name = 'version'`];
}
