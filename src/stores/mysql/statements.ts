import { ENDED_COLUMNS, LIVE_COLUMNS } from "./rows.ts";
import { tableNames } from "./schema.ts";

/**
 * How many rows one statement ends or deletes. A statement on fewer ids names its last one several
 * times: each text of its own would be another prepared statement on every connection.
 */
export const BATCH = 100;

/** Every statement of the store. Each is atomic by itself, so none needs a transaction. */
export interface Statements {
  readonly load: string;
  readonly create: string;
  readonly createOverExpired: string;
  readonly update: string;
  readonly end: string;
  readonly endExpected: string;
  readonly touch: string;
  readonly isLive: string;
  readonly generation: string;
  readonly raiseGeneration: string;
  readonly list: string;
  readonly userIds: string;
  readonly endMany: string;
  readonly idsOfVersion: string;
  readonly scan: string;
  readonly count: string;
  readonly expiredIds: string;
  readonly deleteMany: string;
}

// What only a live record has makes room; the data too.
const ONLY_LIVE = LIVE_COLUMNS.filter(
  (column) => !["manager", "version", "expires_at"].includes(column),
);

/** The store's statements for one table. */
export function statementsFor(table: string): Statements {
  const { sessions, generations } = tableNames(table);
  const columns = ["id", ...LIVE_COLUMNS, ...ENDED_COLUMNS].join(", ");
  const live = "reason IS NULL AND expires_at > ?";
  const some = `id IN (${Array(BATCH).fill("?").join(", ")})`;
  const ofUser = "manager = ? AND user_id = ?";
  const setLive = LIVE_COLUMNS.map((column) => `${column} = ?`).join(", ");
  // By primary key, as everybody writes: along the index of a user it would lock gaps.
  const bury = `
    UPDATE ${sessions} FORCE INDEX (PRIMARY)
    SET version = ?, expires_at = ?, reason = ?, ended_at = ?, next = ?,
      ${ONLY_LIVE.map((column) => `${column} = NULL`).join(", ")}`;

  return {
    load: `SELECT ${columns} FROM ${sessions} WHERE id = ? AND expires_at > ?`,
    create: `
      INSERT INTO ${sessions} (id, ${LIVE_COLUMNS.join(", ")})
      VALUES (?, ${LIVE_COLUMNS.map(() => "?").join(", ")})`,
    createOverExpired: `
      UPDATE ${sessions}
      SET ${setLive}, ${ENDED_COLUMNS.map((column) => `${column} = NULL`).join(", ")}
      WHERE id = ? AND expires_at <= ?`,
    update: `UPDATE ${sessions} SET ${setLive} WHERE id = ? AND version = ? AND ${live}`,
    end: `${bury} WHERE id = ? AND ${live}`,
    endExpected: `${bury} WHERE id = ? AND version = ? AND ${live}`,
    touch: `
      UPDATE ${sessions}
      SET last_seen_at = GREATEST(last_seen_at, ?), expires_at = GREATEST(expires_at, ?)
      WHERE id = ? AND ${live}`,
    isLive: `SELECT 1 FROM ${sessions} WHERE id = ? AND ${live}`,

    generation: `SELECT generation FROM ${generations} WHERE ${ofUser}`,
    raiseGeneration: `
      INSERT INTO ${generations} VALUES (?, ?, 1)
      ON DUPLICATE KEY UPDATE generation = generation + 1`,
    list: `SELECT ${columns} FROM ${sessions} WHERE ${ofUser} AND ${live}
      ORDER BY last_seen_at DESC`,
    userIds: `SELECT id FROM ${sessions} WHERE ${ofUser} AND id <> ? AND ${live}`,
    endMany: `${bury} WHERE ${some} AND ${ofUser} AND ${live}`,
    idsOfVersion: `SELECT id FROM ${sessions} WHERE ${some} AND version = ?`,
    // Left to itself, the server may sort all of a manager's records for each page, and below read
    // them all to count them.
    scan: `
      SELECT ${columns} FROM ${sessions} FORCE INDEX (PRIMARY)
      WHERE id > ? AND manager = ? AND ${live}
      ORDER BY id LIMIT ?`,
    count: `
      SELECT COUNT(*) AS total FROM ${sessions} FORCE INDEX (by_expiry)
      WHERE manager = ? AND ${live}`,

    expiredIds: `
      SELECT id FROM ${sessions} WHERE expires_at <= ? ORDER BY expires_at LIMIT ${BATCH}`,
    // The sum keeps the server from going along the index on expiry after all.
    deleteMany: `DELETE FROM ${sessions} WHERE ${some} AND expires_at + 0 <= ?`,
  };
}
