import type { MysqlConnection, MysqlStatement, MysqlValue } from "./pool.ts";

/** A statement of the store. */
export interface Sql {
  readonly text: string;
  /**
   * Whether each connection keeps it prepared: what is asked at every request. The server has room
   * for some 16,000 such (`max_prepared_stmt_count`), of all connections together.
   */
  readonly isPrepared: boolean;
}

/** A statement that is worth a place on each connection. */
export function prepared(text: string): Sql {
  return { text, isPrepared: true };
}

/** A statement that is not. */
export function plain(text: string): Sql {
  return { text, isPrepared: false };
}

/** Sends a statement, prepared or as a text. */
export function send(
  connection: MysqlConnection,
  { text }: Sql,
  values: readonly MysqlValue[],
  as: "prepared" | "text",
): Promise<readonly [unknown, unknown]> {
  return as === "prepared"
    ? connection.execute(statementOf(text, [...values]))
    : connection.query(statementOf(written(text, values), []));
}

/**
 * A value as it is written in a text. Bytes are written in hexadecimal, which needs no escaping,
 * whatever the character set and the sql_mode.
 */
export function literal(value: MysqlValue): string {
  return Buffer.isBuffer(value) ? `X'${value.toString("hex")}'` : String(value ?? "NULL");
}

/** The text with its values in the places of the question marks. */
function written(text: string, values: readonly MysqlValue[]): string {
  let place = 0;
  return text.replaceAll("?", () => literal(values[place++] ?? null));
}

// Integers and texts are read as they come.
function statementOf(sql: string, values: MysqlValue[]): MysqlStatement {
  return {
    sql,
    values,
    rowsAsArray: false,
    nestTables: false,
    namedPlaceholders: false,
    typeCast: (_field, next) => next(),
  };
}
