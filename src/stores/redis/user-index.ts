import type { StoreOperation } from "../../core/errors.ts";
import type { EpochMs } from "../../core/record.ts";
import type { StoreCall, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import type { Commands } from "./commands.ts";
import type { Command } from "./driver.ts";
import type { Keys } from "./keys.ts";
import { listIn, numberIn, numberOrTextIn, textsIn } from "./replies.ts";
import { INDEX_ADD, INDEX_REMOVE } from "./scripts.ts";
import type { Tidying } from "./tidying.ts";

/**
 * How long an entry stays past its session's end: longer than any request waits for a store, than
 * the clocks differ, and than a session may be about to be created.
 */
const SETTLED_MS = 600_000;

/** The server finds so many in less than a millisecond. */
const PAGE = "2500";
/** Where the first page of an index is, and what the last one says of the next. */
export const FIRST_PAGE = "0";

/** A part of an index. */
export interface Page {
  readonly ids: readonly SessionId[];
  readonly next: string;
}

/** An entry of an index: a session, the end it has for now, and the last one that it may ever have. */
export interface Entry {
  readonly id: SessionId;
  readonly expiresAt: EpochMs;
  readonly lastEnd: EpochMs;
}

/** Which sessions a user may have. The records tell; an entry without one is stale. */
export class UserIndex {
  readonly #commands: Commands;
  readonly #keys: Keys;
  readonly #tidying: Tidying;

  constructor(commands: Commands, keys: Keys, tidying: Tidying) {
    this.#commands = commands;
    this.#keys = keys;
    this.#tidying = tidying;
  }

  /** Adds an entry or moves its end, and has a few stale ones removed behind the answer. */
  async add(
    operation: StoreOperation,
    call: StoreCall,
    user: UserKey,
    entry: Entry,
  ): Promise<void> {
    const { id, expiresAt, lastEnd } = entry;
    const keepMs = Math.max(lastEnd - call.now, 0) + SETTLED_MS;
    const sent = {
      script: INDEX_ADD,
      key: this.#keys.index(user),
      args: [seconds(expiresAt), staleAt(call), String(keepMs), id],
    };
    const stale = (await this.#commands.run(operation, call, sent, textsIn)) as SessionId[];
    if (stale.length > 0) {
      this.#tidying.later(call, (later) => this.#tidy(operation, later, user, stale));
    }
  }

  /** Adds an entry that is missing. A server that drops the oldest takes the asking for use. */
  async require(
    operation: StoreOperation,
    call: StoreCall,
    user: UserKey,
    entry: Entry,
  ): Promise<void> {
    const command: Command = ["zscore", this.#keys.index(user), entry.id];
    // A text, or a number by the newer protocol.
    const isMissing = await this.#commands.send(
      operation,
      call,
      command,
      (score) => score === null,
    );
    if (isMissing) await this.add(operation, call, user, entry);
  }

  async ids(operation: StoreOperation, call: StoreCall, user: UserKey): Promise<SessionId[]> {
    const command: Command = ["zrange", this.#keys.index(user), "0", "-1"];
    const ids = await this.#commands.send(operation, call, command, textsIn);
    return ids as SessionId[];
  }

  /**
   * Some thousand ids, and where the next are. All that are there from the first page to the last are
   * on one of them, whatever is added and removed meanwhile; some are on two.
   */
  async page(
    operation: StoreOperation,
    call: StoreCall,
    user: UserKey,
    cursor: string,
  ): Promise<Page> {
    const command: Command = ["zscan", this.#keys.index(user), cursor, "count", PAGE];
    return this.#commands.send(operation, call, command, pageIn);
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
      args: [staleAt(call), ...ids],
    };
    await this.#commands.run(operation, call, sent, numberIn);
  }

  // Most have gone with their session. One may be there still, if the index missed its activity.
  async #tidy(
    operation: StoreOperation,
    call: StoreCall,
    user: UserKey,
    ids: readonly SessionId[],
  ): Promise<void> {
    const lefts = await this.#commands.askAbout(operation, call, ids, {
      command: (id) => ["pttl", this.#keys.record(id)],
      read: (reply, id) => ({ id, ms: numberIn(reply) }),
    });
    const gone = lefts.filter(({ ms }) => ms < 0).map(({ id }) => id);
    await this.removeStale(operation, call, user, gone);
    const there = lefts.filter(({ ms }) => ms >= 0);
    if (there.length === 0) return;
    const ends = there.flatMap(({ id, ms }) => [seconds(call.now + ms), id]);
    const command: Command = ["zadd", this.#keys.index(user), "xx", ...ends];
    await this.#commands.send(operation, call, command, numberIn);
  }
}

function staleAt({ now }: StoreCall): string {
  return seconds(now - SETTLED_MS);
}

function seconds(ms: EpochMs): string {
  return String(Math.floor(ms / 1_000));
}

function pageIn(reply: unknown): Page {
  const [next, entries] = listIn(reply);
  // A score follows each id.
  const ids = listIn(entries).filter((_, place) => place % 2 === 0);
  return { ids: textsIn(ids) as SessionId[], next: String(numberOrTextIn(next)) };
}
