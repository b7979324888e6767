import { setTimeout as pause } from "node:timers/promises";
import { warnOnce } from "../../core/warn.ts";
import type { PostgresJsFactory, PostgresValue } from "./clients.ts";
import {
  type ChannelListener,
  type Database,
  ignore,
  type Row,
  type Statement,
} from "./database.ts";
import { sqlState, Unanswered } from "./failure.ts";
import { postgresJsDatabase } from "./postgres-js.ts";
import { isLost } from "./postgres-js-doubt.ts";

/** How many calls, each begun after the one before was given up, may be without any answer. */
const MAX_UNANSWERED = 2;
/** How long a new one is waited for before it is replaced too: each may open more connections. */
const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 600_000;
const LISTEN_PAUSE_MS = 1_000;
/** How long an old one may finish what is under way. */
const FAREWELL_S = 5;

const SAME =
  "The function that postgresStore was given returns the same sql again. It must make a new one: " +
  "() => postgres(url).";

interface Subscription {
  readonly channel: string;
  readonly listener: ChannelListener;
  readonly ending: AbortController;
  stop: () => Promise<void>;
}

/**
 * The `sql` of postgres.js, made anew when it has gone silent, or when one of its connections has and
 * the server says so: at each cut it may lose some of them for good, until none is left (3.4).
 */
export class RenewedSql implements Database {
  readonly #make: PostgresJsFactory;
  readonly #subscriptions = new Set<Subscription>();
  #sql: ReturnType<PostgresJsFactory>;
  #database: Database;
  #isDoubting = false;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #unanswered = 0;
  #givenUpAt = Number.NEGATIVE_INFINITY;
  #renewAt = Number.NEGATIVE_INFINITY;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(make: PostgresJsFactory, first: ReturnType<PostgresJsFactory>) {
    this.#make = make;
    this.#sql = first;
    this.#database = this.#databaseOf(first);
  }

  query(
    statement: Statement,
    values: readonly PostgresValue[],
    signal: AbortSignal,
  ): Promise<readonly Row[]> {
    return this.#watched((database) => database.query(statement, values, signal));
  }

  script(text: string, signal: AbortSignal): Promise<void> {
    return this.#watched((database) => database.script(text, signal));
  }

  async listen(channel: string, listener: ChannelListener): Promise<() => Promise<void>> {
    const subscription = { channel, listener, ending: new AbortController(), stop: async () => {} };
    subscription.stop = await this.#database.listen(channel, listener);
    this.#subscriptions.add(subscription);
    return async () => {
      this.#subscriptions.delete(subscription);
      subscription.ending.abort();
      await subscription.stop();
    };
  }

  /** Ends what was made. */
  async close(): Promise<void> {
    await this.#sql.end({ timeout: FAREWELL_S });
  }

  #databaseOf(sql: ReturnType<PostgresJsFactory>): Database {
    return postgresJsDatabase(sql, (query) => {
      if (this.#isDoubting) return;
      this.#isDoubting = true;
      const renewed = isLost(sql, query).then((lost) => {
        if (lost && sql === this.#sql) this.#renew();
      });
      renewed.catch(ignore).finally(() => {
        this.#isDoubting = false;
      });
    });
  }

  async #watched<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = this.#database;
    const since = performance.now();
    try {
      const answer = await work(database);
      this.#answered(database);
      return answer;
    } catch (error) {
      if (sqlState(error) !== undefined) this.#answered(database);
      else if (error instanceof Unanswered && database === this.#database) this.#gaveUp(since);
      throw error;
    }
  }

  #answered(database: Database): void {
    if (database !== this.#database) return;
    this.#answeredAt = performance.now();
    this.#unanswered = 0;
    this.#renewAt = Number.NEGATIVE_INFINITY;
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  #gaveUp(since: number): void {
    // Of calls that wait at the same time, one counts; and none, where anything was answered.
    if (since < Math.max(this.#answeredAt, this.#givenUpAt)) return;
    this.#givenUpAt = performance.now();
    this.#unanswered += 1;
    if (this.#unanswered >= MAX_UNANSWERED && this.#givenUpAt >= this.#renewAt) this.#renew();
  }

  #renew(): void {
    const old = this.#sql;
    const made = this.#make();
    if (made === old) {
      warnOnce(old, SAME);
      return;
    }
    this.#sql = made;
    this.#database = this.#databaseOf(made);
    this.#unanswered = 0;
    this.#renewAt = performance.now() + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS);
    for (const subscription of this.#subscriptions) this.#listenAgain(subscription).catch(ignore);
    old.end({ timeout: FAREWELL_S }).catch(ignore);
  }

  async #listenAgain(subscription: Subscription): Promise<void> {
    const database = this.#database;
    const { channel, listener, ending } = subscription;
    const stopOld = subscription.stop;
    subscription.stop = async () => {};
    listener.onGap();
    stopOld().catch(ignore);
    while (!ending.signal.aborted && database === this.#database) {
      const stop = await database.listen(channel, listener).catch(() => undefined);
      if (stop === undefined) {
        await pause(LISTEN_PAUSE_MS, undefined, { signal: ending.signal, ref: false });
        continue;
      }
      if (ending.signal.aborted || database !== this.#database) return stop();
      subscription.stop = stop;
      listener.onGap();
      return;
    }
  }
}
