import type { PgPool, PgPoolClient } from "./clients.ts";
import { type Database, ignore, refuseAborted, waited } from "./database.ts";
import { NotSent, sqlState } from "./failure.ts";
import { lentBy } from "./pg-lending.ts";
import { PgListening } from "./pg-listening.ts";
import { PgSender, sendScript } from "./pg-query.ts";

/**
 * How long a client whose caller has given up is left to finish. A slow server gets its chance to
 * answer, so that we do not heap up connections on it; a dead connection is not kept for longer.
 */
const PATIENCE_MS = 10_000;

/** A `Pool` of `pg`. */
export function pgPoolDatabase(pool: PgPool): Database {
  const sender = new PgSender();
  return {
    query: (statement, values, signal) =>
      lent(pool, signal, (client) => sender.send(client, statement, values)),
    script: (text, signal) => lent(pool, signal, (client) => sendScript(client, text)),
    async listen(channel, ear) {
      const listening = new PgListening(pool, channel, ear);
      await listening.start();
      return () => listening.stop();
    },
  };
}

/** Works with a client on loan. */
async function lent<T>(
  pool: PgPool,
  signal: AbortSignal,
  work: (client: PgPoolClient) => Promise<T>,
): Promise<T> {
  refuseAborted(signal);
  const loan = await borrow(pool, signal);
  const answer = work(loan.client);
  answer.then(
    () => loan.giveBack(),
    (error) => loan.giveBack(isBroken(error)),
  );
  try {
    return await waited(answer, signal);
  } finally {
    loan.giveBackWithin(PATIENCE_MS);
  }
}

function isBroken(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || /^(?:08|57P)/.test(state);
}

interface Loan {
  readonly client: PgPoolClient;
  /** May be called again. */
  giveBack(isBroken?: boolean): void;
  giveBackWithin(ms: number): void;
}

async function borrow(pool: PgPool, signal: AbortSignal): Promise<Loan> {
  const pending = lentBy(pool);
  try {
    return loanOf(await waited(pending, signal));
  } catch (cause) {
    // It cannot be taken back from the pool's queue, so it is given back when it comes.
    if (signal.aborted) pending.then((client) => loanOf(client).giveBack(), ignore);
    throw new NotSent(cause);
  }
}

function loanOf(client: PgPoolClient): Loan {
  let isBack = false;
  let patience: NodeJS.Timeout | undefined;
  const giveBack = (isBroken = false): void => {
    if (isBack) return;
    isBack = true;
    clearTimeout(patience);
    client.release(isBroken);
    client.removeListener("error", ignore);
  };
  return {
    client,
    giveBack,
    giveBackWithin(ms) {
      if (!isBack) patience = setTimeout(giveBack, ms, true).unref();
    },
  };
}
