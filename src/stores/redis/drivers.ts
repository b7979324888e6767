import { OptionsError } from "../../core/errors.ts";
import type { IoRedisClient, IoRedisCluster, RedisClient } from "./clients.ts";
import type { Driver } from "./driver.ts";
import { ioRedisDriver } from "./ioredis.ts";
import { nodeRedisDriver } from "./node-redis.ts";
import type { AnyNodeRedis } from "./node-redis-kinds.ts";

/** The driver of a client, which is known by its shape, as the store imports none. */
export function driverOf(client: RedisClient): Driver {
  if (isNodeRedis(client)) return nodeRedisDriver(client);
  if (isIoRedis(client)) {
    refuseReplicas(client);
    return ioRedisDriver(client);
  }
  throw new OptionsError(
    "redisStore(client)",
    "takes a client of redis (createClient, createCluster, createSentinel), of ioredis or of " +
      "iovalkey.",
  );
}

function isNodeRedis(client: RedisClient | undefined): client is AnyNodeRedis {
  return offers(client, "sendCommand", "connect") && "isOpen" in client;
}

function isIoRedis(client: RedisClient | undefined): client is IoRedisClient | IoRedisCluster {
  return offers(client, "call", "pipeline", "duplicate") && "status" in client;
}

/** Whether an object has these methods. */
export function offers(client: unknown, ...methods: readonly string[]): client is object {
  if (typeof client !== "object" || client === null) return false;
  return methods.every((method) => typeof Reflect.get(client, method) === "function");
}

function refuseReplicas(client: IoRedisClient | IoRedisCluster): void {
  const { options } = client;
  const readsFrom = "scaleReads" in options ? options.scaleReads : "master";
  const role = "role" in options ? options.role : "master";
  if ((readsFrom ?? "master") === "master" && (role ?? "master") === "master") return;
  throw new OptionsError(
    "redisStore(client)",
    "must read from masters, as a replica may not know yet that a session has ended; pass a " +
      'client with scaleReads "master" and no role "slave".',
  );
}
