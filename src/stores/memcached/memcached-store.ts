import { StoreError } from "../../core/errors.ts";
import {
  remembers,
  type SessionRecord,
  type StoredSession,
  type Tombstone,
} from "../../core/record.ts";
import type {
  EndOutcome,
  Seen,
  SessionStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
} from "../../core/store.ts";
import { isExpected, missed, touched } from "../../core/store-steps.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import type { Connection, Errand } from "./connection.ts";
import type { NewItem } from "./items.ts";
import { exptimeOf } from "./lifetime.ts";
import { storedOf, textOf } from "./values.ts";

/** What stands under an id, with the token that a write of it must name. */
interface Standing {
  readonly stored: StoredSession;
  readonly token: string;
}

/**
 * Sessions as items. A write reads the item, judges it, and replaces it by `cas`, which the server
 * refuses if anybody wrote meanwhile; then it is read again. Each turn that is lost is another
 * writer's success, and the call's deadline ends the last one.
 */
export class MemcachedStore implements SessionStore {
  readonly profile: StoreProfile;
  readonly #connection: Connection;
  readonly #maxItemBytes: number;

  constructor(connection: Connection, profile: StoreProfile, maxItemBytes: number) {
    this.#connection = connection;
    this.profile = profile;
    this.#maxItemBytes = maxItemBytes;
  }

  async load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    const standing = await this.#find({ operation: "load", id, call });
    return standing?.stored;
  }

  async create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    const errand: Errand = { operation: "create", id: record.id, call };
    const item = this.#itemOf(errand, record);
    for (;;) {
      if (await this.#connection.add(errand, item)) return "created";
      const standing = await this.#standing(errand);
      if (standing === undefined) continue;
      if (!isPast(standing, call)) return "taken";
      if (await this.#connection.replace(errand, item, standing.token)) return "created";
    }
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const errand: Errand = { operation: "update", id: record.id, call };
    const item = this.#itemOf(errand, record);
    for (let turn = 0; ; turn += 1) {
      const standing = await this.#find(errand);
      if (standing === undefined || !isExpected(standing.stored, expected)) {
        const miss = missed(standing?.stored);
        // A client that sends twice sees its second `cas` refused because of its first.
        const isOurs =
          turn > 0 && miss.kind === "conflict" && remembers(miss.current, record.version);
        return isOurs ? { kind: "updated" } : miss;
      }
      const { token } = standing;
      if (await this.#connection.replace(errand, item, token)) return { kind: "updated" };
    }
  }

  async end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    const errand: Errand = { operation: "end", id: tombstone.id, call };
    const item = this.#itemOf(errand, tombstone);
    for (let turn = 0; ; turn += 1) {
      const standing = await this.#find(errand);
      if (standing === undefined || !isExpected(standing.stored, expected)) {
        const isOurs = turn > 0 && standing?.stored.version === tombstone.version;
        return isOurs ? { kind: "ended" } : missed(standing?.stored);
      }
      const { token } = standing;
      if (await this.#connection.replace(errand, item, token)) return { kind: "ended" };
    }
  }

  async touch(id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    const errand: Errand = { operation: "touch", id, call };
    for (;;) {
      const standing = await this.#find(errand);
      if (standing?.stored.kind !== "live") return false;
      const { stored: current, token } = standing;
      const moved = touched(current, seen);
      if (moved === current) return true;
      const item = this.#itemOf(errand, moved);
      if (await this.#connection.replace(errand, item, token)) return true;
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  /** What stands there and has not expired. */
  async #find(errand: Errand): Promise<Standing | undefined> {
    const standing = await this.#standing(errand);
    return standing !== undefined && isPast(standing, errand.call) ? undefined : standing;
  }

  async #standing(errand: Errand): Promise<Standing | undefined> {
    const item = await this.#connection.read(errand);
    if (item === undefined) return undefined;
    return { stored: readable(errand, item.text), token: item.token };
  }

  #itemOf(errand: Errand, stored: StoredSession): NewItem {
    const text = textOf(stored);
    const bytes = this.#connection.bytesOf(errand, text);
    if (bytes > this.#maxItemBytes) {
      throw new StoreError(
        errand.operation,
        "failed",
        `the session takes ${bytes} bytes in Memcached, more than maxItemBytes ` +
          `(${this.#maxItemBytes}); keep large things elsewhere and their key in the session, or ` +
          "raise maxItemBytes and the server's -I",
      );
    }
    return { text, exptime: exptimeOf(stored.expiresAt, errand.call.now) };
  }
}

function readable({ operation, id }: Errand, text: string): StoredSession {
  try {
    return storedOf(id, text);
  } catch (cause) {
    throw new StoreError(operation, "failed", "an item is no session", { cause });
  }
}

function isPast({ stored }: Standing, { now }: StoreCall): boolean {
  return stored.expiresAt <= now;
}
