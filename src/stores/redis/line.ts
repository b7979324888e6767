import { setTimeout as pause } from "node:timers/promises";
import type { Command, Driver } from "./driver.ts";
import { isReadOnly, isRefusal } from "./failure.ts";
import { numberIn } from "./replies.ts";

/** A connection that does not answer for so long has gone silent, or its server stands still. */
const SILENT_MS = 500;
/** How long a new connection may take. */
const OPENING_MS = 5_000;
/** Calls may still be under way on a connection that was replaced. */
const RETIRED_MS = 2_000;

/**
 * A driver, and what takes its place once it is of no use. Where a host is lost without a word, an
 * address moves, or a firewall forgets, nothing tells the client: it goes on waiting for a quarter
 * of an hour or more, or talks to a server that has become a replica. It may also be in the middle
 * of something of the application's. A duplicate that serves while it does not proves it.
 */
export class Line {
  readonly #trial: Command;
  readonly #retired = new Set<Driver>();
  #driver: Driver;
  /** The application's, once it was replaced. */
  #application: Driver | undefined;
  #isExamined = false;
  #isClosed = false;

  /** The trial is a write that changes nothing, and is answered by a number. */
  constructor(first: Driver, trial: Command) {
    this.#driver = first;
    this.#trial = trial;
  }

  get driver(): Driver {
    return this.#driver;
  }

  /** To be called when there was no answer, or a strange one. Costs one command if nothing is wrong. */
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
    if ((await this.#trialOf(suspect)).isComplete) return;
    const fresh = await suspect.duplicate(AbortSignal.timeout(OPENING_MS));
    const [better, worse] = [await this.#trialOf(fresh), await this.#trialOf(suspect)];
    if (this.#isClosed || this.#driver !== suspect || better.count <= worse.count) fresh.close();
    else this.#replaceBy(fresh);
  }

  #replaceBy(driver: Driver): void {
    const former = this.#driver;
    this.#driver = driver;
    if (former.isOwn) this.#retire(former);
    else this.#application ??= this.#awaited(former);
  }

  #awaited(application: Driver): Driver {
    application.onRenewal(() => this.#return(application));
    return application;
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

  async #trialOf(driver: Driver): Promise<Verdict> {
    const signal = AbortSignal.timeout(SILENT_MS);
    let count = 0;
    const ask = async (): Promise<boolean> => {
      const masters = await driver.masters();
      const answers = masters.map(async (send) => {
        await send(this.#trial, signal).then(numberIn).catch(unlessRefused);
        count += 1;
      });
      await Promise.all(answers);
      return count > 0;
    };
    const silence = pause(SILENT_MS, false, { ref: false });
    const isComplete = await Promise.race([ask().catch(() => false), silence]);
    return { count, isComplete };
  }
}

/** How many of its masters a driver has answers of, and whether of all. */
interface Verdict {
  readonly count: number;
  readonly isComplete: boolean;
}

/** A node of a Cluster that does not have the key, and one who may not, are answered all the same. */
function unlessRefused(error: unknown): void {
  if (!isRefusal(error) || isReadOnly(error)) throw error;
}
