import { randomUUID } from "node:crypto";
import { type ChannelListener, type Database, waited } from "./database.ts";
import { PostgresStoreProblem, Unanswered } from "./failure.ts";

/** No id of a session begins so. */
const MARK = "?";
const SENDING_MS = 5_000;
/** How long a notification may take once its transaction is over. */
const TRAVEL_MS = 2_000;

const NOT_ARRIVED =
  "what is announced does not arrive over the connection that listens, as behind a pooler in " +
  "transaction mode; connect to the server itself where sessions are announced";

/**
 * Listens, and says something to oneself, by another connection where there is one: poolers accept
 * LISTEN and pass nothing on.
 *
 * @throws {@link PostgresStoreProblem} if it does not arrive.
 */
export async function listenedWithEcho(
  database: Database,
  channel: string,
  listener: ChannelListener,
): Promise<() => Promise<void>> {
  const call = `${MARK}${randomUUID()}`;
  let onEcho = (): void => undefined;
  const echo = new Promise<void>((resolve) => {
    onEcho = resolve;
  });
  const stop = await database.listen(channel, {
    onMessage(payload) {
      if (payload === call) onEcho();
      else if (!payload.startsWith(MARK)) listener.onMessage(payload);
    },
    onGap: () => listener.onGap(),
  });
  try {
    // As a text: a pooler may lose what is prepared.
    const notify = `SELECT pg_notify('${channel}', '${call}')`;
    await database.script(notify, AbortSignal.timeout(SENDING_MS));
    await waited(echo, AbortSignal.timeout(TRAVEL_MS)).catch(notArrived);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}

function notArrived(error: unknown): never {
  throw error instanceof Unanswered ? new PostgresStoreProblem(NOT_ARRIVED) : error;
}
