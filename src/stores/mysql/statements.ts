import { SWEEP_DELAY_MS } from "../../core/clocks.ts";
import type { SessionId } from "../../core/token.ts";
import {
  ALL_NAMES,
  ENDED_NAMES,
  ENDING_COLUMNS,
  FACT_NAMES,
  LIVE_NAMES,
  ONLY_LIVE_NAMES,
} from "../sql/columns.ts";
import { bytes } from "./rows.ts";
import { literal, plain, prepared, type Sql } from "./sql.ts";
import { type Table, tableNames } from "./table.ts";

/**
 * How many rows one statement ends or deletes. A thousand in a list would make MariaDB look for a
 * subquery instead (`in_predicate_conversion_threshold`).
 */
export const BATCH = 500;

/** Every statement of the store. Each is atomic by itself, so none needs a transaction. */
export interface Statements {
  readonly load: Sql;
  readonly create: Sql;
  readonly createOverExpired: Sql;
  readonly update: Sql;
  readonly end: Sql;
  readonly endExpected: Sql;
  readonly touch: Sql;
  readonly isLive: Sql;
  readonly generation: Sql;
  readonly raiseGeneration: Sql;
  readonly generationOf: Sql;
  readonly hideGeneration: Sql;
  readonly forgetGeneration: Sql;
  readonly expiredOf: Sql;
  readonly forgetMany: (ids: readonly SessionId[]) => Sql;
  readonly list: Sql;
  readonly userIds: Sql;
  readonly endMany: (ids: readonly SessionId[]) => Sql;
  readonly idsOfVersion: (ids: readonly SessionId[]) => Sql;
  readonly scan: Sql;
  readonly count: Sql;
  readonly expired: Sql;
  readonly deleteMany: (ids: readonly SessionId[]) => Sql;
  readonly deleteGenerations: Sql;
  /** Whether a transaction is open, where the server can tell. */
  readonly transaction: Sql | undefined;
}

/**
 * The store's statements for one table.
 *
 * @param isTelling - Whether the server has `@@in_transaction`: MariaDB has, MySQL has not.
 */
export function statementsFor(table: Table, isTelling: boolean): Statements {
  const { sessions, generations } = tableNames(table);
  const columns = ALL_NAMES.join(", ");
  const live = "reason IS NULL AND expires_at > ?";
  const ofUser = "manager = ? AND user_id = ?";
  const setLive = LIVE_NAMES.map((name) => `${name} = ?`).join(", ");
  const told = `${isTelling ? "@@in_transaction" : "0"} AS in_transaction`;
  // The server's clock is asked too: one host's may be ahead of everybody's.
  const past = `LEAST(?, UNIX_TIMESTAMP() * 1000) - ${SWEEP_DELAY_MS}`;
  // By primary key, as everybody writes: along the index of a user it would lock gaps.
  const bury = `
    UPDATE ${sessions} FORCE INDEX (PRIMARY)
    SET ${ENDING_COLUMNS.map(({ name }) => `${name} = ?`).join(", ")},
      ${ONLY_LIVE_NAMES.map((name) => `${name} = NULL`).join(", ")}`;

  return {
    // Joined to one row, so that there is one that tells even where there is no session.
    load: prepared(`
      SELECT ${told}, ${columns} FROM (SELECT 1 AS one) AS one
      LEFT JOIN ${sessions} ON id = ? AND expires_at > ?`),
    create: prepared(`
      INSERT INTO ${sessions} (id, ${LIVE_NAMES.join(", ")})
      VALUES (?, ${LIVE_NAMES.map(() => "?").join(", ")})`),
    createOverExpired: plain(`
      UPDATE ${sessions}
      SET ${setLive}, ${ENDED_NAMES.map((name) => `${name} = NULL`).join(", ")}
      WHERE id = ? AND expires_at <= ?`),
    update: prepared(`UPDATE ${sessions} SET ${setLive} WHERE id = ? AND version = ? AND ${live}`),
    end: prepared(`${bury} WHERE id = ? AND ${live}`),
    endExpected: prepared(`${bury} WHERE id = ? AND version = ? AND ${live}`),
    touch: prepared(`
      UPDATE ${sessions}
      SET last_seen_at = GREATEST(last_seen_at, ?), expires_at = GREATEST(expires_at, ?)
      WHERE id = ? AND ${live}`),
    isLive: plain(`SELECT 1 FROM ${sessions} WHERE id = ? AND ${live}`),

    // Under the user's own name, or another one where the user was forgotten, or both.
    generation: prepared(`
      SELECT ${told}, COALESCE(MAX(generation), 0) AS generation
      FROM ${generations} WHERE (${ofUser}) OR (${ofUser})`),
    // The time, so that it never comes back once it was forgotten. NULL is later than any instant.
    raiseGeneration: plain(`
      INSERT INTO ${generations} (manager, user_id, generation, keep_until)
      VALUES (?, ?, LAST_INSERT_ID(?), ?)
      ON DUPLICATE KEY UPDATE
        generation = LAST_INSERT_ID(GREATEST(generation + 1, ?)),
        keep_until = GREATEST(keep_until, ?)`),
    generationOf: plain(`
      SELECT ${told}, generation, keep_until FROM ${generations} WHERE ${ofUser}`),
    hideGeneration: plain(`
      INSERT INTO ${generations} (manager, user_id, generation, keep_until) VALUES (?, ?, ?, ?)
      ON DUPLICATE KEY UPDATE
        generation = GREATEST(generation, ?), keep_until = GREATEST(keep_until, ?)`),
    forgetGeneration: plain(`DELETE FROM ${generations} WHERE ${ofUser} AND generation <= ?`),
    expiredOf: plain(`
      SELECT ${told}, id FROM ${sessions} FORCE INDEX (by_user)
      WHERE ${ofUser} AND expires_at <= ? LIMIT ${BATCH}`),
    forgetMany: (ids) =>
      plain(`DELETE FROM ${sessions} WHERE ${among(ids)} AND ${ofUser} AND expires_at + 0 <= ?`),
    list: plain(`
      SELECT ${told}, ${FACT_NAMES.join(", ")} FROM ${sessions} WHERE ${ofUser} AND ${live}
      ORDER BY last_seen_at DESC`),
    userIds: plain(`
      SELECT ${told}, id FROM ${sessions} FORCE INDEX (by_user)
      WHERE ${ofUser} AND id > ? AND id <> ? AND ${live}
      ORDER BY id LIMIT ${BATCH}`),
    endMany: (ids) => plain(`${bury} WHERE ${among(ids)} AND ${ofUser} AND ${live}`),
    idsOfVersion: (ids) => plain(`SELECT id FROM ${sessions} WHERE ${among(ids)} AND version = ?`),
    // Left to itself, the server may sort all of a manager's records for each page, and below read
    // them all to count them.
    scan: plain(`
      SELECT ${told}, ${columns} FROM ${sessions} FORCE INDEX (PRIMARY)
      WHERE id > ? AND manager = ? AND ${live}
      ORDER BY id LIMIT ?`),
    count: plain(`
      SELECT ${told}, COUNT(*) AS total FROM ${sessions} FORCE INDEX (by_expiry)
      WHERE manager = ? AND ${live}`),

    expired: plain(`
      SELECT ${told}, id, expires_at FROM ${sessions} FORCE INDEX (by_expiry)
      WHERE expires_at >= ? AND expires_at <= ${past}
      ORDER BY expires_at LIMIT ${BATCH}`),
    // The sum keeps the server from going along the index on expiry after all.
    deleteMany: (ids) =>
      plain(`DELETE FROM ${sessions} WHERE ${among(ids)} AND expires_at + 0 <= ${past}`),
    // By one clock: the end is far off, and nobody is signed out by what goes too early.
    deleteGenerations: plain(`
      DELETE FROM ${generations} WHERE keep_until <= ? - ${SWEEP_DELAY_MS} LIMIT ${BATCH}`),
    transaction: isTelling ? plain(`SELECT ${told}`) : undefined,
  };
}

function among(ids: readonly SessionId[]): string {
  return `id IN (${ids.map((id) => literal(bytes(id))).join(", ")})`;
}
