import { type Database, statement } from "./database.ts";
import { PostgresStoreProblem } from "./failure.ts";
import type { TableNames } from "./tables.ts";

const SCHEMA_VERSION = 1;

/** Several calls may wait for it, each to its own deadline; it must not hang for those after. */
const PATIENCE_MS = 30_000;

/** Makes sure of the tables: creates them where that is wished and none are there. */
export async function ensureSchema(
  database: Database,
  names: TableNames,
  schema: "create" | "check",
): Promise<void> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  if (await isCurrent(database, names, patience)) return;
  if (schema === "check") {
    throw new PostgresStoreProblem(
      `there is no table ${names.sessions} of Sojourn's; run what postgresSchema() returns as a ` +
        'migration, or leave out schema: "check"',
    );
  }
  try {
    await database.script(creationOf(names), patience);
  } catch (error) {
    // Where transactions are stricter than READ COMMITTED, who waited for the lock does not see
    // what it waited for.
    if (!(await isCurrent(database, names, patience))) throw error;
  }
}

async function isCurrent(
  database: Database,
  { meta, sessions }: TableNames,
  signal: AbortSignal,
): Promise<boolean> {
  const exists = statement(`SELECT to_regclass('${meta}') IS NOT NULL`);
  const [found] = await database.query(exists, [], signal);
  if (found?.[0] !== true) return false;
  const newest = statement(`SELECT value FROM ${meta} WHERE name = 'version'`);
  const [row] = await database.query(newest, [], signal);
  const version = Number(row?.[0]);
  if (version === SCHEMA_VERSION) return true;
  throw new PostgresStoreProblem(
    `the table ${sessions} is of schema version ${version}, and this release of sojourn ` +
      `reads version ${SCHEMA_VERSION}; run the newer release, or choose another table`,
  );
}

/**
 * Creates the tables unless another process does it at the same moment. One statement, so one
 * transaction, also behind a pooler. The others wait for the lock and then look again, at a row,
 * not at a name: PostgreSQL may still remember that there was no table of that name.
 */
function creationOf(names: TableNames): string {
  return `
DO $sojourn$
BEGIN
  PERFORM set_config('client_min_messages', 'warning', true);
  PERFORM pg_advisory_xact_lock(hashtextextended('sojourn schema', 0));
  ${metaOf(names, "IF NOT EXISTS ")}
  IF NOT EXISTS (SELECT FROM ${names.meta} WHERE name = 'version') THEN
${tablesOf(names)}
  END IF;
END
$sojourn$`;
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
function tablesOf({ sessions, generations, meta, byUser, byExpiry }: TableNames): string {
  return `\
CREATE TABLE ${sessions} (
  expires_at bigint NOT NULL,
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
  next text
);
CREATE INDEX ${byUser} ON ${sessions} (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX ${byExpiry} ON ${sessions} (expires_at);
CREATE TABLE ${generations} (
  manager text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  PRIMARY KEY (user_id, manager)
);
INSERT INTO ${meta} VALUES ('version', ${SCHEMA_VERSION});
`;
}

function metaOf({ meta }: TableNames, condition = ""): string {
  return `CREATE TABLE ${condition}${meta} (name text NOT NULL PRIMARY KEY, value bigint NOT NULL);`;
}
