import { OptionsError, type StoreOperation } from "../../core/errors.ts";
import type { EpochMs } from "../../core/record.ts";
import type { StoreCall, StoreProfile } from "../../core/store.ts";
import type { RedisClient } from "../../stores/redis/clients.ts";
import { Commands } from "../../stores/redis/commands.ts";
import { driverOf } from "../../stores/redis/drivers.ts";
import { listIn, numberIn, textIn, Unforeseen } from "../../stores/redis/replies.ts";
import type { Script } from "../../stores/redis/scripts.ts";
import { Server } from "../../stores/redis/server.ts";
import type { Row } from "../foreign/foreign-sessions.ts";
import { type ForeignPlace, type Named, NO_END } from "./place.ts";
import { bytesOf, EXTEND, INSERT, READ, REMOVE, REPLACE, textOf } from "./redis-scripts.ts";

/**
 * A framework's sessions in Redis or Valkey, through any client that `redisStore` takes. Each operation
 * is one round trip. How long a session lives the server counts, so that its clock does not matter.
 *
 * @throws {@link OptionsError} for another client, or one that puts a prefix of its own before keys.
 */
export function redisRows(client: RedisClient, { keyFor }: Named): ForeignPlace {
  const driver = driverOf(client);
  refusePrefix(driver.keyPrefix);
  const server = new Server(client);
  const commands: Commands = new Commands({
    driver,
    replicas: 0,
    trial: ["del", TRIAL],
    onFirstCall: () => server.inspect(commands),
  });
  const change = async (
    operation: StoreOperation,
    call: StoreCall,
    key: string,
    script: Script,
    args: readonly string[],
  ): Promise<boolean> => {
    const sent = { script, key: keyFor(key), args };
    return (await commands.run(operation, call, sent, numberIn)) > 0;
  };
  return {
    get profile() {
      return profileOf(server.evictsBy);
    },
    read: (key, call) =>
      commands.run("load", call, { script: READ, key: keyFor(key), args: [] }, (reply) =>
        rowIn(reply, call),
      ),
    insert: (key, { bytes, endsAt }, call) =>
      change("create", call, key, INSERT, [textOf(bytes), livesMs(endsAt, call)]),
    replace: (key, before, { bytes, endsAt }, call) =>
      change("update", call, key, REPLACE, [textOf(before), livesMs(endsAt, call), textOf(bytes)]),
    remove: (key, before, call) =>
      before === undefined
        ? commands.send("end", call, ["del", keyFor(key)], (reply) => numberIn(reply) > 0)
        : change("end", call, key, REMOVE, [textOf(before)]),
    extend: (key, before, endsAt, call) =>
      change("touch", call, key, EXTEND, [textOf(before), livesMs(endsAt, call)]),
    async prepare(call) {
      await commands.send("prepare", call, ["exists", TRIAL], numberIn);
    },
  };
}

/** Where nothing is ever kept. */
const TRIAL = "sojourn:trial";

function refusePrefix(keyPrefix: string): void {
  if (keyPrefix === "") return;
  throw new OptionsError(
    "redisRows(client)",
    `puts ${JSON.stringify(keyPrefix)} before every key, where the framework's sessions are not; ` +
      "pass a client without keyPrefix.",
  );
}

function rowIn(reply: unknown, { now }: StoreCall): Row | undefined {
  if (reply === null) return undefined;
  const [text, left] = listIn(reply);
  const stored = textIn(text);
  if (stored === undefined) throw new Unforeseen("Redis's reply should begin with a text");
  const leftMs = numberIn(left);
  return { bytes: bytesOf(stored), endsAt: leftMs < 0 ? NO_END : now + leftMs };
}

// Redis refuses less than 1, and has forgotten that by the next call.
function livesMs(endsAt: EpochMs | undefined, { now }: StoreCall): string {
  return String(Math.max(Math.ceil((endsAt ?? NO_END) - now), 1));
}

const CAVEATS: readonly string[] = [
  "The framework writes without looking: of two requests at once, one there and one here, its own " +
    "may undo what was written here.",
  "Replication is asynchronous: a failover loses the last writes before it, acknowledged or not.",
  "What an acknowledged write outlives is the server's setting: without appendonly a restart goes " +
    "back to the last snapshot, and sessions that ended since are live again.",
];

function profileOf(policy: string | undefined): StoreProfile {
  const evicts = `The server drops sessions when its memory is full (${policy}).`;
  return {
    scope: "network",
    durability: "process",
    readYourWrites: "always",
    eviction: policy === undefined ? "never" : "any",
    caveats: policy === undefined ? CAVEATS : [evicts, ...CAVEATS],
  };
}
