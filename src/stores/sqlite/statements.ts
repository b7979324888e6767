import { SWEEP_DELAY_MS } from "../../core/clocks.ts";
import {
  ALL_NAMES,
  ENDED_NAMES,
  ENDING_COLUMNS,
  FACT_NAMES,
  LIVE_NAMES,
  ONLY_LIVE_NAMES,
  type RowReader,
  rowReader,
} from "../sql/columns.ts";
import type { SqliteDatabase, SqliteStatement } from "./database.ts";
import { tableNames } from "./schema.ts";

/** Every statement of the store. Each is atomic by itself, so none needs a transaction. */
export interface Statements {
  readonly load: SqliteStatement;
  readonly create: SqliteStatement;
  readonly update: SqliteStatement;
  readonly end: SqliteStatement;
  readonly endExpected: SqliteStatement;
  readonly touch: SqliteStatement;
  readonly generation: SqliteStatement;
  readonly raiseGeneration: SqliteStatement;
  readonly list: SqliteStatement;
  readonly endAll: SqliteStatement;
  readonly hideGeneration: SqliteStatement;
  readonly forgetGeneration: SqliteStatement;
  readonly forget: SqliteStatement;
  readonly scan: SqliteStatement;
  readonly count: SqliteStatement;
  readonly deleteExpired: SqliteStatement;
  readonly deleteGenerations: SqliteStatement;
}

/** What has expired before then is deleted: by the call's clock, and by SQLite's own. */
const DUE = `min(?, CAST(strftime('%s', 'now') AS INTEGER) * 1000) - ${SWEEP_DELAY_MS}`;

/** Reads what the statements select. */
export const ROWS: RowReader = rowReader("objects");

/** Prepares the store's statements for one table. */
export function prepareStatements(database: SqliteDatabase, table: string): Statements {
  const { sessions, generations } = tableNames(table);
  const prepare = (sql: string): SqliteStatement => database.prepare(sql);
  const columns = ALL_NAMES.join(", ");
  const live = "reason IS NULL AND expires_at > ?";
  const bury = `
    UPDATE ${sessions}
    SET ${ENDING_COLUMNS.map(({ name }) => `${name} = ?`).join(", ")},
      ${ONLY_LIVE_NAMES.map((name) => `${name} = NULL`).join(", ")}`;

  return {
    load: prepare(`SELECT ${columns} FROM ${sessions} WHERE id = ? AND expires_at > ?`),
    create: prepare(`
      INSERT INTO ${sessions} (id, ${LIVE_NAMES.join(", ")})
      VALUES (?, ${LIVE_NAMES.map(() => "?").join(", ")})
      ON CONFLICT (id) DO UPDATE
      SET ${LIVE_NAMES.map((name) => `${name} = excluded.${name}`).join(", ")},
        ${ENDED_NAMES.map((name) => `${name} = NULL`).join(", ")}
      WHERE ${sessions}.expires_at <= ?`),
    update: prepare(`
      UPDATE ${sessions} SET ${LIVE_NAMES.map((name) => `${name} = ?`).join(", ")}
      WHERE id = ? AND version = ? AND ${live}`),
    end: prepare(`${bury} WHERE id = ? AND ${live}`),
    endExpected: prepare(`${bury} WHERE id = ? AND version = ? AND ${live}`),
    touch: prepare(`
      UPDATE ${sessions}
      SET last_seen_at = max(last_seen_at, ?), expires_at = max(expires_at, ?)
      WHERE id = ? AND ${live}`),

    // Under the user's own name, or another one where the user was forgotten, or both.
    generation: prepare(`
      SELECT max(generation) AS generation FROM ${generations}
      WHERE (manager = ? AND user_id = ?) OR (manager = ? AND user_id = ?)`),
    // Where either is NULL, for ever, max() is NULL too.
    raiseGeneration: prepare(`
      INSERT INTO ${generations} (manager, user_id, generation, keep_until)
      SELECT ?, ?, max(?, coalesce(max(generation) + 1, 0)), ? FROM ${generations}
      WHERE (manager = ? AND user_id = ?) OR (manager = ? AND user_id = ?)
      ON CONFLICT (manager, user_id) DO UPDATE
      SET generation = max(generation + 1, excluded.generation),
        keep_until = max(keep_until, excluded.keep_until)
      RETURNING generation`),
    // Facts alone: what the application keeps may be long, and nobody asks for it here.
    list: prepare(`
      SELECT ${FACT_NAMES.join(", ")} FROM ${sessions} WHERE manager = ? AND user_id = ? AND ${live}
      ORDER BY last_seen_at DESC`),
    endAll: prepare(`
      ${bury} WHERE manager = ? AND user_id = ? AND id IS NOT ? AND ${live} RETURNING id`),
    // The plus sign keeps SQLite from choosing the index on expiry and sorting everything.
    scan: prepare(`
      SELECT ${columns} FROM ${sessions}
      WHERE id > ? AND manager = ? AND reason IS NULL AND +expires_at > ?
      ORDER BY id LIMIT ?`),
    count: prepare(`SELECT count(*) AS total FROM ${sessions} WHERE manager = ? AND ${live}`),

    // One statement finds and deletes, so what was touched meanwhile is not among them.
    deleteExpired: prepare(`
      DELETE FROM ${sessions}
      WHERE rowid IN (
        SELECT rowid FROM ${sessions}
        WHERE expires_at <= ${DUE} LIMIT ?)`),
    deleteGenerations: prepare(`
      DELETE FROM ${generations}
      WHERE (manager, user_id) IN (
        SELECT manager, user_id FROM ${generations}
        WHERE keep_until <= ? - ${SWEEP_DELAY_MS} LIMIT ?)`),

    // What follows deletes only what this one has written down: another process may raise in between.
    hideGeneration: prepare(`
      INSERT INTO ${generations} (manager, user_id, generation, keep_until)
      SELECT ?, ?, generation, keep_until FROM ${generations} WHERE manager = ? AND user_id = ?
      ON CONFLICT (manager, user_id) DO UPDATE
      SET generation = max(generation, excluded.generation),
        keep_until = max(keep_until, excluded.keep_until)`),
    forgetGeneration: prepare(`
      DELETE FROM ${generations}
      WHERE manager = ? AND user_id = ? AND generation <=
        (SELECT generation FROM ${generations} WHERE manager = ? AND user_id = ?)`),
    forget: prepare(`
      DELETE FROM ${sessions}
      WHERE rowid IN (
        SELECT rowid FROM ${sessions}
        WHERE manager = ? AND user_id = ? AND expires_at <= ? LIMIT ?)`),
  };
}
