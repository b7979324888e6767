import type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisCommandOptions,
  NodeRedisPool,
  NodeRedisSentinel,
} from "./clients.ts";
import type { Command } from "./driver.ts";
import { Unsent } from "./driver.ts";
import { slotOf } from "./slot.ts";

/** A client of the `redis` package, of one of its four kinds. */
export type AnyNodeRedis = NodeRedisClient | NodeRedisPool | NodeRedisCluster | NodeRedisSentinel;

type SendOne = (command: Command, options: NodeRedisCommandOptions) => Promise<unknown>;

/** What differs between one node, a pool of connections to it, Cluster and Sentinel. */
export interface Kind {
  readonly isCluster: boolean;
  /** Whether the client sends again what was under way when a connection broke. */
  readonly resends: boolean;
  /** The events that tell of a new connection, or of the end. */
  readonly renewals: readonly string[];
  /** To be called while all is well. */
  prepare?(): void;
  /** An unconnected client of the same settings. */
  copy(): Promise<AnyNodeRedis>;
  send(key: string, command: Command, options: NodeRedisCommandOptions): Promise<unknown>;
  laneOf(key: string): unknown;
  /** Lends the connection to the master of a key. */
  lend<T>(key: string, work: (send: SendOne) => Promise<T>): Promise<T>;
  masters(): Promise<readonly SendOne[]>;
}

export function kindOf(client: AnyNodeRedis): Kind {
  if ("nodeClient" in client) return cluster(client);
  if ("getMasterNode" in client) return sentinel(client);
  if ("duplicate" in client) return single(client);
  return pool(client);
}

function single(client: NodeRedisClient): Kind {
  const send: SendOne = (command, options) => client.sendCommand([...command], options);
  return {
    isCluster: false,
    // What was sent when a connection broke is rejected, and only what was not is sent later.
    resends: false,
    renewals: ["ready", "end"],
    copy: async () => client.duplicate(),
    send: (_key, command, options) => send(command, options),
    laneOf: () => undefined,
    lend: (_key, work) => work(send),
    masters: async () => [send],
  };
}

/** The store's own connections are single clients, made from one that the pool has lent. */
function pool(client: NodeRedisPool): Kind {
  // Made early: a pool whose connections have all gone silent lends none.
  let model: Promise<NodeRedisClient> | undefined;
  const prepare = (): void => {
    if (model !== undefined) return;
    model = client.execute(async (lent) => lent.duplicate());
    model.catch(() => {
      model = undefined;
    });
  };
  const send: SendOne = (command, options) => client.sendCommand([...command], options);
  return {
    isCluster: false,
    resends: false,
    renewals: [],
    prepare,
    async copy() {
      prepare();
      const made = await model;
      if (made === undefined) throw new Unsent("the pool of clients lends none");
      return made.duplicate();
    },
    send: (_key, command, options) => send(command, options),
    laneOf: () => undefined,
    lend: (_key, work) =>
      client.execute((lent) => work((command, options) => lent.sendCommand([...command], options))),
    masters: async () => [send],
  };
}

function cluster(client: NodeRedisCluster): Kind {
  const ofNode = async (node: object): Promise<NodeRedisClient> =>
    (await client.nodeClient(node as never)) as NodeRedisClient;
  const nodeOf = (key: string): object | undefined => {
    try {
      return client.getSlotMaster(slotOf(key));
    } catch {
      // Nobody is known to have the slot.
      return undefined;
    }
  };
  return {
    isCluster: true,
    resends: false,
    renewals: ["disconnect"],
    copy: async () => client.duplicate(),
    send: (key, command, options) => client.sendCommand(key, false, [...command], options),
    laneOf: (key) => nodeOf(key) ?? slotOf(key),
    async lend(key, work) {
      const node = nodeOf(key);
      if (node === undefined) throw new Unsent("no node of the Cluster is known to have the key");
      const lent = await ofNode(node);
      return work((command, options) => lent.sendCommand([...command], options));
    },
    async masters() {
      const nodes = await Promise.all(client.masters.map(ofNode));
      return nodes.map(
        (node): SendOne =>
          (command, options) =>
            node.sendCommand([...command], options),
      );
    },
  };
}

function sentinel(client: NodeRedisSentinel): Kind {
  const send: SendOne = (command, options) => client.sendCommand(false, [...command], options);
  return {
    isCluster: false,
    // The client asks the new master again.
    resends: true,
    renewals: ["ready", "end"],
    async copy() {
      const copy = client.duplicate?.();
      if (copy !== undefined) return copy;
      throw new Unsent("createSentinel of redis 5 cannot be duplicated; use redis 6");
    },
    send: (_key, command, options) => send(command, options),
    laneOf: () => undefined,
    lend: (_key, work) =>
      client.use((lease) =>
        work((command, options) => lease.sendCommand(false, [...command], options)),
      ),
    masters: async () => [send],
  };
}
