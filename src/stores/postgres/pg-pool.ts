import type { Random } from "../../core/waiting.ts";
import { warnOnce } from "../../core/warn.ts";
import type { PgPool, PgPoolClient } from "./clients.ts";
import { type Database, refuseAborted, waited } from "./database.ts";
import { NotSent, OpenTransaction, PostgresStoreProblem, Useless } from "./failure.ts";
import { PgDebts } from "./pg-debts.ts";
import { PgLender } from "./pg-lender.ts";
import { PgLoan } from "./pg-loan.ts";
import { PgSender, sendScript } from "./pg-query.ts";
import { PgSubscription } from "./pg-subscription.ts";

/** How many clients an operation may find useless, if an application left several so. */
const MAX_LOANS = 5;

const NO_ROOM =
  "a Pool with max: 1 has no connection to spare for listening, as no other call would ever be " +
  "answered; give it max: 2";

interface Parts {
  readonly lender: PgLender;
  readonly debts: PgDebts;
}
type Work<T> = (client: PgPoolClient) => Promise<T>;

/** A `Pool` of `pg`. */
export function pgPoolDatabase(pool: PgPool, random: Random): Database {
  const sender = new PgSender();
  const lender = new PgLender(pool);
  const parts: Parts = { lender, debts: new PgDebts(lender) };
  return {
    query: (statement, values, signal) =>
      lent(parts, signal, (client) => sender.send(client, statement, values)),
    script: (text, signal) => lent(parts, signal, (client) => sendScript(client, text)),
    async listen(channel, listener) {
      requireRoomToListen(pool);
      const subscription = new PgSubscription(lender, { channel, listener, random });
      await subscription.start();
      return () => subscription.stop();
    },
  };
}

function requireRoomToListen(pool: PgPool): void {
  if (pool.options?.max !== 1) return;
  warnOnce(pool, `The Pool of postgresStore cannot announce the ends of sessions: ${NO_ROOM}.`);
  throw new PostgresStoreProblem(NO_ROOM);
}

/** Works with a client on loan, and with another one where nothing came of that. */
async function lent<T>({ lender, debts }: Parts, signal: AbortSignal, work: Work<T>): Promise<T> {
  for (let loans = 1; ; loans += 1) {
    refuseAborted(signal);
    const loan = await borrowed(lender, signal);
    try {
      return await waited(loan.run(work), signal);
    } catch (error) {
      if (!(error instanceof Useless)) throw error;
      if (loans === MAX_LOANS) throw error.cause;
    } finally {
      if (!loan.isBack) debts.add(loan);
    }
  }
}

async function borrowed(lender: PgLender, signal: AbortSignal): Promise<PgLoan> {
  try {
    return new PgLoan(lender, await lender.lend(signal));
  } catch (cause) {
    throw cause instanceof OpenTransaction ? cause : new NotSent(cause);
  }
}
