import { pooledRandom } from "../../core/environment.ts";
import type { EpochMs } from "../../core/record.ts";
import type { StoreCall, UserKey } from "../../core/store.ts";
import { newCommitId } from "../../core/token.ts";
import type { Commands } from "./commands.ts";
import type { Keys } from "./keys.ts";
import { timeText } from "./records.ts";
import { numberIn, textIn, Unforeseen } from "./replies.ts";
import { RAISE } from "./scripts.ts";
import type { Server } from "./server.ts";
import { keepMs } from "./skew.ts";

const random = pooledRandom();

/**
 * The generations of those users who were signed out everywhere. Many share a key: as every sign-in
 * reads one of them, none goes cold, and a server that evicts takes others first.
 */
export class Generations {
  readonly #commands: Commands;
  readonly #keys: Keys;
  readonly #server: Server;

  constructor(commands: Commands, keys: Keys, server: Server) {
    this.#commands = commands;
    this.#keys = keys;
    this.#server = server;
  }

  generation(user: UserKey, call: StoreCall): Promise<number> {
    const { generation, nameOf } = this.#keys;
    const command = ["hget", generation(user), nameOf(user)] as const;
    return this.#commands.send("generation", call, command, generationIn);
  }

  async raise(user: UserKey, call: StoreCall, keepUntil: EpochMs | undefined): Promise<number> {
    const { generation, nameOf } = this.#keys;
    const until = keepUntil === undefined ? "" : timeText(keepUntil);
    // What does not expire is not dropped there.
    const isLasting = keepUntil === undefined || this.#server.sparesTheLasting;
    const ms = isLasting ? "" : keepMs(keepUntil, call);
    const args = [timeText(call.now), nameOf(user), until, ms, newCommitId(random)];
    const sent = { script: RAISE, args };
    const how = { read: numberIn, wrote: () => true };
    return this.#commands.runConfirmed("raiseGeneration", call, [generation(user)], sent, how);
  }
}

function generationIn(reply: unknown): number {
  const text = textIn(reply);
  if (text === undefined) return 0;
  const generation = Number.parseInt(text, 10);
  if (generation > 0) return generation;
  throw new Unforeseen("what stands there is no generation");
}
