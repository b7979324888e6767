/** What is bound to a statement's parameters. Text goes as bytes, which no character set changes. */
export type MysqlValue = Buffer | number | null;

/** A statement with the settings that hold for it, whatever those of the pool are. */
export interface MysqlStatement {
  readonly sql: string;
  // As mutable as `mysql2` declares it.
  readonly values: MysqlValue[];
  readonly rowsAsArray: false;
  readonly nestTables: false;
  readonly namedPlaceholders: false;
  /** Only a function takes the place of the pool's own. */
  readonly typeCast: (field: unknown, next: () => unknown) => unknown;
}

/** A connection that is lent by a pool, as far as the store uses one. */
export interface MysqlConnection {
  /** The connection itself: each time it is lent, the pool wraps it anew. */
  readonly connection?: object;
  /** How it was made. */
  readonly config?: { readonly database?: string | undefined };
  /** What the server calls it. */
  readonly threadId: number;
  /** Prepares the statement. Resolves to rows, or to a `ResultSetHeader`, and to something else. */
  execute(statement: MysqlStatement): Promise<readonly [unknown, unknown]>;
  /** Sends the statement as a text, and resolves to the same. */
  query(statement: MysqlStatement): Promise<readonly [unknown, unknown]>;
  /** Gives it back to the pool. */
  release(): void;
  /** Cuts it off and takes it out of the pool. */
  destroy(): void;
}

/** A pool of `mysql2/promise`, as far as the store uses one. */
export interface MysqlPromisePool {
  getConnection(): Promise<MysqlConnection>;
}

/** A pool of `mysql2` itself, whose methods take callbacks. */
export interface MysqlCallbackPool {
  promise(): MysqlPromisePool;
}

/** What `mysqlStore` takes: a pool of `mysql2` or of `mysql2/promise`. */
export type MysqlPool = MysqlPromisePool | MysqlCallbackPool;

/** What a statement that writes answers. */
export interface MysqlHeader {
  readonly affectedRows: number | string;
  readonly insertId: number | string;
  readonly serverStatus?: number;
}
