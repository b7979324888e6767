import { setTimeout as pause } from "node:timers/promises";
import { untilAborted } from "../../core/waiting.ts";
import { Late } from "./failure.ts";
import type { MysqlConnection } from "./pool.ts";
import { plain, send } from "./sql.ts";

/** How long after its call's deadline a connection may owe the answer before anybody asks. */
const PATIENCE_MS = 3_000;
/** How long the pool is waited for while it may have a connection to spare. */
const SPARE_MS = 250;
/** How long it is waited for once there is room, and for the answer of a connection that is asked. */
const WITNESS_MS = 2_000;
/** An idle one may have gone silent too; the next is new then. */
const MAX_WITNESSES = 2;
/** Answers that were on their way when the server was asked have come by then. */
const GRACE_MS = 250;
/** Where nobody can be asked, a connection that owes an answer for so long is cut off. */
const ABANDONED_MS = 60_000;
/** The server counts whole seconds. */
const ROUNDING_S = 2;

/** Who lends the pool's connections. */
interface Lending {
  lend(signal: AbortSignal): Promise<MysqlConnection>;
  /** From now on no connection is lent that was lent before. */
  distrustAll(): void;
}

interface Debt {
  readonly connection: MysqlConnection;
  readonly since: number;
}

/** For how many seconds which threads have been at work. */
type Work = ReadonlyMap<number, number>;

/**
 * Connections that owe an answer to a call that has given up. Where the server is still at work, as
 * it is while it waits for a lock, they are kept: it would go on with what nobody waits for, and
 * each new connection would add to that. The others have gone silent, and are cut off. Which is
 * which, the server is asked through another connection.
 */
export class Debts {
  readonly #lender: Lending;
  readonly #debts = new Set<Debt>();
  #timer: NodeJS.Timeout | undefined;
  #roomMadeAt = Number.NEGATIVE_INFINITY;

  constructor(lender: Lending) {
    this.#lender = lender;
  }

  /** Gives the connection back when its answer comes, or cuts it off if none will. */
  add(connection: MysqlConnection, answer: Promise<unknown>): void {
    const debt = { connection, since: performance.now() };
    this.#debts.add(debt);
    const onAnswer = (): void => {
      if (this.#debts.delete(debt)) connection.release();
    };
    answer.then(onAnswer, onAnswer);
    this.#schedule();
  }

  #schedule(): void {
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
    const lost = [...this.#debts].filter((debt) => isLost(debt, work, now));
    for (const debt of lost) this.#cutOff(debt);
    // Those that are idle may have gone the same way.
    if (work !== undefined && lost.length > 0) this.#lender.distrustAll();
  }

  async #work(): Promise<Work | undefined> {
    for (let witnesses = 0; witnesses < MAX_WITNESSES; witnesses += 1) {
      const witness = await this.#witness();
      if (witness === undefined) return undefined;
      try {
        const threads = [...this.#debts].map(({ connection }) => connection.threadId);
        const work = await workOf(threads, witness);
        this.#roomMadeAt = Number.NEGATIVE_INFINITY;
        return work;
      } catch (error) {
        if (!(error instanceof Late)) continue;
        witness.destroy();
        this.#lender.distrustAll();
      } finally {
        witness.release();
      }
    }
    return undefined;
  }

  /** A connection that owes nothing. A full pool has none until one that owes is cut off. */
  async #witness(): Promise<MysqlConnection | undefined> {
    const spare = await this.#lent(SPARE_MS);
    if (spare !== undefined || !this.#makeRoom()) return spare;
    return this.#lent(WITNESS_MS);
  }

  /** Once a minute at most, where that was of no use: each may leave the server with more to do. */
  #makeRoom(): boolean {
    const now = performance.now();
    const [oldest] = this.#debts;
    if (oldest === undefined || now - this.#roomMadeAt < ABANDONED_MS) return false;
    this.#roomMadeAt = now;
    this.#cutOff(oldest);
    return true;
  }

  async #lent(ms: number): Promise<MysqlConnection | undefined> {
    return this.#lender.lend(AbortSignal.timeout(ms)).catch(() => undefined);
  }

  #cutOff(debt: Debt): void {
    this.#debts.delete(debt);
    debt.connection.destroy();
  }
}

/** Whether an answer will never come. */
function isLost({ connection, since }: Debt, work: Work | undefined, now: number): boolean {
  const owedMs = now - since;
  if (work === undefined) return owedMs > ABANDONED_MS;
  const seconds = work.get(connection.threadId);
  // Another server may have a thread of the same number.
  return seconds === undefined || seconds + ROUNDING_S < owedMs / 1_000;
}

async function workOf(threads: readonly number[], witness: MysqlConnection): Promise<Work> {
  const listed = plain(`
    SELECT id, time FROM information_schema.processlist
    WHERE id IN (${[0, ...threads].join(", ")}) AND command <> 'Sleep'`);
  const asked = send(witness, listed, [], "text");
  const late = (): Late => new Late("reading");
  const [rows] = await untilAborted(asked, AbortSignal.timeout(WITNESS_MS), late);
  return new Map((rows as readonly Thread[]).map(({ id, time }) => [Number(id), Number(time)]));
}

interface Thread {
  readonly id: unknown;
  readonly time: unknown;
}
