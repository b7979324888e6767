import { SWEEP_DELAY_MS } from "../../core/clocks.ts";
import {
  ALL_NAMES,
  type Column,
  ENDED_NAMES,
  ENDING_COLUMNS,
  FACT_NAMES,
  LIVE_COLUMNS,
  LIVE_NAMES,
  ONLY_LIVE_NAMES,
  type RowReader,
  rowReader,
} from "../sql/columns.ts";
import { type Statement, statement } from "./database.ts";
import { SWEEP_STEP_MS } from "./schema.ts";
import type { TableNames } from "./tables.ts";

/** Every statement of the store. Each is a transaction by itself. */
export interface Statements {
  readonly load: Statement;
  readonly create: Statement;
  readonly update: Statement;
  readonly end: Statement;
  readonly touch: Statement;
  readonly generation: Statement;
  readonly raiseGeneration: Statement;
  readonly list: Statement;
  readonly endAll: Statement;
  readonly forget: Statement;
  readonly scan: Statement;
  readonly count: Statement;
  readonly deleteExpired: Statement;
  readonly announce: Statement;
}

/**
 * When ends are announced: after them, in a transaction of its own, or along with them, where the one
 * connection may be in a transaction of the application.
 */
export type Announcing = "after" | "along";

/** What `synchronous_commit` can be asked to be. */
export type Synchronous = "local" | "remote_write" | "on" | "remote_apply";

/** A notification carries less than 8,000 bytes; an id takes 46 with its space. */
const IDS_PER_NOTIFICATION = 150;

/** Reads what the statements select. */
export const ROWS: RowReader = rowReader("lists");

const SELECTED = ALL_NAMES.map((name) => (name === "data" ? "data::text" : name)).join(", ");
const SELECTED_FACTS = FACT_NAMES.join(", ");

/**
 * How parameters are written. Said of each, as drivers would else choose by the type that the server
 * infers: postgres.js and PGlite encode one of type json once more, and a number is no boolean.
 */
const CASTS: Readonly<Record<Column["holds"], string>> = {
  text: "text",
  json: "text::json",
  number: "bigint",
  flag: "int::boolean",
};
/** The parameters of columns, from `$1` on. */
const parametersOf = (columns: readonly Column[]): string[] =>
  columns.map(({ holds }, place) => `$${place + 1}::${CASTS[holds]}`);
const assigned = (columns: readonly Column[]): string[] =>
  parametersOf(columns).map((parameter, place) => `${columns[place]?.name} = ${parameter}`);
const NEXT = LIVE_COLUMNS.length + 1;

/** What has expired before then is deleted: by the call's clock, and by the server's. */
const DUE = `least($2::bigint, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
    - ${SWEEP_DELAY_MS}`;

const BURY = [...assigned(ENDING_COLUMNS), ...ONLY_LIVE_NAMES.map((name) => `${name} = NULL`)].join(
  ", ",
);

/** Writes the store's statements for one set of tables. */
export function statementsFor(
  names: TableNames,
  synchronous: Synchronous | undefined,
  announcing: Announcing = "after",
): Statements {
  const { sessions, generations, channel } = names;
  const surely =
    synchronous === undefined
      ? ""
      : `, set_config('synchronous_commit', '${synchronous}', true) AS synchronous_commit`;
  const toldOf = (ids: string): string => `
  SELECT pg_notify('${channel}', string_agg(id, ' ')) AS done
  FROM (SELECT id, (row_number() OVER () - 1) / ${IDS_PER_NOTIFICATION} AS part FROM ${ids}) AS told
  GROUP BY part`;
  const isAlong = announcing === "along";
  return {
    load: statement(
      `SELECT ${SELECTED} FROM ${sessions} WHERE id = $1::text AND expires_at > $2::bigint`,
    ),

    create: statement(`
INSERT INTO ${sessions} (${LIVE_NAMES.join(", ")}, id)
VALUES (${parametersOf(LIVE_COLUMNS).join(", ")}, $${NEXT}::text)
ON CONFLICT (id) DO UPDATE
SET ${LIVE_NAMES.map((name) => `${name} = excluded.${name}`).join(", ")},
  ${ENDED_NAMES.map((name) => `${name} = NULL`).join(", ")}
WHERE ${sessions}.expires_at <= $${NEXT + 1}::bigint
RETURNING 1`),

    update: statement(`
WITH written AS (
  UPDATE ${sessions} SET ${assigned(LIVE_COLUMNS).join(", ")}
  WHERE id = $${NEXT}::text AND version = $${NEXT + 1}::text
    AND reason IS NULL AND expires_at > $${NEXT + 2}::bigint
  RETURNING 1
)${standing(sessions, NEXT, NEXT + 2)}`),

    end: statement(`
WITH written AS (
  UPDATE ${sessions} SET ${BURY}
  WHERE id = $7::text AND ($8::text IS NULL OR version = $8::text)
    AND reason IS NULL AND expires_at > $9::bigint
  RETURNING ${isAlong ? `pg_notify('${channel}', id)` : "1"}${surely}
)${standing(sessions, 7, 9)}`),

    touch: statement(`
UPDATE ${sessions}
SET last_seen_at = greatest(last_seen_at, $1::bigint),
  expires_at = greatest(expires_at, $2::bigint)
WHERE id = $3::text AND reason IS NULL AND expires_at > $4::bigint
RETURNING 1`),

    // Under the user's own name, or another one where the user was forgotten, or both.
    generation: statement(`
SELECT max(generation) FROM ${generations}
WHERE (manager = $1::text AND user_id = $2::text) OR (manager = $3::text AND user_id = $4::text)`),
    // The time, so that it never comes back once it was forgotten. NULL is later than any instant,
    // which greatest() does not know.
    raiseGeneration: statement(`
INSERT INTO ${generations} AS known (manager, user_id, generation, keep_until)
VALUES ($1::text, $2::text, greatest($5::bigint, (
  SELECT max(generation) + 1 FROM ${generations}
  WHERE (manager = $1::text AND user_id = $2::text) OR (manager = $3::text AND user_id = $4::text)
)), $6::bigint)
ON CONFLICT (user_id, manager) DO UPDATE
SET generation = greatest(known.generation + 1, excluded.generation),
  keep_until = CASE WHEN num_nulls(known.keep_until, excluded.keep_until) = 0
    THEN greatest(known.keep_until, excluded.keep_until) END
RETURNING generation${surely}`),

    // Facts alone: what the application keeps may be long, and nobody asks for it here.
    list: statement(`
SELECT ${SELECTED_FACTS} FROM ${sessions}
WHERE manager = $1::text AND user_id = $2::text AND reason IS NULL AND expires_at > $3::bigint
ORDER BY last_seen_at DESC`),

    // Locked in the order of their ids, so that two of these do not wait for each other.
    endAll: statement(`
WITH theirs AS MATERIALIZED (
  SELECT id FROM ${sessions}
  WHERE manager = $7::text AND user_id = $8::text AND id IS DISTINCT FROM $9::text
    AND reason IS NULL AND expires_at > $10::bigint
  ORDER BY id FOR NO KEY UPDATE
), ended AS (
  UPDATE ${sessions} AS session SET ${BURY}
  FROM theirs WHERE session.id = theirs.id
  RETURNING session.id${surely}
)${isAlong ? `, told AS MATERIALIZED (${toldOf("ended")})` : ""}
SELECT id${isAlong ? ", (SELECT count(*) FROM told)" : ""} FROM ended`),

    // Either all of this is seen or nothing: a generation is under one of its two names at any moment.
    forget: statement(`
WITH named AS (
  DELETE FROM ${generations} WHERE manager = $1::text AND user_id = $2::text
  RETURNING generation, keep_until
), hidden AS (
  INSERT INTO ${generations} AS known (manager, user_id, generation, keep_until)
  SELECT $3::text, $4::text, generation, keep_until FROM named
  ON CONFLICT (user_id, manager) DO UPDATE
  SET generation = greatest(known.generation, excluded.generation),
    keep_until = CASE WHEN num_nulls(known.keep_until, excluded.keep_until) = 0
      THEN greatest(known.keep_until, excluded.keep_until) END
), expired AS MATERIALIZED (
  SELECT id FROM ${sessions}
  WHERE manager = $1::text AND user_id = $2::text AND expires_at <= $5::bigint
  ORDER BY id LIMIT $6::bigint FOR UPDATE
), deleted AS (
  DELETE FROM ${sessions} AS session USING expired
  WHERE session.id = expired.id AND session.expires_at <= $5::bigint
  RETURNING 1
)
SELECT count(*) FROM deleted`),

    scan: statement(`
SELECT ${SELECTED} FROM ${sessions}
WHERE id > $1::text AND manager = $2::text AND reason IS NULL AND expires_at > $3::bigint
ORDER BY id LIMIT $4::bigint`),

    // The last condition follows from the one before it; by it a server where most has expired finds
    // the rest by the sweep's index.
    count: statement(`
SELECT count(*) FROM ${sessions}
WHERE manager = $1::text AND reason IS NULL AND expires_at > $2::bigint AND sweep_at > $2::bigint`),

    // Looked up by the expiry that is rounded up to the hour, so that the exact one, which every
    // touch moves, stands in no index. The server's clock is asked too: one host's may be ahead of
    // everybody's; a user's generation goes by the application's alone, as nobody is signed out by
    // what goes too early. Who is being written to is left for the next time: the sweep waits for
    // nobody. What was touched meanwhile is seen as it is now, because it is locked. Each step begins
    // where the one before it ended, so that it does not read again what that one deleted.
    deleteExpired: statement(`
WITH expired AS MATERIALIZED (
  SELECT id FROM ${sessions}
  WHERE sweep_at >= $1::bigint AND sweep_at < ${DUE} + ${SWEEP_STEP_MS} AND expires_at <= ${DUE}
  ORDER BY sweep_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED
), deleted AS (
  DELETE FROM ${sessions} AS session USING expired
  WHERE session.id = expired.id AND session.expires_at <= ${DUE}
  RETURNING session.sweep_at
), forgotten AS (
  DELETE FROM ${generations} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${generations} WHERE keep_until <= $2::bigint - ${SWEEP_DELAY_MS}
    LIMIT $3::bigint FOR UPDATE SKIP LOCKED))
  RETURNING 1
)
SELECT count(*), max(sweep_at), (SELECT count(*) FROM forgotten) FROM deleted`),

    // Of those that may have ended the ones that have; an empty one where others were missed. NOTIFY
    // holds a lock of the whole database until the end of its transaction, so that waits for no disk.
    announce: statement(`
SELECT done, set_config('synchronous_commit', 'off', true) FROM (${toldOf(`${sessions}
    WHERE id = ANY (string_to_array($1::text, ' ')) AND reason IS NOT NULL`)}
  UNION ALL SELECT pg_notify('${channel}', '') WHERE $2::boolean
) AS announced`),
  };
}

/**
 * Whether `written` did anything, and if it did not, what stands there. A plain SELECT would see
 * the table as it was before a rival's write that `written` has just waited for; one that locks
 * goes on to the newest. It is not even begun where `written` hit.
 */
function standing(sessions: string, id: number, now: number): string {
  return `, current AS MATERIALIZED (
  SELECT ${SELECTED} FROM ${sessions}
  WHERE id = $${id}::text AND expires_at > $${now}::bigint AND NOT EXISTS (SELECT FROM written)
  FOR NO KEY UPDATE
)
SELECT (SELECT count(*) FROM written), current.*
FROM (VALUES (1)) AS one LEFT JOIN current ON true`;
}
