import type { PGliteDatabase } from "./clients.ts";
import { type Database, type Row, refuseAborted, waited } from "./database.ts";

/** A PostgreSQL inside this process. */
export function pgliteDatabase(pglite: PGliteDatabase): Database {
  return {
    async query({ text }, values, signal) {
      refuseAborted(signal);
      const answer = pglite.query(text, [...values], { rowMode: "array" });
      const { rows } = await waited(answer, signal);
      return rows as readonly Row[];
    },
    async script(text, signal) {
      await waited(pglite.exec(text), signal);
    },
    // Quoted, as PGlite writes other names in small letters.
    listen: (channel, listener) =>
      pglite.listen(`"${channel}"`, (payload) => listener.onMessage(payload)),
  };
}
