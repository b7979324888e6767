import type { StoreOperation } from "../../core/errors.ts";
import type { EpochMs } from "../../core/record.ts";
import type { StoreCall, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Commands } from "./commands.ts";
import type { Command } from "./driver.ts";
import type { Keys } from "./keys.ts";
import { timeText } from "./records.ts";
import { numberIn, textsIn } from "./replies.ts";
import { INDEX_ADD, INDEX_REMOVE } from "./scripts.ts";

/**
 * Entries younger than this stay though no record is there: it may be about to be created. Longer
 * than any request waits for a store, and than the clocks differ.
 */
const SETTLED_MS = 600_000;
/** So many entries make it worth to look which of them are stale. */
const CROWD = 32;

/** Which sessions a user may have. The records tell; an entry without one is stale. */
export class UserIndex {
  readonly #commands: Commands;
  readonly #keys: Keys;

  constructor(commands: Commands, keys: Keys) {
    this.#commands = commands;
    this.#keys = keys;
  }

  /** Resolves to whether the index has grown so far that stale entries should be looked for. */
  async add(
    operation: StoreOperation,
    call: StoreCall,
    user: UserKey,
    entry: { readonly id: SessionId; readonly keepUntil: EpochMs },
  ): Promise<boolean> {
    const keepMs = Math.max(entry.keepUntil - call.now, 0) + SETTLED_MS;
    const sent = {
      script: INDEX_ADD,
      key: this.#keys.index(user),
      args: [timeText(call.now), seconds(call.now), String(keepMs), entry.id],
    };
    return (await this.#commands.run(operation, call, sent, numberIn)) % CROWD === 0;
  }

  async ids(operation: StoreOperation, call: StoreCall, user: UserKey): Promise<SessionId[]> {
    const command: Command = ["zrange", this.#keys.index(user), "0", "-1"];
    const ids = await this.#commands.send(operation, call, command, textsIn);
    return ids as SessionId[];
  }

  /** Removes the entry of a session that has ended. */
  async remove(
    operation: StoreOperation,
    call: StoreCall,
    user: UserKey,
    ids: readonly SessionId[],
  ): Promise<void> {
    if (ids.length === 0) return;
    const command: Command = ["zrem", this.#keys.index(user), ...ids];
    await this.#commands.send(operation, call, command, numberIn);
  }

  /** Removes entries whose record was not found, unless it may be on its way. */
  async removeStale(
    operation: StoreOperation,
    call: StoreCall,
    user: UserKey,
    ids: readonly SessionId[],
  ): Promise<void> {
    if (ids.length === 0) return;
    const sent = {
      script: INDEX_REMOVE,
      key: this.#keys.index(user),
      args: [timeText(call.now), seconds(call.now - SETTLED_MS), ...ids],
    };
    await this.#commands.run(operation, call, sent, numberIn);
  }
}

function seconds(ms: EpochMs): string {
  return String(Math.floor(ms / 1_000));
}
