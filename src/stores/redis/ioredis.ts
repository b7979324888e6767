import type { IoRedisClient, IoRedisCluster } from "./clients.ts";
import type { ChannelListener, Command, Driver, Master } from "./driver.ts";
import { Readiness } from "./readiness.ts";
import { slotOf } from "./slot.ts";

type AnyIoRedis = IoRedisClient | IoRedisCluster;

/** The driver of a client of `ioredis` or `iovalkey`; `close` closes it, if it is a duplicate. */
export function ioRedisDriver(client: AnyIoRedis, close?: () => void): Driver {
  const readiness = new Readiness(client);
  const keyPrefix = String(client.options.keyPrefix ?? "");
  const send = senderOf(client);
  return {
    keyPrefix,
    isCluster: "nodes" in client,
    // autoResendUnfulfilledCommands is on by default.
    resends: true,
    get isClosed() {
      return client.status === "end";
    },
    ready: (signal) => readiness.of(signal),
    send: (_key, command) => send(command),
    laneOf(key) {
      if (!("nodes" in client)) return undefined;
      const slot = slotOf(keyPrefix + key);
      // A pipeline goes to slots with the same nodes.
      return client.slots?.[slot]?.join() ?? slot;
    },
    sendTogether: (_key, commands) => pipelined(client, commands),
    async masters() {
      const nodes = "nodes" in client ? client.nodes("master") : [client];
      return nodes.map(
        (node): Master =>
          ([name, ...args]) =>
            node.call(name, args),
      );
    },
    subscribe: (channel, listener) => subscribed(client, channel, listener),
    duplicate: (signal) => duplicateOf(client, signal),
    onRenewal(listener) {
      for (const event of ["ready", "end"]) client.on(event, listener);
    },
    isOwn: close !== undefined,
    close: () => close?.(),
  };
}

/**
 * A Cluster client that pipelines by itself groups commands by their first argument, which is no
 * key here, up to `ioredis` 5.4 and in `iovalkey`. A pipeline of one knows the key.
 */
function senderOf(client: AnyIoRedis): (command: Command) => Promise<unknown> {
  const isGrouping = "nodes" in client && client.options.enableAutoPipelining === true;
  if (!isGrouping) return ([name, ...args]) => client.call(name, args);
  return async (command) => {
    const [reply] = await pipelined(client, [command]);
    if (reply instanceof Error) throw reply;
    return reply;
  };
}

async function pipelined(
  client: AnyIoRedis,
  commands: readonly Command[],
): Promise<readonly unknown[]> {
  const replies = await client.pipeline(commands.map((command) => [...command])).exec();
  return (replies ?? []).map(([error, reply]) => error ?? reply);
}

async function duplicateOf(client: AnyIoRedis, signal: AbortSignal): Promise<Driver> {
  const own = client.duplicate();
  // Without a listener ioredis writes to the console. The calls tell of it.
  own.on("error", () => undefined);
  const driver = ioRedisDriver(own, () => own.disconnect());
  try {
    await driver.ready(signal);
  } catch (error) {
    own.disconnect();
    throw error;
  }
  return driver;
}

async function subscribed(
  client: AnyIoRedis,
  channel: string,
  listener: ChannelListener,
): Promise<void> {
  client.on("message", (_channel, message) => listener.onMessage(String(message)));
  await client.subscribe(channel);
  const renew = (): void => {
    // Ready comes before the subscription is renewed, so ask for it, and tell then.
    client.subscribe(channel).then(() => listener.onGap(), listener.onGap);
  };
  for (const event of ["close", "-subscriber", "-node"]) client.on(event, () => listener.onGap());
  for (const event of ["ready", "+subscriber"]) client.on(event, renew);
}
