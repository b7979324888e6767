import type { SessionId } from "../../core/token.ts";
import { type RowReader, rowReader, type Value } from "../sql/columns.ts";
import type { MysqlValue } from "./pool.ts";

/**
 * What no id is, and every id sorts after. Not the empty text: MariaDB's sql_mode
 * EMPTY_STRING_IS_NULL makes NULL of that, which is neither different from nor before anything.
 */
const NO_ID = Buffer.of(0);

/** Reads what the statements select. */
export const ROWS: RowReader = rowReader("objects", textIn);

/** A text as its bytes. */
export function bytes(text: string): Buffer {
  return Buffer.from(text, "utf8");
}

/** An id, or what stands for none of them. */
export function idBytes(id: SessionId | undefined): Buffer {
  return id === undefined ? NO_ID : bytes(id);
}

/** Values as they are sent: texts as their bytes. */
export function bound(values: readonly Value[]): MysqlValue[] {
  return values.map((value) => (typeof value === "string" ? bytes(value) : value));
}

// The driver gives bytes; a string where the columns were made of a text type after all.
function textIn(cell: unknown): string | undefined {
  if (cell === null) return undefined;
  return Buffer.isBuffer(cell) ? cell.toString("utf8") : String(cell);
}
