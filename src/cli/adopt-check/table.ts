import { WrongInput } from "../wrong-input.ts";
import type { StoredRow } from "./stored-row.ts";

/** The table of a framework, and what its columns are called. */
interface Table {
  readonly name: string;
  readonly key: string;
  readonly value: string;
  readonly expiry: string;
}

/** Django's, and Flask-Session's. */
const KNOWN: readonly Table[] = [
  { name: "django_session", key: "session_key", value: "session_data", expiry: "expire_date" },
  { name: "sessions", key: "session_id", value: "data", expiry: "expiry" },
];

/**
 * The table to read: the one that was named, or the first that is there.
 *
 * @param columnsOf - The columns of a table; none where it is not there.
 */
export async function tableOf(
  name: string | undefined,
  columnsOf: (name: string) => Promise<readonly string[]>,
): Promise<Table> {
  if (name !== undefined && !/^\w{1,63}$/.test(name)) {
    throw new WrongInput("--table takes a name of letters, digits and _.");
  }
  for (const known of KNOWN) {
    const table = { ...known, name: name ?? known.name };
    const columns = new Set(await columnsOf(table.name));
    if (columns.has(table.key) && columns.has(table.value)) return table;
  }
  throw new WrongInput(
    name === undefined
      ? "There is neither django_session nor sessions here: pass --table NAME."
      : `The table ${name} has neither Django's columns nor Flask-Session's: check --table.`,
  );
}

/** A row as any driver gives it. */
export function rowOf(row: unknown): StoredRow {
  const { key, value, expiry } = row as Readonly<Record<string, unknown>>;
  return { key: String(key), bytes: bytesOf(value), expiresAt: instantOf(expiry) };
}

function bytesOf(value: unknown): Buffer {
  return value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value ?? ""));
}

/** Both frameworks keep Greenwich's time, with or without saying so. */
function instantOf(expiry: unknown): number | undefined {
  const at = Date.parse(`${String(expiry).slice(0, 19).replace(" ", "T")}Z`);
  return Number.isNaN(at) ? undefined : at;
}
