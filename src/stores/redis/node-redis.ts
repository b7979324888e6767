import type { ChannelListener, Driver } from "./driver.ts";
import { Unsent } from "./driver.ts";
import { type AnyNodeRedis, type Kind, kindOf } from "./node-redis-kinds.ts";
import { untilAborted } from "./waiting.ts";

/** The driver of a client of the `redis` package; `close` closes it, if it is a duplicate. */
export function nodeRedisDriver(client: AnyNodeRedis, close?: () => void): Driver {
  const kind = kindOf(client);
  return {
    keyPrefix: "",
    isCluster: kind.isCluster,
    resends: kind.resends,
    get isClosed() {
      return !client.isOpen;
    },
    async ready() {
      if (!client.isOpen) {
        throw new Unsent("the client is not connected; call await client.connect() first");
      }
      kind.prepare?.();
    },
    send: (key, command, signal) => kind.send(key, command, { ...PLAIN, abortSignal: signal }),
    laneOf: (key) => kind.laneOf(key),
    sendTogether(key, commands) {
      // Of one chain, what has not been sent when the connection breaks is not sent on another.
      const options = { ...PLAIN, chainId: Symbol("together") };
      return kind.lend(key, async (send) => {
        const replies = await Promise.allSettled(commands.map((command) => send(command, options)));
        return replies.map((reply) =>
          reply.status === "fulfilled" ? reply.value : Object(reply.reason),
        );
      });
    },
    async masters() {
      const masters = await kind.masters();
      return masters.map(
        (send) => (command, signal) => send(command, { ...PLAIN, abortSignal: signal }),
      );
    },
    subscribe: (channel, listener) => subscribed(client, channel, listener),
    duplicate: (signal) => duplicateOf(kind, signal),
    onRenewal(listener) {
      for (const event of kind.renewals) client.on(event, listener);
    },
    isOwn: close !== undefined,
    close: () => close?.(),
  };
}

/**
 * Replies as the server types them, whatever the application has its own mapped to; and no timeout
 * of the client's beside the call's deadline.
 */
const PLAIN = { typeMapping: {}, timeout: 0 } as const;

async function duplicateOf(kind: Kind, signal: AbortSignal): Promise<Driver> {
  const own = await untilAborted(kind.copy(), signal);
  const close = (): void => quietly(own);
  // Without a listener an error event would end the process. The calls tell of it.
  own.on("error", () => undefined);
  const connected = own.connect();
  try {
    await untilAborted(connected, signal);
  } catch (error) {
    close();
    // It may have been too early to close it.
    connected.then(close, close);
    throw error;
  }
  return nodeRedisDriver(own, close);
}

async function subscribed(
  client: AnyNodeRedis,
  channel: string,
  listener: ChannelListener,
): Promise<void> {
  if (!("subscribe" in client)) throw new Unsent("a pool of clients hears no channel");
  await client.subscribe(channel, (message) => listener.onMessage(message));
  // Subscriptions are renewed before `ready` is told of.
  for (const event of GAPS) client.on(event, () => listener.onGap());
}

/** A Cluster tells of its nodes, a Sentinel of the topology; one gap too many does no harm. */
const GAPS = ["reconnecting", "ready", "node-disconnect", "node-ready", "topology-change"];

/** Closes a client that may be closed already, which throws or rejects. */
function quietly(client: AnyNodeRedis): void {
  try {
    Promise.resolve(client.destroy()).catch(() => undefined);
  } catch {
    // It was closed before.
  }
}
