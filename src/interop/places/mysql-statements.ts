import { plain, type Sql } from "../../stores/mysql/sql.ts";
import { quoted } from "../../stores/mysql/table.ts";
import { type SqlTable, sqlNames } from "./sql-table.ts";

/** What a place asks of a table. */
export interface MysqlStatements {
  readonly read: Sql;
  readonly insert: Sql;
  readonly insertOverExpired: Sql;
  readonly replace: Sql;
  readonly remove: Sql;
  readonly removeExactly: Sql;
  readonly extend: Sql;
}

/**
 * The statements for a table. A key is looked up twice: by the column's own collation, so that the
 * index serves, and then byte by byte, as most collations take `A` for `a` and overlook trailing
 * blanks. Not prepared, as only a literal takes the collation of the column it is compared with.
 *
 * @param isTelling - Whether the server has `@@in_transaction`.
 */
export function mysqlStatements(
  place: SqlTable,
  table: string,
  isTelling: boolean,
): MysqlStatements {
  const { key, data, expiry } = sqlNames(place, quoted);
  const isText = place.data.holds === "text";
  const given = isText ? "_utf8mb4 ?" : "?";
  const utf8 = (column: string): string => `CONVERT(${column} USING utf8mb4)`;
  const bytes = isText ? `CAST(${utf8(data)} AS BINARY)` : data;
  // Its index must not serve: to lock rows by it and then by their key, while the framework locks by
  // the key alone, is a deadlock, of which the framework would be the victim.
  const ends = `(${expiry} + INTERVAL 0 SECOND)`;
  const isThere = `${key} = _utf8mb4 ? AND CAST(${utf8(key)} AS BINARY) = ? AND ${ends} > ${TIME}`;
  const isExactly = `${isThere} AND ${bytes} = ?`;
  const told = `${isTelling ? "@@in_transaction" : "0"} AS in_transaction`;
  return {
    // Joined to one row, so that there is one that tells even where there is no session.
    read: plain(
      `SELECT ${told}, HEX(${isText ? utf8(data) : data}) AS bytes, ` +
        `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${expiry}) AS ends ` +
        `FROM (SELECT 1 AS one) AS one LEFT JOIN ${table} ON ${isThere}`,
    ),
    insert: plain(
      `INSERT INTO ${table} (${key}, ${data}, ${expiry}) VALUES (_utf8mb4 ?, ${given}, ${TIME})`,
    ),
    insertOverExpired: plain(
      `UPDATE ${table} SET ${data} = ${given}, ${expiry} = ${TIME} ` +
        `WHERE ${key} = _utf8mb4 ? AND CAST(${utf8(key)} AS BINARY) = ? ` +
        `AND (${ends} IS NULL OR ${ends} <= ${TIME})`,
    ),
    replace: plain(
      `UPDATE ${table} SET ${data} = ${given}, ${expiry} = ${TIME} WHERE ${isExactly}`,
    ),
    remove: plain(`DELETE FROM ${table} WHERE ${isThere}`),
    removeExactly: plain(`DELETE FROM ${table} WHERE ${isExactly}`),
    extend: plain(`UPDATE ${table} SET ${expiry} = ${TIME} WHERE ${isExactly}`),
  };
}

/** From microseconds, whatever the zone of the connection. */
const TIME = "CAST(TIMESTAMPADD(MICROSECOND, ?, '1970-01-01 00:00:00.000000') AS DATETIME(6))";
