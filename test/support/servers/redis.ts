import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import {
  freePort,
  type Place,
  type ServerSpec,
  startServer,
  type TestServer,
} from "./test-server.ts";

const run = promisify(execFile);

const PATIENCE_MS = 45_000;
const INTERVAL_MS = 50;
/** After so much silence a node of a Cluster, or a master under Sentinel, counts as dead. */
const NODE_TIMEOUT_MS = 2_000;
const MASTER_NAME = "shop";

/** A private Redis. It keeps nothing on disk unless it is told to. */
export async function startRedis(settings: readonly string[] = []): Promise<TestServer> {
  return startServer(specOf(settings));
}

/** A Cluster of its own: three masters, and as many replicas if asked for. */
export interface RedisCluster {
  readonly nodes: readonly TestServer[];
  /** The node that has a key now. */
  masterOf(key: string): Promise<TestServer>;
  stop(): Promise<void>;
}

/** Starts a Cluster, and resolves when it takes writes. */
export async function startRedisCluster(
  options: { readonly replicas?: 0 | 1 } = {},
): Promise<RedisCluster> {
  const { replicas = 0 } = options;
  const count = 3 * (1 + replicas);
  const nodes = await Promise.all(Array.from({ length: count }, startClusterNode));
  try {
    const places = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const wishes = ["--cluster-replicas", String(replicas), "--cluster-yes"];
    await run("redis-cli", ["--cluster", "create", ...places, ...wishes]);
    await eventually(async () => {
      for (const { port } of nodes) {
        const info = await ask(port, "cluster", "info");
        if (!info.includes("cluster_state:ok")) return false;
        if (!info.includes(`cluster_known_nodes:${count}`)) return false;
      }
      return replicas === 0 || (await areReplicasLinked(nodes));
    });
  } catch (error) {
    await stopAll(nodes);
    throw error;
  }
  return {
    nodes,
    masterOf: async (key) => {
      const alive = nodes.find(({ pid }) => pid !== undefined);
      const slot = Number(await ask(alive?.port ?? 0, "cluster", "keyslot", key));
      return masterOfSlot(nodes, alive?.port ?? 0, slot);
    },
    stop: () => stopAll(nodes),
  };
}

/** A master, a replica and three Sentinels, all of a test's own. */
export interface RedisSentinel {
  readonly name: string;
  readonly master: TestServer;
  readonly replica: TestServer;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  stop(): Promise<void>;
}

/** Starts a master with a replica under three Sentinels, and resolves when they know each other. */
export async function startRedisSentinel(): Promise<RedisSentinel> {
  const master = await startRedis();
  const follow = ["--replicaof", "127.0.0.1", String(master.port)];
  const replica = await startRedis([...follow, "--repl-diskless-sync-delay", "0"]);
  const sentinels = await Promise.all(
    Array.from({ length: 3 }, () => startServer(sentinelSpec(master.port))),
  );
  const all = [master, replica, ...sentinels];
  try {
    await eventually(async () => {
      for (const { port } of sentinels) {
        const facts = await ask(port, "sentinel", "master", MASTER_NAME);
        if (!/num-slaves\r?\n1\b/.test(facts)) return false;
        if (!/num-other-sentinels\r?\n2\b/.test(facts)) return false;
      }
      return (await ask(master.port, "info", "replication")).includes("state=online");
    });
  } catch (error) {
    await stopAll(all);
    throw error;
  }
  const places = sentinels.map(({ port }) => ({ host: "127.0.0.1", port }));
  return { name: MASTER_NAME, master, replica, sentinels: places, stop: () => stopAll(all) };
}

/** Moves slots with their keys from one master of a Cluster to another, while it serves. */
export async function reshard(from: TestServer, to: TestServer, slots: number): Promise<void> {
  const [source, target] = await Promise.all(
    [from, to].map(({ port }) => ask(port, "cluster", "myid")),
  );
  const wishes = ["--cluster-from", source ?? "", "--cluster-to", target ?? ""];
  const more = ["--cluster-slots", String(slots), "--cluster-yes", "--cluster-pipeline", "10"];
  await run("redis-cli", ["--cluster", "reshard", `127.0.0.1:${from.port}`, ...wishes, ...more]);
}

/** What a server replies, as `redis-cli` prints it. */
export async function ask(port: number, ...command: readonly string[]): Promise<string> {
  const { stdout } = await run("redis-cli", ["-p", String(port), ...command]);
  return stdout.trim();
}

/** Resolves when the condition holds; rejects if it does not in a long time. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`it does not hold: ${holds}`);
    await pause(INTERVAL_MS);
  }
}

function specOf(settings: readonly string[]): ServerSpec {
  return {
    name: "redis",
    command: ({ port, folder }) => [
      "redis-server",
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
      ...settings,
    ],
    ready,
  };
}

async function startClusterNode(): Promise<TestServer> {
  // The default, ten thousand above the other, may be somebody's.
  const busPort = await freePort();
  return startRedis([
    ...["--cluster-enabled", "yes", "--cluster-port", String(busPort)],
    ...["--cluster-node-timeout", String(NODE_TIMEOUT_MS), "--repl-diskless-sync-delay", "0"],
    // Where one master and its replica are gone, the other slots go on.
    ...["--cluster-require-full-coverage", "no"],
  ]);
}

function sentinelSpec(masterPort: number): ServerSpec {
  return {
    name: "sentinel",
    prepare: ({ port, folder }) =>
      writeFile(
        join(folder, "sentinel.conf"),
        [
          `port ${port}`,
          "bind 127.0.0.1",
          `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
          `sentinel down-after-milliseconds ${MASTER_NAME} ${NODE_TIMEOUT_MS}`,
          `sentinel failover-timeout ${MASTER_NAME} 5000`,
        ].join("\n"),
      ),
    command: ({ folder }) => ["redis-server", join(folder, "sentinel.conf"), "--sentinel"],
    ready,
  };
}

async function areReplicasLinked(nodes: readonly TestServer[]): Promise<boolean> {
  const infos = await Promise.all(nodes.map(({ port }) => ask(port, "info", "replication")));
  const masters = infos.filter((info) => info.includes("role:master"));
  return masters.length === 3 && masters.every((info) => info.includes("state=online"));
}

async function masterOfSlot(
  nodes: readonly TestServer[],
  port: number,
  slot: number,
): Promise<TestServer> {
  const table = await ask(port, "cluster", "nodes");
  for (const line of table.split("\n")) {
    const [, address = "", flags = "", , , , , ...ranges] = line.split(" ").slice(0);
    if (!flags.includes("master") || flags.includes("fail")) continue;
    const hasSlot = ranges.slice(1).some((range) => {
      const [first = Number.NaN, last = first] = range.split("-").map(Number);
      return first <= slot && slot <= last;
    });
    const found = nodes.find((node) => address.startsWith(`127.0.0.1:${node.port}@`));
    if (hasSlot && found !== undefined) return found;
  }
  throw new Error(`nobody has the slot ${slot}:\n${table}`);
}

async function stopAll(servers: readonly TestServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

/** It answers, and is not still reading its data. */
async function ready({ port }: Place): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  try {
    socket.write("PING\r\n");
    const [reply] = await once(socket, "data");
    if (!String(reply).startsWith("+PONG")) throw new Error(String(reply));
  } finally {
    socket.destroy();
  }
}
