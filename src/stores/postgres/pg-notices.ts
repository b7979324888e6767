import { warnOnce } from "../../core/warn.ts";
import type { PgClient, PgPool } from "./clients.ts";
import { isLimited } from "./pg-handshakes.ts";

const DEAF =
  'has no "error" listener: a connection that is lost while nobody uses it ends the process. Add ' +
  '.on("error", (error) => console.error(error)).';

const PATIENT =
  "The Pool of pg has no connectionTimeoutMillis: where its address accepts connections and answers " +
  "nobody, each attempt to connect waits for ever, and whoever asks the pool for a connection. Add " +
  "connectionTimeoutMillis: 5_000.";

/** Warns the developer of what would make an outage worse. */
export function warnOfPool(pool: PgPool): void {
  if (pool.listenerCount?.("error") === 0) warnOnce(pool, `The Pool of pg ${DEAF}`);
  if (!isLimited(pool)) warnOnce(pool, PATIENT);
}

/** Warns the developer of a client whose loss would end the process. */
export function warnOfClient(client: PgClient): void {
  if (client.listenerCount?.("error") === 0) warnOnce(client, `The Client of pg ${DEAF}`);
}
