import type { PostgresJsResult, PostgresJsSql } from "./clients.ts";
import { type Database, ignore, refuseAborted, waited } from "./database.ts";
import { Unanswered } from "./failure.ts";

/**
 * The `sql` of `postgres` (postgres.js). It has a queue of its own, which a call cannot leave: its
 * `cancel()` may lose the connection, or end the process while the server is away (3.4).
 */
export function postgresJsDatabase(
  sql: PostgresJsSql,
  onGivenUp: (query: PromiseLike<unknown>) => void = ignore,
): Database {
  return {
    async query({ name, text }, values, signal) {
      refuseAborted(signal);
      // Prepared, unless the application's own options say otherwise.
      const rows = sql.unsafe(text, [...values], { prepare: name !== undefined }).values();
      try {
        return answered(await waited(rows, signal));
      } catch (error) {
        if (error instanceof Unanswered) onGivenUp(rows);
        throw error;
      }
    },
    async script(text, signal) {
      answered((await waited(sql.unsafe(text), signal)) as readonly unknown[] & PostgresJsResult);
    },
    async listen(channel, listener) {
      let isStopped = false;
      let isFirst = true;
      const { unlisten } = await sql.listen(
        channel,
        (payload) => {
          if (!isStopped) listener.onMessage(payload);
        },
        () => {
          if (!isFirst && !isStopped) listener.onGap();
          isFirst = false;
        },
      );
      return async () => {
        isStopped = true;
        // While the server is away it would wait for its return, and nothing depends on it.
        unlisten().catch(ignore);
      };
    },
  };
}

/**
 * A statement under way when its connection broke may be answered with no rows and no command, which
 * the server never said (3.4). What became of it is unknown.
 */
function answered<Rows extends readonly unknown[] & PostgresJsResult>(rows: Rows): Rows {
  const isAnswer = rows.length > 0 || typeof rows.command === "string";
  if (isAnswer) return rows;
  throw new Error("The connection was lost before the server had answered.");
}
