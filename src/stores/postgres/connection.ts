import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { PostgresValue } from "./clients.ts";
import { type Database, type Ear, type Row, refuseAborted, waited } from "./database.ts";
import { failureOf, mayRepeat, NotSent } from "./failure.ts";
import { ensureSchema, type SchemaMode } from "./schema.ts";
import { type Announcing, type Statements, type Synchronous, statementsFor } from "./statements.ts";
import { type TableNames, tableNames } from "./tables.ts";

/** How often a statement that lost against another one is sent again. */
const MAX_REPETITIONS = 5;

/** What a store is told by its options. */
export interface ConnectionOptions {
  readonly table: string;
  readonly schema: SchemaMode;
  readonly synchronousEnds: Synchronous | undefined;
  readonly announcing: Announcing;
}

/** What the store does with its tables. */
type Operation = Exclude<keyof Statements, "announce">;

/** Runs the store's statements on a database, once its tables are there. */
export class Connection {
  readonly #database: Database;
  readonly #names: TableNames;
  readonly #statements: Statements;
  readonly #schema: SchemaMode;
  readonly #announcing: Announcing;
  #preparation: Promise<void> | undefined;
  #isPrepared = false;
  #isClosed = false;

  constructor(database: Database, options: ConnectionOptions) {
    const { table, schema, synchronousEnds, announcing } = options;
    this.#database = database;
    this.#names = tableNames(table);
    this.#statements = statementsFor(this.#names, synchronousEnds, announcing);
    this.#schema = schema;
    this.#announcing = announcing;
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
      if (!this.#isPrepared) await this.#prepared(call.signal);
      return await this.#repeated(operation, call, values);
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
    if (this.#announcing === "along") return;
    try {
      await this.#database.query(this.#statements.announce, [ids.join(" "), hasGap], signal);
    } catch (error) {
      throw failureOf("end", error);
    }
  }

  /** Listens for the ends of sessions. */
  async listen(ear: Ear): Promise<() => Promise<void>> {
    this.#refuseClosed("subscribe");
    return this.#database.listen(this.#names.channel, ear);
  }

  close(): void {
    this.#isClosed = true;
  }

  #refuseClosed(operation: StoreOperation): void {
    if (!this.#isClosed) return;
    throw new StoreError(operation, "failed", "the PostgreSQL store is closed");
  }

  async #repeated(
    operation: Operation,
    { signal }: StoreCall,
    values: readonly PostgresValue[],
  ): Promise<readonly Row[]> {
    for (let repetitions = 0; ; repetitions += 1) {
      try {
        return await this.#database.query(this.#statements[operation], values, signal);
      } catch (error) {
        if (!mayRepeat(error) || repetitions === MAX_REPETITIONS) throw error;
      }
    }
  }

  // Once for all that wait, each until its own deadline; the next call tries again if it fails.
  async #prepared(signal: AbortSignal): Promise<void> {
    this.#preparation ??= ensureSchema(this.#database, this.#names, this.#schema)
      .then(() => {
        this.#isPrepared = true;
      })
      .finally(() => {
        this.#preparation = undefined;
      });
    try {
      await waited(this.#preparation, signal);
    } catch (error) {
      throw signal.aborted ? new NotSent(error) : error;
    }
  }
}
