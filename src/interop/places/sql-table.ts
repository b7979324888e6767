import { OptionsError } from "../../core/errors.ts";
import type { Named } from "./place.ts";

/** The table of a framework's sessions, which its own migrations make. */
export interface SqlTable extends Named {
  /** Such as `"django_session"`, or `"app.sessions"` with its schema or database. */
  readonly table: string;
  /** The column of the key, of which no two rows have the same. */
  readonly key: string;
  readonly data: {
    readonly column: string;
    /** What the column is made for: text in UTF-8, or whatever bytes. */
    readonly holds: "text" | "bytes";
  };
  readonly expiry: {
    readonly column: string;
    /** Only PostgreSQL tells them apart: `timestamptz`, or a `timestamp` that is meant in UTC. */
    readonly holds: "instant" | "utc";
  };
}

/** The names of a table and its columns, quoted. */
export interface SqlNames {
  readonly table: string;
  readonly key: string;
  readonly data: string;
  readonly expiry: string;
}

/** Quotes the names of a table. @throws {@link OptionsError} for what is none. */
export function sqlNames(
  { table, key, data, expiry }: SqlTable,
  quoted: (name: string) => string,
): SqlNames {
  const parts = table.split(".");
  const columns = [key, data.column, expiry.column];
  if (parts.length > 2 || ![...parts, ...columns].every((name) => NAME_FORM.test(name))) {
    throw new OptionsError(
      "table",
      `${JSON.stringify(table)} is not the name of a table; write one such as "sessions", or ` +
        '"app.sessions" with its schema.',
    );
  }
  const [keyName = "", dataName = "", expiryName = ""] = columns.map(quoted);
  return {
    table: parts.map(quoted).join("."),
    key: keyName,
    data: dataName,
    expiry: expiryName,
  };
}

// A question mark would be taken for a parameter.
const NAME_FORM = /^[^\p{Cc}?.]{1,64}$/u;

/** A name as the SQL standard quotes it. */
export function standardQuoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
