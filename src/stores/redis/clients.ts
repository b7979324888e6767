/** What a subscription and a connection tell of themselves. */
export interface RedisEvents {
  on(event: string, listener: (...values: unknown[]) => void): unknown;
}

/** What `sendCommand` of the `redis` package takes. */
export interface NodeRedisCommandOptions {
  readonly abortSignal?: AbortSignal;
  readonly chainId?: symbol;
  readonly typeMapping?: object;
  readonly timeout?: number;
}

interface NodeRedisOpened extends RedisEvents {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  destroy(): unknown;
}

interface NodeRedisShared extends NodeRedisOpened {
  subscribe(channel: string, listener: (message: string) => unknown): Promise<unknown>;
}

/** A client of the `redis` package, as far as the store uses one: `createClient()`. */
export interface NodeRedisClient extends NodeRedisShared {
  sendCommand(args: string[], options?: NodeRedisCommandOptions): Promise<unknown>;
  duplicate(): NodeRedisClient;
}

/** A pool of the `redis` package, as far as the store uses one: `createClientPool()`. */
export interface NodeRedisPool extends NodeRedisOpened {
  sendCommand(args: string[], options?: NodeRedisCommandOptions): Promise<unknown>;
  execute<T>(work: (client: NodeRedisClient) => Promise<T>): Promise<T>;
}

/** A Cluster client of the `redis` package, as far as the store uses one: `createCluster()`. */
export interface NodeRedisCluster extends NodeRedisShared {
  readonly masters: readonly object[];
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>;
  // The node is one of `masters`, whose type the store does not know.
  nodeClient(node: never): unknown;
  getSlotMaster(slot: number): object;
  duplicate(): NodeRedisCluster;
}

/** A Sentinel client of the `redis` package, as far as the store uses one: `createSentinel()`. */
export interface NodeRedisSentinel extends NodeRedisShared {
  sendCommand(
    isReadonly: boolean | undefined,
    args: string[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>;
  use<T>(work: (lease: NodeRedisLease) => Promise<T>): Promise<T>;
  getMasterNode(): unknown;
  /** Since version 6; without it there are no announcements, and no `waitForEnds`. */
  duplicate?(): NodeRedisSentinel;
}

/** The one connection that a Sentinel client lends. */
export interface NodeRedisLease {
  sendCommand(
    isReadonly: boolean | undefined,
    args: string[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>;
}

type KeyPrefix = string | Uint8Array | undefined;

interface IoRedisShared extends RedisEvents {
  readonly status: string;
  call(command: string, args: string[]): Promise<unknown>;
  pipeline(commands: unknown[][]): {
    exec(): Promise<[error: Error | null, result: unknown][] | null>;
  };
  subscribe(channel: string): Promise<unknown>;
  connect(): Promise<unknown>;
  disconnect(): void;
}

/** A client of `ioredis` or `iovalkey`, as far as the store uses one: `new Redis()`. */
export interface IoRedisClient extends IoRedisShared {
  readonly options: { readonly keyPrefix?: KeyPrefix; readonly role?: string | undefined };
  duplicate(): IoRedisClient;
}

/** A Cluster client of `ioredis` or `iovalkey`, as far as the store uses one. */
export interface IoRedisCluster extends IoRedisShared {
  readonly options: {
    readonly keyPrefix?: KeyPrefix;
    readonly scaleReads?: unknown;
    readonly enableAutoPipelining?: boolean | undefined;
  };
  /** The nodes of each slot. */
  readonly slots?: readonly (readonly string[] | undefined)[];
  nodes(role?: "master"): IoRedisClient[];
  duplicate(): IoRedisCluster;
}

/** Every client that {@link redisStore} takes. */
export type RedisClient =
  | NodeRedisClient
  | NodeRedisPool
  | NodeRedisCluster
  | NodeRedisSentinel
  | IoRedisClient
  | IoRedisCluster;
