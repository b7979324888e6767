import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall } from "../../core/store.ts";
import type { PostgresValue } from "./clients.ts";
import { type Database, type Ear, type Row, refuseAborted, waited } from "./database.ts";
import { failureOf, mayRepeat, NotSent } from "./failure.ts";
import { ensureSchema, type SchemaMode } from "./schema.ts";
import { type Statements, type Synchronous, statementsFor } from "./statements.ts";
import { type TableNames, tableNames } from "./tables.ts";

/** How often a statement that lost against another one is sent again. */
const MAX_REPETITIONS = 5;

/** What a store is told by its options. */
export interface ConnectionOptions {
  readonly table: string;
  readonly schema: SchemaMode;
  readonly synchronousEnds: Synchronous | undefined;
}

/** Runs the store's statements on a database, once its tables are there. */
export class Connection {
  readonly #database: Database;
  readonly #names: TableNames;
  readonly #statements: Statements;
  readonly #schema: SchemaMode;
  #preparation: Promise<void> | undefined;
  #isPrepared = false;
  #isClosed = false;

  constructor(database: Database, { table, schema, synchronousEnds }: ConnectionOptions) {
    this.#database = database;
    this.#names = tableNames(table);
    this.#statements = statementsFor(this.#names, synchronousEnds);
    this.#schema = schema;
  }

  /** Runs one statement. @throws {@link StoreError} */
  async run(
    operation: keyof Statements,
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
    operation: keyof Statements,
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
