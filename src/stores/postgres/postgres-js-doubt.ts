import { setTimeout as pause } from "node:timers/promises";
import type { PostgresJsSql } from "./clients.ts";
import { waited } from "./database.ts";

/** How long after its call was given up a query may be without an answer before anybody asks. */
const PATIENCE_MS = 1_000;
const ASKING_MS = 2_000;
/** An answer that was on its way when the server was asked has come by then. */
const GRACE_MS = 250;

/**
 * Whether a query will never be answered: its connection has gone silent, or the driver has lost it,
 * and the server is not at work on it. Nobody can tell behind a pooler, which gives connections
 * numbers of its own, nor of a query that was not sent yet.
 */
export async function isLost(sql: PostgresJsSql, query: PromiseLike<unknown>): Promise<boolean> {
  let isAnswered = false;
  const onAnswer = (): void => {
    isAnswered = true;
  };
  query.then(onAnswer, onAnswer);
  await pause(PATIENCE_MS, undefined, { ref: false });
  const process = processOf(query);
  if (isAnswered || process === undefined) return false;
  const asked = sql
    .unsafe(
      `SELECT pg_backend_pid(), EXISTS (
        SELECT FROM pg_stat_activity WHERE pid = ${process} AND state = 'active')`,
    )
    .values();
  const [row] = await waited(asked, AbortSignal.timeout(ASKING_MS));
  await pause(GRACE_MS, undefined, { ref: false });
  const [own, isAtWork] = row ?? [];
  return !isAnswered && own === processOf(asked) && isAtWork === false;
}

/** What the server calls the connection on which a query was sent. */
function processOf(query: PromiseLike<unknown>): number | undefined {
  const pid: unknown = Object(Reflect.get(query, "state")).pid;
  return typeof pid === "number" ? pid : undefined;
}
