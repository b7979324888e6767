import { setTimeout as pause } from "node:timers/promises";
import { StoreError } from "../../core/errors.ts";
import type { SessionId } from "../../core/token.ts";
import type { Random } from "../../core/waiting.ts";
import { warnOnce } from "../../core/warn.ts";
import type { Connection } from "./connection.ts";
import { ignore, waited } from "./database.ts";

/** For one announcement, of so many sessions at most. */
const PATIENCE_MS = 5_000;
const MOST_AT_ONCE = 1_000;
/** As long as nothing can be announced, so many wait; more are lost. */
const MOST_WAITING = 10_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;
/** Some seconds: what heals by itself in that time need not be told to the developer. */
const FAILURES_TO_TELL_OF = 6;
const CLOSING_PATIENCE_MS = 1_000;

/**
 * Announces ends once they are done, which nobody waits for, nor fails by: `NOTIFY` in an end's own
 * transaction would hold a lock of the whole database until the disk has it. One announcement is
 * under way at a time, and takes along what has ended meanwhile.
 */
export class Notifier {
  readonly #connection: Connection;
  readonly #random: Random;
  readonly #closing = new AbortController();
  #waiting: SessionId[] = [];
  /** Whether ends were not announced, and will not be by their ids. */
  #hasGap = false;
  #announcing: Promise<void> | undefined;

  constructor(connection: Connection, random: Random) {
    this.#connection = connection;
    this.#random = random;
  }

  /** These have ended. */
  ended(ids: readonly SessionId[]): void {
    this.#waiting = this.#waiting.concat(ids);
    this.#begin();
  }

  /** What the end of one session has failed by. It may have ended all the same. */
  failed(id: SessionId, error: unknown): void {
    if (isOpen(error)) this.ended([id]);
  }

  /** What the end of many has failed by. */
  failedAll(error: unknown): void {
    if (!isOpen(error)) return;
    this.#hasGap = true;
    this.#begin();
  }

  /** Announces what is left, if that can be done soon. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#announcing === undefined) return;
    await waited(this.#announcing, AbortSignal.timeout(CLOSING_PATIENCE_MS)).catch(ignore);
  }

  #begin(): void {
    this.#announcing ??= this.#announceAll().finally(() => {
      this.#announcing = undefined;
    });
  }

  async #announceAll(): Promise<void> {
    let failures = 0;
    while (this.#waiting.length > 0 || this.#hasGap) {
      const hasGap = this.#hasGap;
      const ids = this.#waiting.slice(0, MOST_AT_ONCE);
      this.#waiting = this.#waiting.slice(MOST_AT_ONCE);
      this.#hasGap = false;
      try {
        await this.#connection.announce(ids, hasGap, AbortSignal.timeout(PATIENCE_MS));
        failures = 0;
      } catch (error) {
        this.#keep(ids, hasGap, error);
        if (this.#closing.signal.aborted) return;
        failures += 1;
        await this.#pauseAfter(failures, error);
      }
    }
  }

  async #pauseAfter(failures: number, error: unknown): Promise<void> {
    if (failures === FAILURES_TO_TELL_OF) {
      const { message } = Object((error as StoreError).cause) as Error;
      warnOnce(
        this.#connection,
        `The PostgreSQL store cannot announce which sessions have ended (${message}); it goes on ` +
          "trying. Caches and open connections of other processes learn of it late.",
      );
    }
    const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, MAX_PAUSE_MS);
    const options = { signal: this.#closing.signal, ref: false };
    await pause(longestMs * (0.5 + this.#random() / 2), undefined, options).catch(ignore);
  }

  // Told once at most: those of which nobody knows whether they were told are not told again.
  #keep(ids: readonly SessionId[], hasGap: boolean, error: unknown): void {
    const isLost = isOpen(error) || ids.length + this.#waiting.length > MOST_WAITING;
    this.#waiting = isLost ? [] : [...ids, ...this.#waiting];
    this.#hasGap ||= hasGap || isLost;
  }
}

/** Whether it may have happened, whatever failed. */
function isOpen(error: unknown): boolean {
  return error instanceof StoreError && error.outcome === "unknown";
}
