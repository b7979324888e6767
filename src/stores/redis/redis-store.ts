import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { EpochMs, SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type {
  Announcements,
  Directory,
  EndOutcome,
  Seen,
  SessionStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
  UserKey,
} from "../../core/store.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import { EndAnnouncements } from "./announcements.ts";
import type { Commands } from "./commands.ts";
import { redisDirectory } from "./directory.ts";
import type { Command } from "./driver.ts";
import type { Keys } from "./keys.ts";
import { RecordScan } from "./record-scan.ts";
import {
  absoluteEndOf,
  isLive,
  ownerIn,
  recordText,
  storedOf,
  timeText,
  tombstoneText,
  userOf,
} from "./records.ts";
import { listIn, numberIn, numberOrTextIn, textIn, Unforeseen } from "./replies.ts";
import { CREATE, DONE, DONE_AND_SEEN, END, INDEX_FIRST, TOUCH, UPDATE } from "./scripts.ts";
import type { Server } from "./server.ts";
import { keepMs } from "./skew.ts";
import { Tidying } from "./tidying.ts";
import { type Entry, UserIndex } from "./user-index.ts";

/** What a Redis store offers. */
export type RedisSessionStore = SessionStore &
  Required<Pick<SessionStore, "touch" | "directory" | "announcements" | "close">>;

/** What a Redis store is made of. */
export interface RedisParts {
  readonly commands: Commands;
  readonly keys: Keys;
  readonly server: Server;
  /** As long as nothing speaks against it. */
  readonly profile: StoreProfile;
}

/** Sessions in Redis: a key for each, and a script for each operation. */
export class RedisStore implements RedisSessionStore {
  readonly directory: Directory;
  readonly announcements: Announcements;
  readonly #commands: Commands;
  readonly #keys: Keys;
  readonly #index: UserIndex;
  readonly #server: Server;
  readonly #profile: StoreProfile;
  readonly #tidying = new Tidying();

  constructor({ commands, keys, server, profile }: RedisParts) {
    this.#commands = commands;
    this.#keys = keys;
    this.#server = server;
    this.#profile = profile;
    this.#index = new UserIndex(commands, keys, this.#tidying);
    this.announcements = new EndAnnouncements(commands, keys.channel);
    this.directory = redisDirectory({
      commands,
      keys,
      server,
      index: this.#index,
      scan: new RecordScan(commands, keys),
      tidying: this.#tidying,
    });
  }

  /** From the first call on: what the server's settings make of it. */
  get profile(): StoreProfile {
    const policy = this.#server.evictsBy;
    if (policy === undefined) return this.#profile;
    const caveat =
      `The server drops sessions when its memory is full (${policy}), and what finds a user's ` +
      "sessions; revokeAll may miss one.";
    return { ...this.#profile, eviction: "any", caveats: [caveat, ...this.#profile.caveats] };
  }

  async load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    const command: Command = ["get", this.#keys.record(id)];
    const stored = await this.#commands.send("load", call, command, (reply) =>
      storedOf(id, textIn(reply), call.now),
    );
    if (this.#server.evictsBy !== undefined && stored?.kind === "live") this.#warm(stored, call);
    return stored;
  }

  async create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    await this.#indexFirst("create", record, call);
    const sent = {
      script: CREATE,
      key: this.#keys.record(record.id),
      args: [this.#words(record, call), recordText(record)],
    };
    const reply = await this.#commands.run("create", call, sent, numberIn);
    return reply === DONE ? "created" : "taken";
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const isNobodys = record.userId === undefined;
    let answer = await this.#update(record, expected, isNobodys, call);
    if (answer === INDEX_FIRST) {
      await this.#indexFirst("update", record, call);
      answer = await this.#update(record, expected, true, call);
    }
    if (typeof answer !== "number") return answer;
    const { userId, manager } = record;
    if (answer === DONE_AND_SEEN && userId !== undefined) {
      this.#refresh({ manager, userId }, entryOf(record), call);
    }
    return { kind: "updated" };
  }

  async end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    const answer = await this.#end("end", tombstone, { expected, owner: "" }, call);
    if (answer.kind !== "ended") return answer;
    const user = userOf(answer.owner);
    if (user !== undefined) this.#forget(user, tombstone.id, call);
    return { kind: "ended" };
  }

  async touch(id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    const { lastSeenAt, expiresAt } = seen;
    const sent = {
      script: TOUCH,
      key: this.#keys.record(id),
      args: [
        timeText(call.now),
        timeText(lastSeenAt),
        timeText(expiresAt),
        keepMs(expiresAt, call),
      ],
    };
    const head = await this.#commands.run("touch", call, sent, headIn);
    if (head === undefined) return false;
    const user = userOf(ownerIn(head));
    const lastEnd = Math.max(absoluteEndOf(head), expiresAt);
    if (user !== undefined) this.#refresh(user, { id, expiresAt, lastEnd }, call);
    return true;
  }

  async close(): Promise<void> {
    this.#commands.close();
  }

  #update(
    record: SessionRecord,
    expected: CommitId,
    isIndexed: boolean,
    call: StoreCall,
  ): Promise<number | Missed> {
    const known = isIndexed ? "1" : "0";
    const sent = {
      script: UPDATE,
      key: this.#keys.record(record.id),
      args: [`${this.#words(record, call)} ${expected} ${known}`, recordText(record)],
    };
    return this.#commands.run("update", call, sent, (reply) => {
      const found = numberOrTextIn(reply);
      return typeof found === "number" ? found : missed(record.id, found, call.now);
    });
  }

  /** What each script that writes a record is told of it beside its text. */
  #words({ expiresAt, version }: SessionRecord, call: StoreCall): string {
    return `${timeText(call.now)} ${keepMs(expiresAt, call)} ${version}`;
  }

  async #end(
    operation: StoreOperation,
    tombstone: Tombstone,
    only: { readonly expected: CommitId | undefined; readonly owner: string },
    call: StoreCall,
  ): Promise<Ended> {
    const { id, version } = tombstone;
    const sent = {
      script: END,
      args: [
        ...[
          timeText(call.now),
          keepMs(tombstone.expiresAt, call),
          version,
          tombstoneText(tombstone),
        ],
        ...[only.expected ?? "", only.owner, this.#keys.channel, id],
      ],
    };
    return this.#commands.runConfirmed(operation, call, [this.#keys.record(id)], sent, {
      read: (reply) => endedIn(id, reply, call.now),
      wrote: ({ kind }) => kind === "ended",
    });
  }

  /** A crash behind this leaves an entry without a session, never a session without an entry. */
  async #indexFirst(
    operation: StoreOperation,
    record: SessionRecord,
    call: StoreCall,
  ): Promise<void> {
    const { manager, userId } = record;
    if (userId === undefined) return;
    const user = { manager, userId };
    try {
      await this.#index.add(operation, call, user, entryOf(record));
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      // Whatever became of the entry, the session was not written.
      throw new StoreError(operation, "failed", "the user's index did not answer", { cause });
    }
  }

  #refresh(user: UserKey, entry: Entry, call: StoreCall): void {
    this.#tidying.later(call, (later) => this.#index.add("touch", later, user, entry));
  }

  // Read as rarely as it is written, the index would be dropped long before the session.
  #warm(record: SessionRecord, call: StoreCall): void {
    const { manager, userId } = record;
    if (userId === undefined) return;
    const [user, entry] = [{ manager, userId }, entryOf(record)];
    this.#tidying.later(call, (later) => this.#index.require("load", later, user, entry));
  }

  #forget(user: UserKey, id: SessionId, call: StoreCall): void {
    this.#tidying.later(call, (later) => this.#index.remove("end", later, user, [id]));
  }
}

function headIn(reply: unknown): string | undefined {
  const head = textIn(reply);
  if (head === undefined || isLive(head)) return head;
  throw new Unforeseen("what was touched is no session");
}

function entryOf({ id, createdAt, absoluteTimeoutMs, expiresAt }: SessionRecord): Entry {
  return { id, expiresAt, lastEnd: Math.max(createdAt + absoluteTimeoutMs, expiresAt) };
}

/** How an end went; whose the session was that has ended. */
type Ended = { readonly kind: "ended"; readonly owner: string } | Missed;

function endedIn(id: SessionId, reply: unknown, now: EpochMs): Ended {
  const [done, found = null] = listIn(reply);
  const text = textIn(found);
  if (numberIn(done) === DONE) return { kind: "ended", owner: text ?? "" };
  return missed(id, text, now);
}

/** Why a compare-and-set changed nothing. */
type Missed = Exclude<UpdateOutcome, { readonly kind: "updated" }>;

function missed(id: SessionId, found: string | undefined, now: EpochMs): Missed {
  const current = storedOf(id, found, now);
  if (current?.kind === "live") return { kind: "conflict", current };
  return { kind: "gone", tombstone: current };
}
