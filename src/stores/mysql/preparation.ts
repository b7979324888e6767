import { MysqlStoreProblem } from "./failure.ts";
import type { Loan } from "./loan.ts";
import { ensureSchema, type SchemaMode } from "./schema.ts";
import { plain } from "./sql.ts";
import { type Statements, statementsFor } from "./statements.ts";
import type { Table } from "./table.ts";

/** Makes the store's tables, or checks them, and its statements. */
export function preparation(table: Table, mode: SchemaMode): (loan: Loan) => Promise<Statements> {
  return async (loan) => {
    const place = await placeOf(table, loan);
    await ensureSchema(loan, place, mode);
    return statementsFor(place, await isTelling(loan));
  };
}

/**
 * The table with its database, found once: an application may change a connection's by USE, and
 * sessions must not go with it.
 */
export async function placeOf(table: Table, loan: Loan): Promise<Table> {
  if (table.database !== undefined) return table;
  const [row] = await loan.rows(plain("SELECT DATABASE() AS name"));
  const { name } = row as { readonly name: unknown };
  const database = loan.database || String(name ?? "");
  if (database !== "") return { ...table, database };
  throw new MysqlStoreProblem(
    `the pool's connections are in no database; name one in createPool, or in the option "table": ` +
      `"shop.${table.name}"`,
  );
}

/** Whether the server tells of an open transaction to whoever reads. MySQL does not. */
export async function isTelling(loan: Loan): Promise<boolean> {
  return (await loan.rows(plain("SHOW VARIABLES LIKE 'in_transaction'"))).length > 0;
}
