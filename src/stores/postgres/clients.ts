/** A query as `pg` takes it. */
export interface PgQuery {
  readonly name?: string;
  readonly text: string;
  readonly values: unknown[];
  readonly rowMode: "array";
}

/** What both a client and a pool of `pg` do. */
export interface PgQueryable {
  query(query: PgQuery): Promise<{ readonly rows: unknown[][] }>;
}

/** A `Client` of `pg`, connected. */
export interface PgClient extends PgQueryable {
  on(event: "notification", listener: (message: PgNotification) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  removeListener(event: "notification", listener: (message: PgNotification) => void): unknown;
  removeListener(event: "error" | "end", listener: () => void): unknown;
  listenerCount?(event: "error"): number;
  /** What the server calls the connection. */
  readonly processID?: number | null;
  /** What the server said last of a transaction: `"I"` where there is none. */
  getTransactionStatus?(): unknown;
}

/** What `LISTEN` brings. */
export interface PgNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

/** A client on loan from a pool. */
export interface PgPoolClient extends PgClient {
  release(isBroken?: boolean): void;
}

/** A `Pool` of `pg`. */
export interface PgPool extends PgQueryable {
  connect(lend: (error: Error | undefined, client: PgPoolClient | undefined) => void): void;
  readonly totalCount: number;
  readonly options?: {
    readonly max?: number | undefined;
    readonly connectionTimeoutMillis?: number | undefined;
  };
  on?(event: "connect", listener: (client: PgPoolClient) => void): unknown;
  listenerCount?(event: "error"): number;
}

/** A query of `postgres` (postgres.js) that has been put together. */
export interface PostgresJsQuery {
  values(): PromiseLike<readonly unknown[][] & PostgresJsResult>;
}

/** What the server said of a statement of postgres.js. */
export interface PostgresJsResult {
  readonly command?: string | null;
}

/** The `sql` of `postgres` (postgres.js). */
export interface PostgresJsSql {
  unsafe(
    text: string,
    values?: PostgresValue[],
    options?: { readonly prepare: boolean },
  ): PostgresJsQuery & PromiseLike<unknown>;
  listen(
    channel: string,
    onMessage: (payload: string) => void,
    again: () => void,
  ): Promise<{ unlisten(): Promise<void> }>;
}

/**
 * Makes the `sql` of `postgres` (postgres.js), a new one each time. The store ends those that it has
 * had made.
 */
export type PostgresJsFactory = () => PostgresJsSql & {
  end(options: { readonly timeout: number }): Promise<void>;
};

/** A `PGlite` of `@electric-sql/pglite`. */
export interface PGliteDatabase {
  query(
    text: string,
    values: PostgresValue[],
    options: { readonly rowMode: "array" },
  ): Promise<{ readonly rows: unknown[] }>;
  exec(text: string): Promise<unknown>;
  listen(channel: string, onMessage: (payload: string) => void): Promise<() => Promise<void>>;
}

/** What is bound to a statement's parameters. */
export type PostgresValue = string | number | boolean | null;

/** Whatever the store can speak to PostgreSQL through. */
export type PostgresClient = PgPool | PgClient | PostgresJsSql | PGliteDatabase;

/** What a client turned out to be. */
export type Recognized =
  | { readonly kind: "pool"; readonly client: PgPool }
  | { readonly kind: "client"; readonly client: PgClient }
  | { readonly kind: "postgres.js"; readonly client: PostgresJsSql }
  | {
      readonly kind: "postgres.js factory";
      readonly client: PostgresJsFactory;
      readonly first: ReturnType<PostgresJsFactory>;
    }
  | { readonly kind: "pglite"; readonly client: PGliteDatabase };

/** Tells the drivers apart by their shape; `undefined` where it is none of them. */
export function recognized(client: PostgresClient | PostgresJsFactory): Recognized | undefined {
  if (has(client, ["unsafe", "listen"])) {
    return { kind: "postgres.js", client: client as PostgresJsSql };
  }
  if (isFactory(client)) return madeBy(client);
  if (!has(client, ["query"])) return undefined;
  if (has(client, ["exec", "listen"])) return { kind: "pglite", client: client as PGliteDatabase };
  if (has(client, ["connect"]) && "totalCount" in client) return { kind: "pool", client };
  if (has(client, ["on", "removeListener"])) return { kind: "client", client: client as PgClient };
  return undefined;
}

// Other drivers are functions only where they have methods too.
function isFactory(client: PostgresClient | PostgresJsFactory): client is PostgresJsFactory {
  return typeof client === "function" && !has(client, ["query"]);
}

// It connects at its first query.
function madeBy(client: PostgresJsFactory): Recognized | undefined {
  const first = client();
  if (!has(first, ["unsafe", "listen", "end"])) return undefined;
  return { kind: "postgres.js factory", client, first };
}

function has(client: object, methods: readonly string[]): boolean {
  const isThing = typeof client === "function" || (typeof client === "object" && client !== null);
  return isThing && methods.every((method) => typeof Reflect.get(client, method) === "function");
}
