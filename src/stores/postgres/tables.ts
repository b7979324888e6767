import { OptionsError } from "../../core/errors.ts";

/** The names of one store's tables and indexes, quoted where SQL needs it. */
export interface TableNames {
  readonly sessions: string;
  readonly generations: string;
  readonly meta: string;
  /** Of all of them, with a full stop behind it; empty where the connection's own decides. */
  readonly schema: string;
  readonly byUser: string;
  readonly byExpiry: string;
  readonly byEnd: string;
  /** Where the ends of sessions are announced; not quoted. */
  readonly channel: string;
}

const NAME_FORM = /^(?:[A-Za-z_][A-Za-z0-9_]*\.)?[A-Za-z_][A-Za-z0-9_]*$/;
/** PostgreSQL cuts names at 63 bytes without a word, and ours get an ending. */
const MAX_NAME_LENGTH = 50;

/** The option's value, checked. */
export function checkedTable(option: string, table = "sojourn_sessions"): string {
  const isUsable = typeof table === "string" && NAME_FORM.test(table);
  if (isUsable && table.length <= MAX_NAME_LENGTH) return table;
  throw new OptionsError(
    option,
    `${JSON.stringify(table)} is not a table name; write a name such as "sessions", or ` +
      '"app.sessions" with its schema: letters, digits and _, no digit in front, at most ' +
      `${MAX_NAME_LENGTH} characters together.`,
  );
}

/**
 * The names that follow from a checked `table`. An index lies in the schema of its table.
 *
 * @param place - The schema of a table that is named without one.
 */
export function tableNames(table: string, place?: string): TableNames {
  const dot = table.lastIndexOf(".");
  const schemaName = dot < 0 ? place : table.slice(0, dot);
  const schema = schemaName === undefined ? "" : `"${schemaName.replaceAll('"', '""')}".`;
  const name = table.slice(dot + 1);
  return {
    sessions: `${schema}"${name}"`,
    generations: `${schema}"${name}_generations"`,
    meta: `${schema}"${name}_meta"`,
    schema,
    byUser: `"${name}_by_user"`,
    byExpiry: `"${name}_by_expiry"`,
    byEnd: `"${name}_by_end"`,
    channel: `${table}_ended`,
  };
}
