import { PAGE_ROWS, type Pages } from "./stored-row.ts";
import { rowOf, tableOf } from "./table.ts";

/** A connection that only reads. */
export interface SqlReader {
  readonly query: (sql: string, values: readonly string[]) => Promise<readonly unknown[]>;
  readonly close: () => Promise<unknown>;
  /** A name in its quotes. */
  readonly quoted: (name: string) => string;
  /** The placeholder of the one value. */
  readonly placeholder: string;
  /** Which schema the tables are in. */
  readonly schema: string;
  /** A time as text of Greenwich. */
  readonly timeText: (column: string) => string;
}

/** The rows of a table by their keys in order, a page at a time. */
export async function* sqlPages(reader: SqlReader, tableName: string | undefined): Pages {
  const { query, quoted, placeholder, schema, timeText } = reader;
  try {
    const columns = `SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema = ${schema} AND table_name = ${placeholder}`;
    const table = await tableOf(tableName, async (name) =>
      (await query(columns, [name])).map((row) => String(Object(row).name)),
    );
    const key = quoted(table.key);
    const page = `SELECT ${key} AS ${quoted("key")}, ${quoted(table.value)} AS ${quoted("value")},
      ${timeText(quoted(table.expiry))} AS expiry FROM ${quoted(table.name)}
      WHERE ${key} > ${placeholder} ORDER BY ${key} LIMIT ${PAGE_ROWS}`;
    for (let last = ""; ; ) {
      const rows = (await query(page, [last])).map(rowOf);
      yield rows;
      const end = rows.at(-1);
      if (end === undefined || rows.length < PAGE_ROWS) return;
      last = end.key;
    }
  } finally {
    await reader.close();
  }
}
