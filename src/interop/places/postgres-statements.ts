import { type Statement, statement } from "../../stores/postgres/database.ts";
import { type SqlTable, sqlNames, standardQuoted } from "./sql-table.ts";

/** What a place asks of a table. */
export interface PostgresStatements {
  readonly read: Statement;
  readonly insert: Statement;
  readonly replace: Statement;
  readonly remove: Statement;
  readonly removeExactly: Statement;
  readonly extend: Statement;
}

/**
 * The statements for a table. Bytes go and come in hexadecimal, and times as numbers, so that what a
 * driver makes of `bytea` and `timestamp` does not matter.
 */
export function postgresStatements(place: SqlTable): PostgresStatements {
  const { table, key, data, expiry } = sqlNames(place, standardQuoted);
  const isText = place.data.holds === "text";
  const bytes = isText ? `convert_to(${data}, 'UTF8')` : data;
  const given = (parameter: string): string => {
    const decoded = `decode(${parameter}::text, 'hex')`;
    return isText ? `convert_from(${decoded}, 'UTF8')` : decoded;
  };
  const time = (parameter: string): string => {
    const instant = `to_timestamp(${parameter}::bigint / 1000.0)`;
    return place.expiry.holds === "instant" ? instant : `(${instant} AT TIME ZONE 'UTC')`;
  };
  const isThere = (now: string): string => `${key} = $1::text AND ${expiry} > ${time(now)}`;
  const isExactly = `${isThere("$3")} AND ${bytes} = decode($2::text, 'hex')`;
  return {
    // In UTC, whichever zone a timestamp without one is taken to be of.
    read: statement(
      `SELECT encode(${bytes}, 'hex'), floor(extract(epoch FROM ${expiry}) * 1000)::bigint ` +
        `FROM ${table} WHERE ${isThere("$2")} AND isfinite(${expiry})`,
    ),
    insert: statement(
      `INSERT INTO ${table} AS standing (${key}, ${data}, ${expiry}) ` +
        `VALUES ($1::text, ${given("$2")}, ${time("$3")}) ` +
        `ON CONFLICT (${key}) DO UPDATE SET ${data} = excluded.${data}, ` +
        `${expiry} = excluded.${expiry} ` +
        `WHERE standing.${expiry} IS NULL OR standing.${expiry} <= ${time("$4")} RETURNING 1`,
    ),
    replace: statement(
      `UPDATE ${table} SET ${data} = ${given("$4")}, ${expiry} = ${time("$5")} ` +
        `WHERE ${isExactly} RETURNING 1`,
    ),
    remove: statement(`DELETE FROM ${table} WHERE ${isThere("$2")} RETURNING 1`),
    removeExactly: statement(`DELETE FROM ${table} WHERE ${isExactly} RETURNING 1`),
    extend: statement(
      `UPDATE ${table} SET ${expiry} = ${time("$4")} WHERE ${isExactly} RETURNING 1`,
    ),
  };
}
