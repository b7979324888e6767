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

interface NodeRedisShared extends RedisEvents {
  readonly isOpen: boolean;
  subscribe(channel: string, listener: (message: string) => unknown): Promise<unknown>;
  connect(): Promise<unknown>;
  destroy(): unknown;
}

/** A client of the `redis` package, as far as the store uses one: `createClient()`. */
export interface NodeRedisClient extends NodeRedisShared {
  sendCommand(args: string[], options?: NodeRedisCommandOptions): Promise<unknown>;
  duplicate(): NodeRedisClient;
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
  use(work: (lease: NodeRedisLease) => Promise<unknown>): Promise<unknown>;
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
  readonly options: { readonly keyPrefix?: KeyPrefix; readonly scaleReads?: unknown };
  nodes(role?: "master"): IoRedisClient[];
  duplicate(): IoRedisCluster;
}

/** Every client that {@link redisStore} takes. */
export type RedisClient =
  | NodeRedisClient
  | NodeRedisCluster
  | NodeRedisSentinel
  | IoRedisClient
  | IoRedisCluster;
