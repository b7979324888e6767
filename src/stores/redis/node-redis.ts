import type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisCommandOptions,
  NodeRedisSentinel,
} from "./clients.ts";
import type { Command, Confirmed, Driver, Hearer, Master, Subscription } from "./driver.ts";
import { Unsent } from "./driver.ts";
import { slotOf } from "./slot.ts";

/** A client of the `redis` package, of one of its three kinds. */
type AnyNodeRedis = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

type SendOne = (command: Command, options: NodeRedisCommandOptions) => Promise<unknown>;

/** What differs between one node, Cluster and Sentinel. */
interface Kind<Client> {
  send(
    client: Client,
    key: string,
    command: Command,
    options: NodeRedisCommandOptions,
  ): Promise<unknown>;
  /** Lends the connection to the master of a key. */
  lend(client: Client, key: string, work: (send: SendOne) => Promise<unknown>): Promise<unknown>;
  masters(client: Client): Promise<readonly Master[]>;
}

/** The driver of a client of the `redis` package. */
export function nodeRedisDriver(client: AnyNodeRedis): Driver {
  if ("nodeClient" in client) return driverOf(client, CLUSTER, () => client.duplicate());
  if ("getMasterNode" in client) return driverOf(client, SENTINEL, () => copyOf(client));
  return driverOf(client, SINGLE, () => client.duplicate());
}

/**
 * Replies as the server types them, whatever the application has its own mapped to; and no timeout
 * of the client's beside the call's deadline.
 */
const PLAIN = { typeMapping: {}, timeout: 0 } as const;

const SINGLE: Kind<NodeRedisClient> = {
  send: (client, _key, command, options) => client.sendCommand([...command], options),
  lend: (client, _key, work) =>
    work((command, options) => client.sendCommand([...command], options)),
  masters: async (client) => [(command) => client.sendCommand([...command], PLAIN)],
};

const CLUSTER: Kind<NodeRedisCluster> = {
  send: (client, key, command, options) => client.sendCommand(key, false, [...command], options),
  async lend(client, key, work) {
    const node = await clientOf(client, client.getSlotMaster(slotOf(key)));
    return SINGLE.lend(node, key, work);
  },
  async masters(client) {
    const nodes = await Promise.all(client.masters.map((node) => clientOf(client, node)));
    return nodes.map(
      (node): Master =>
        (command) =>
          node.sendCommand([...command], PLAIN),
    );
  },
};

const SENTINEL: Kind<NodeRedisSentinel> = {
  send: (client, _key, command, options) => client.sendCommand(false, [...command], options),
  lend: (client, _key, work) =>
    client.use((lease) =>
      work((command, options) => lease.sendCommand(false, [...command], options)),
    ),
  masters: async (client) => [(command) => client.sendCommand(false, [...command], PLAIN)],
};

function copyOf(sentinel: NodeRedisSentinel): NodeRedisSentinel {
  const copy = sentinel.duplicate?.();
  if (copy !== undefined) return copy;
  throw new Unsent("createSentinel of redis 5 cannot be duplicated; use redis 6");
}

async function clientOf(cluster: NodeRedisCluster, node: object): Promise<NodeRedisClient> {
  return (await cluster.nodeClient(node as never)) as NodeRedisClient;
}

function driverOf<Client extends AnyNodeRedis>(
  client: Client,
  kind: Kind<Client>,
  duplicate: () => Client,
): Driver {
  const opened = new Set<Client>();
  const open = async (): Promise<Client> => {
    const own = duplicate();
    opened.add(own);
    // Without a listener an error event would end the process. The calls tell of it.
    own.on("error", () => undefined);
    try {
      await own.connect();
    } catch (error) {
      discard(own);
      throw error;
    }
    return own;
  };
  const discard = (own: Client): void => {
    if (opened.delete(own)) quietly(own);
  };
  let confirming: Promise<Client> | undefined;
  const confirmer = (): Promise<Client> => {
    confirming ??= open().catch((error: unknown) => {
      confirming = undefined;
      throw error;
    });
    return confirming;
  };

  return {
    keyPrefix: "",
    isCluster: "nodeClient" in client,
    // What was sent when a connection broke is rejected, and only what was not is sent later; but
    // under Sentinel the client asks the new master again.
    resends: "getMasterNode" in client,
    async ready() {
      if (client.isOpen) return;
      throw new Unsent("the client is not connected; call await client.connect() first");
    },
    send: (key, command, signal) =>
      kind.send(client, key, command, { ...PLAIN, abortSignal: signal }),
    async sendConfirmed(key, command, wait) {
      const own = await confirmer();
      // Of one chain, what has not been sent when the connection breaks is not sent on another.
      const options = { ...PLAIN, chainId: Symbol("confirmed") };
      const replies = await kind.lend(own, key, (send) =>
        Promise.all([send(command, options), send(wait, options)]),
      );
      return confirmedOf(replies);
    },
    masters: () => kind.masters(client),
    async subscribe(channel, hearer) {
      const own = await open();
      try {
        await own.subscribe(channel, (message) => hearer.onMessage(message));
      } catch (error) {
        discard(own);
        throw error;
      }
      tellGaps(own, hearer);
      return { close: () => discard(own) } satisfies Subscription;
    },
    close() {
      for (const own of opened) discard(own);
    },
  };
}

/** A Cluster tells of its nodes, a Sentinel of the topology; one gap too many does no harm. */
const GAPS = ["reconnecting", "ready", "node-disconnect", "node-ready", "topology-change"];

// Subscriptions are renewed before `ready` is told of.
function tellGaps(client: AnyNodeRedis, hearer: Hearer): void {
  for (const event of GAPS) client.on(event, () => hearer.onGap());
}

function confirmedOf(replies: unknown): Confirmed {
  const [reply, replicas] = replies as readonly [unknown, unknown];
  return { reply, replicas: Number(replicas) };
}

/** Closes a client that may be closed already, which throws or rejects. */
function quietly(client: AnyNodeRedis): void {
  try {
    Promise.resolve(client.destroy()).catch(() => undefined);
  } catch {
    // It was closed before.
  }
}
