import type { PgPool, PgPoolClient } from "./clients.ts";
import { ignore } from "./database.ts";

/**
 * A client of the pool that is heard: one that loses its connection says so to its queries too, but
 * unheard its `error` ends the process. The pool stops listening just before it lends, so by the
 * time that a promise resolves the error may have come; the callback is in time.
 */
export function lentBy(pool: PgPool): Promise<PgPoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) {
        reject(error);
        return;
      }
      client.on("error", ignore);
      resolve(client);
    });
  });
}
