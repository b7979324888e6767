import { existsSync } from "node:fs";
import { WrongInput } from "../wrong-input.ts";
import { PAGE_ROWS, type Pages } from "./stored-row.ts";
import { rowOf, tableOf } from "./table.ts";

/** The rows of a table in a file of SQLite's, which is opened for reading only. */
export async function* sqlitePages(path: string, tableName: string | undefined): Pages {
  if (!existsSync(path)) throw new WrongInput(`--sqlite: there is no ${path}: check the path.`);
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const columns = database.prepare("SELECT name FROM pragma_table_info(?)");
    const { name, key, value, expiry } = await tableOf(tableName, async (table) =>
      columns.all(table).map((row) => String(row["name"])),
    );
    const page = database.prepare(
      `SELECT "${key}" AS key, "${value}" AS value, "${expiry}" AS expiry FROM "${name}"
       WHERE "${key}" > ? ORDER BY "${key}" LIMIT ${PAGE_ROWS}`,
    );
    for (let last = ""; ; ) {
      const rows = page.all(last).map(rowOf);
      yield rows;
      const end = rows.at(-1);
      if (end === undefined || rows.length < PAGE_ROWS) return;
      last = end.key;
    }
  } finally {
    database.close();
  }
}
