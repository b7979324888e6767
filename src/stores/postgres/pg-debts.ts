import { setTimeout as pause } from "node:timers/promises";
import type { PgPoolClient } from "./clients.ts";
import { waited } from "./database.ts";
import { Unanswered } from "./failure.ts";
import type { PgLender } from "./pg-lender.ts";
import type { PgLoan } from "./pg-loan.ts";
import { returned } from "./pg-queue.ts";

/** How long after its call's deadline a client may owe the answer before anybody asks. */
const PATIENCE_MS = 1_000;
/** How long the pool is waited for while it may have a client to spare. */
const SPARE_MS = 250;
/** How long it is waited for once there is room, and for the answer of a client that is asked. */
const WITNESS_MS = 2_000;
/** An idle one may have gone silent too; the next is new then. */
const MAX_WITNESSES = 2;
/** Answers that were on their way when the server was asked have come by then. */
const GRACE_MS = 250;
/** Where nobody can be asked, a client that owes an answer for so long is cut off. */
const ABANDONED_MS = 10_000;
/** How often one is cut off to make room, where that is of no use. */
const ROOM_MS = 60_000;
/** A statement that began so much after the call was given up is another one's. */
const ROUNDING_S = 1;

interface Debt {
  readonly loan: PgLoan;
  readonly since: number;
}

/** For how many seconds which processes of the server have been at work. */
type Work = ReadonlyMap<number, number>;

/**
 * Clients that owe an answer to a call that has given up. Where the server is still at work, as it is
 * while it waits for a lock, they are kept: it would go on with what nobody waits for, and each new
 * connection would add to that. The others have gone silent, and are cut off. Which is which, the
 * server is asked through another client.
 */
export class PgDebts {
  readonly #lender: Pick<PgLender, "lend" | "distrustAll">;
  readonly #debts = new Set<Debt>();
  #timer: NodeJS.Timeout | undefined;
  #roomMadeAt = Number.NEGATIVE_INFINITY;

  constructor(lender: Pick<PgLender, "lend" | "distrustAll">) {
    this.#lender = lender;
  }

  /** Has the loan end in time, unless its answer comes. */
  add(loan: PgLoan): void {
    this.#debts.add({ loan, since: performance.now() });
    this.#schedule();
  }

  #schedule(): void {
    for (const debt of this.#debts) if (debt.loan.isBack) this.#debts.delete(debt);
    if (this.#debts.size === 0) return;
    this.#timer ??= setTimeout(() => {
      const next = (): void => {
        this.#timer = undefined;
        this.#schedule();
      };
      this.#review().then(next, next);
    }, PATIENCE_MS).unref();
  }

  async #review(): Promise<void> {
    const work = await this.#work();
    await pause(GRACE_MS, undefined, { ref: false });
    const now = performance.now();
    const lost = [...this.#debts].filter((debt) => !debt.loan.isBack && isLost(debt, work, now));
    for (const debt of lost) this.#cutOff(debt);
    // Those that are idle may have gone the same way.
    if (work !== undefined && lost.length > 0) this.#lender.distrustAll();
  }

  async #work(): Promise<Work | undefined> {
    for (let witnesses = 0; witnesses < MAX_WITNESSES; witnesses += 1) {
      const witness = await this.#witness();
      if (witness === undefined) return undefined;
      try {
        const work = await workOf([...this.#debts], witness);
        returned(witness);
        this.#roomMadeAt = Number.NEGATIVE_INFINITY;
        return work;
      } catch (error) {
        returned(witness, true);
        if (error instanceof Unanswered) this.#lender.distrustAll();
      }
    }
    return undefined;
  }

  /** A client that owes nothing. A full pool has none until one that owes is cut off. */
  async #witness(): Promise<PgPoolClient | undefined> {
    const spare = await this.#lent(SPARE_MS);
    if (spare !== undefined || !this.#makeRoom()) return spare;
    return this.#lent(WITNESS_MS);
  }

  /** Seldom, where that was of no use: each may leave the server with more to do. */
  #makeRoom(): boolean {
    const now = performance.now();
    const oldest = [...this.#debts].find(({ loan }) => !loan.isBack);
    if (oldest === undefined || now - this.#roomMadeAt < ROOM_MS) return false;
    this.#roomMadeAt = now;
    this.#cutOff(oldest);
    return true;
  }

  #lent(ms: number): Promise<PgPoolClient | undefined> {
    return this.#lender.lend(AbortSignal.timeout(ms)).catch(() => undefined);
  }

  #cutOff(debt: Debt): void {
    this.#debts.delete(debt);
    debt.loan.cutOff();
  }
}

/** Whether an answer will never come. */
function isLost({ loan, since }: Debt, work: Work | undefined, now: number): boolean {
  const owedMs = now - since;
  if (work === undefined || loan.processId === undefined) return owedMs > ABANDONED_MS;
  const seconds = work.get(loan.processId);
  // Another server may have a process of the same number.
  return seconds === undefined || seconds + ROUNDING_S < owedMs / 1_000;
}

/** `undefined` behind a pooler, which gives connections numbers of its own. */
async function workOf(debts: readonly Debt[], witness: PgPoolClient): Promise<Work | undefined> {
  const processes = debts.flatMap(({ loan }) => loan.processId ?? []);
  const text = `
    SELECT pg_backend_pid(), pid, extract(epoch FROM clock_timestamp() - query_start)::float8
    FROM (SELECT) AS always LEFT JOIN pg_stat_activity
    ON pid IN (${[0, ...processes].join(", ")}) AND state = 'active'`;
  const asked = witness.query({ text, values: [], rowMode: "array" });
  const { rows } = await waited(asked, AbortSignal.timeout(WITNESS_MS));
  if (Number(rows[0]?.[0]) !== witness.processID) return undefined;
  return new Map(rows.map(([, process, seconds]) => [Number(process), Number(seconds)]));
}
