import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Random } from "../../core/waiting.ts";
import { Asker } from "./asker.ts";
import type { PostgresValue } from "./clients.ts";
import {
  type ChannelListener,
  type Database,
  type Row,
  refuseAborted,
  waited,
} from "./database.ts";
import { listenedWithEcho } from "./echo.ts";
import { failureOf, NotSent } from "./failure.ts";
import { ensureSchema, type SchemaMode } from "./schema.ts";
import { type Announcing, type Statements, type Synchronous, statementsFor } from "./statements.ts";
import { tableNames } from "./tables.ts";

/** What a store is told by its options. */
export interface ConnectionOptions {
  readonly table: string;
  readonly schema: SchemaMode;
  readonly synchronousEnds: Synchronous | undefined;
  readonly announcing: Announcing;
  readonly random: Random;
}

/** What the store does with its tables. */
type Operation = Exclude<keyof Statements, "announce">;

/** Runs the store's statements on a database, once its tables are there. */
export class Connection {
  readonly #database: Database;
  readonly #options: ConnectionOptions;
  readonly #asker: Asker;
  #preparation: Promise<Statements> | undefined;
  #statements: Statements | undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(database: Database, options: ConnectionOptions) {
    this.#database = database;
    this.#options = options;
    this.#asker = new Asker(database, options.random);
  }

  /** Runs one statement. @throws {@link StoreError} */
  async run(
    operation: Operation,
    call: StoreCall,
    values: readonly PostgresValue[],
  ): Promise<readonly Row[]> {
    this.#refuseClosed(operation);
    try {
      refuseAborted(call.signal);
      const statements = this.#statements ?? (await this.#prepared(call.signal));
      const statement = statements[operation];
      return await this.#asker.answer(operation, statement, values, call.signal);
    } catch (error) {
      throw failureOf(operation, error);
    }
  }

  /**
   * Announces those of the sessions that have ended, where that was not done along with their ends.
   *
   * @param hasGap - Whether to say that others were missed.
   * @throws {@link StoreError}
   */
  async announce(ids: readonly SessionId[], hasGap: boolean, signal: AbortSignal): Promise<void> {
    const isAlong = this.#options.announcing === "along";
    if (this.#statements === undefined || isAlong) return;
    try {
      await this.#database.query(this.#statements.announce, [ids.join(" "), hasGap], signal);
    } catch (error) {
      throw failureOf("end", error);
    }
  }

  /** Listens for the ends of sessions. */
  async listen(listener: ChannelListener): Promise<() => Promise<void>> {
    this.#refuseClosed("subscribe");
    const { channel } = tableNames(this.#options.table);
    return listenedWithEcho(this.#database, channel, listener);
  }

  /** From here on no call begins. */
  refuseMore(): void {
    this.#isClosed = true;
  }

  close(): Promise<void> {
    this.#closing ??= Promise.resolve(this.#database.close?.());
    return this.#closing;
  }

  #refuseClosed(operation: StoreOperation): void {
    if (!this.#isClosed) return;
    throw new StoreError(operation, "failed", "the PostgreSQL store is closed");
  }

  // Once for all that wait, each until its own deadline; the next call tries again if it fails.
  async #prepared(signal: AbortSignal): Promise<Statements> {
    this.#preparation ??= this.#prepare().finally(() => {
      this.#preparation = undefined;
    });
    try {
      return await waited(this.#preparation, signal);
    } catch (error) {
      throw signal.aborted ? new NotSent(error) : error;
    }
  }

  async #prepare(): Promise<Statements> {
    const { table, schema, synchronousEnds, announcing } = this.#options;
    const names = await ensureSchema(this.#database, table, schema);
    this.#statements = statementsFor(names, synchronousEnds, announcing);
    return this.#statements;
  }
}
