import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { StoreProfile } from "../../core/store.ts";
import type { RedisClient } from "./clients.ts";
import { Commands } from "./commands.ts";
import { driverOf, offers } from "./drivers.ts";
import { keysUnder } from "./keys.ts";
import { type RedisSessionStore, RedisStore } from "./redis-store.ts";
import { Server } from "./server.ts";

export type {
  IoRedisClient,
  IoRedisCluster,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisCommandOptions,
  NodeRedisLease,
  NodeRedisPool,
  NodeRedisSentinel,
  RedisClient,
  RedisEvents,
} from "./clients.ts";
export type { RedisSessionStore } from "./redis-store.ts";

/** How a Redis store keeps its sessions. */
export interface RedisStoreOptions {
  /**
   * What every key and the channel begin with: 1 to 100 characters. With `{` and `}` in it, all
   * sessions of a Cluster are on one node.
   *
   * @defaultValue "sojourn:"
   */
  readonly prefix?: string | undefined;
  /**
   * Lets `end`, `endAll` and `raiseGeneration` wait (`WAIT`) until so many replicas have the write,
   * so that a failover brings no ended session back. If they do not confirm until the call's
   * deadline, it rejects: ended on the master, not surely for good.
   *
   * @defaultValue they do not wait
   */
  readonly waitForEnds?: { readonly replicas: number } | undefined;
}

/**
 * Keeps sessions in Redis or Valkey: one node, Sentinel or Cluster.
 *
 * Takes a client of the `redis` package (5 and later; `createClient`,
 * `createClientPool`, `createCluster`, `createSentinel`), of `ioredis` (5 and later) or of `iovalkey` (`new Redis`, `new Cluster`), and
 * never closes it. Where it listens for ended sessions, or waits for replicas, it opens a duplicate
 * of its own, which `close()` closes.
 *
 * @throws {@link OptionsError} if an option is wrong, or for a client that reads from replicas.
 * Nothing is sent here.
 * @example
 * import { createClient } from "redis";
 * import { createSessions } from "sojourn";
 * import { redisStore } from "sojourn/redis";
 *
 * const client = createClient({ url: "redis://127.0.0.1:6379" });
 * client.on("error", (error) => console.error(error));
 * await client.connect();
 * const sessions = createSessions({ store: redisStore(client) });
 */
export function redisStore(
  client: RedisClient,
  options: RedisStoreOptions = {},
): RedisSessionStore {
  requireKnownKeys("redisStore", options, ["prefix", "waitForEnds"]);
  const { prefix = "sojourn:" } = options;
  checkPrefix(prefix);
  const replicas = replicasOf(options.waitForEnds);
  const driver = driverOf(client);
  if (replicas > 0) refuseUnduplicated(client);
  const keys = keysUnder(prefix, driver.keyPrefix);
  const server = new Server(client);
  const commands: Commands = new Commands({
    driver,
    replicas,
    trial: ["del", keys.trial],
    onFirstCall: () => server.inspect(commands),
  });
  return new RedisStore({ commands, keys, server, profile: profileOf(replicas) });
}

const MAX_PREFIX_LENGTH = 100;
const MAX_REPLICAS = 100;

function checkPrefix(prefix: unknown): void {
  const isUsable =
    typeof prefix === "string" &&
    prefix !== "" &&
    prefix.length <= MAX_PREFIX_LENGTH &&
    prefix.isWellFormed();
  if (isUsable) return;
  throw new OptionsError(
    "redisStore.prefix",
    `must be a text of 1 to ${MAX_PREFIX_LENGTH} characters, such as "shop:".`,
  );
}

function replicasOf(waitForEnds: { readonly replicas: number } | undefined): number {
  if (waitForEnds === undefined) return 0;
  requireKnownKeys("redisStore.waitForEnds", waitForEnds, ["replicas"]);
  const { replicas } = waitForEnds;
  if (Number.isInteger(replicas) && replicas >= 1 && replicas <= MAX_REPLICAS) return replicas;
  throw new OptionsError(
    "redisStore.waitForEnds.replicas",
    `must be a whole number from 1 to ${MAX_REPLICAS}; leave waitForEnds out to wait for none.`,
  );
}

function refuseUnduplicated(client: RedisClient): void {
  if (offers(client, "duplicate") || offers(client, "execute")) return;
  throw new OptionsError(
    "redisStore.waitForEnds",
    "needs a connection of its own, and createSentinel of redis 5 cannot be duplicated; use redis 6.",
  );
}

const CAVEATS: readonly string[] = [
  "Replication is asynchronous: a failover loses the last writes before it, acknowledged or not.",
  "What an acknowledged write outlives is the server's setting: without appendonly a restart goes " +
    "back to the last snapshot, and sessions that ended since are live again.",
  "scan and count look at every key.",
];

const ENDS_MAY_COME_BACK =
  "An ended session may come back in a failover; waitForEnds keeps it ended.";

function profileOf(replicas: number): StoreProfile {
  return {
    scope: "network",
    durability: "process",
    readYourWrites: "always",
    eviction: "never",
    caveats: replicas === 0 ? [...CAVEATS, ENDS_MAY_COME_BACK] : CAVEATS,
  };
}
