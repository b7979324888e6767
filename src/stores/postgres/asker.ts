import type { StoreOperation } from "../../core/errors.ts";
import { pausedAfter, type Random } from "../../core/waiting.ts";
import type { PostgresValue } from "./clients.ts";
import type { Database, Row, Statement } from "./database.ts";
import { isConnectionLost, isRead, isUnprepared, mayRepeat } from "./failure.ts";

/** How often a statement is sent again whose name a pooler does not know. */
const MAX_REPETITIONS = 5;

/** Sends statements, and again those that surely did nothing. */
export class Asker {
  readonly #database: Database;
  readonly #random: Random;

  constructor(database: Database, random: Random) {
    this.#database = database;
    this.#random = random;
  }

  /** Who only reads may ask again where the connection was lost, once: the next one may be new. */
  async answer(
    operation: StoreOperation,
    statement: Statement,
    values: readonly PostgresValue[],
    signal: AbortSignal,
  ): Promise<readonly Row[]> {
    try {
      return await this.#repeated(statement, values, signal);
    } catch (error) {
      if (!isRead(operation) || !isConnectionLost(error)) throw error;
      return this.#repeated(statement, values, signal);
    }
  }

  async #repeated(
    statement: Statement,
    values: readonly PostgresValue[],
    signal: AbortSignal,
  ): Promise<readonly Row[]> {
    for (let repetitions = 0; ; repetitions += 1) {
      try {
        return await this.#database.query(statement, values, signal);
      } catch (error) {
        if (!mayRepeat(error)) throw error;
        const goesOn = isUnprepared(error)
          ? repetitions < MAX_REPETITIONS
          : await pausedAfter(repetitions, signal, this.#random);
        if (!goesOn) throw error;
      }
    }
  }
}
