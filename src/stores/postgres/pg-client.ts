import type { PgClient, PgNotification } from "./clients.ts";
import { type Database, ignore, refuseAborted, waited } from "./database.ts";
import { JoinedTransaction, NotSent, OpenTransaction } from "./failure.ts";
import { warnOfClient } from "./pg-notices.ts";
import { PgSender, sendScript } from "./pg-query.ts";
import { attend, isAwaiting, isInTransaction } from "./pg-status.ts";

/** One connection, a `Client` of `pg`, or one that a pool has lent. */
export function pgClientDatabase(client: PgClient): Database {
  const sender = new PgSender();
  const line = new Line();
  let hasBegun = false;
  attend(client);
  return {
    async query(statement, values, signal) {
      if (!hasBegun) warnOfClient(client);
      hasBegun = true;
      let isSent = false;
      const answer = line.next(async () => {
        refuseAborted(signal);
        if (!isAwaiting(client) && isInTransaction(client)) throw new OpenTransaction();
        isSent = true;
        const rows = await sender.send(client, statement, values);
        if (isInTransaction(client)) throw new JoinedTransaction();
        return rows;
      });
      try {
        return await waited(answer, signal);
      } catch (error) {
        throw isSent || isOfItsOwn(error) ? error : new NotSent(error);
      }
    },
    script: (text, signal) =>
      waited(
        line.next(() => sendScript(client, text)),
        signal,
      ),
    async listen(channel, listener) {
      const onNotification = (message: PgNotification): void => {
        if (message.channel === channel) listener.onMessage(message.payload ?? "");
      };
      const lost = (): void => listener.onGap();
      client.on("notification", onNotification);
      client.on("end", lost);
      const leave = (): void => {
        client.removeListener("notification", onNotification);
        client.removeListener("end", lost);
      };
      try {
        await line.next(() => sendScript(client, `LISTEN "${channel}"`));
      } catch (error) {
        leave();
        throw error;
      }
      return async () => {
        leave();
        // In vain where the application has closed the client, and then needless.
        await line.next(() => sendScript(client, `UNLISTEN "${channel}"`)).catch(ignore);
      };
    },
  };
}

function isOfItsOwn(error: unknown): boolean {
  return error instanceof NotSent || error instanceof OpenTransaction;
}

/** One query at a time: `pg` deprecates a client's own queue, and from this one a call can leave. */
class Line {
  #last: Promise<unknown> = Promise.resolve();

  next<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(ignore);
    return turn;
  }
}
