import { setTimeout as pause } from "node:timers/promises";
import type { Driver } from "./driver.ts";
import { isRefusal } from "./failure.ts";

/** A connection that does not answer PING for so long has gone silent, or its server stands still. */
const SILENT_MS = 500;
/** How long a new connection may take. */
const OPENING_MS = 5_000;
/** Calls may still be under way on a connection that was replaced. */
const RETIRED_MS = 2_000;

/**
 * A driver, and what takes its place once it went silent: where a host is lost without a word, an
 * address moves, or a firewall forgets, nothing tells the client, and it goes on waiting for a
 * quarter of an hour or more. A duplicate that answers while it does not proves it.
 */
export class Line {
  readonly #retired = new Set<Driver>();
  #driver: Driver;
  #isExamined = false;
  #isClosed = false;

  constructor(first: Driver) {
    this.#driver = first;
  }

  get driver(): Driver {
    return this.#driver;
  }

  /** To be called when an answer has not come in time. Costs one PING if nothing is wrong. */
  suspect(): void {
    if (this.#isExamined || this.#isClosed) return;
    if (!this.#driver.isOwn && this.#driver.isClosed) return;
    this.#isExamined = true;
    this.#examine()
      // There is no better connection now. The next call that is late looks again.
      .catch(() => undefined)
      .finally(() => {
        this.#isExamined = false;
      });
  }

  close(): void {
    this.#isClosed = true;
    for (const driver of [this.#driver, ...this.#retired]) driver.close();
  }

  async #examine(): Promise<void> {
    const suspect = this.#driver;
    if ((await answersOf(suspect)).isComplete) return;
    const fresh = await suspect.duplicate(AbortSignal.timeout(OPENING_MS));
    const [better, worse] = [await answersOf(fresh), await answersOf(suspect)];
    if (this.#isClosed || this.#driver !== suspect || better.count <= worse.count) fresh.close();
    else this.#replaceBy(fresh);
  }

  #replaceBy(driver: Driver): void {
    const former = this.#driver;
    this.#driver = driver;
    if (former.isOwn) this.#retire(former);
    else former.onRenewal(() => this.#return(former));
  }

  // The application's client is alive again, or closed; then nothing of ours must stay open.
  #return(application: Driver): void {
    const own = this.#driver;
    if (own === application) return;
    this.#driver = application;
    this.#retire(own);
  }

  #retire(driver: Driver): void {
    this.#retired.add(driver);
    const close = (): void => {
      this.#retired.delete(driver);
      driver.close();
    };
    setTimeout(close, RETIRED_MS).unref();
  }
}

interface Answers {
  readonly count: number;
  readonly isComplete: boolean;
}

/** How many of its masters a driver hears from. */
async function answersOf(driver: Driver): Promise<Answers> {
  const signal = AbortSignal.timeout(SILENT_MS);
  let count = 0;
  const ask = async (): Promise<boolean> => {
    const masters = await driver.masters();
    const answers = masters.map(async (ask) => {
      await ask(["ping"], signal).catch(unlessRefused);
      count += 1;
    });
    await Promise.all(answers);
    return count > 0;
  };
  const silence = pause(SILENT_MS, false, { ref: false });
  const isComplete = await Promise.race([ask().catch(() => false), silence]);
  return { count, isComplete };
}

/** One who may not PING is answered all the same. */
function unlessRefused(error: unknown): void {
  if (!isRefusal(error)) throw error;
}
