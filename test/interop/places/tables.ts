import type { SqlTable } from "../../../src/interop/places/sql-table.ts";

/** The table of Django's sessions. */
export const DJANGO: SqlTable = {
  table: "django_session",
  key: "session_key",
  data: { column: "session_data", holds: "text" },
  expiry: { column: "expire_date", holds: "instant" },
  keyFor: (key) => key,
};

/** The table of Flask-Session's, with its default prefix. */
export const FLASK: SqlTable = {
  table: "sessions",
  key: "session_id",
  data: { column: "data", holds: "bytes" },
  expiry: { column: "expiry", holds: "utc" },
  keyFor: (key) => `session:${key}`,
};

/** What a text column holds: no letters but such as are signed, in base 64 and beyond ASCII. */
export const TEXT: Uint8Array = Buffer.from(`.eJx=:1ts-${"é€😀".repeat(3)}:Ab+/`);

/** A key of Django's: 32 letters and digits. */
export function djangoKey(): string {
  return Array.from({ length: 32 }, () => Math.floor(Math.random() * 36).toString(36)).join("");
}
