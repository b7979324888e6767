import { createHash } from "node:crypto";
import { StoreError } from "../../core/errors.ts";
import type { RequestHead } from "../../core/exchange.ts";
import { predecessorOf } from "../../core/notes.ts";
import type { Identity } from "../../core/passage.ts";
import type { EpochMs, SessionRecord, Tombstone } from "../../core/record.ts";
import type {
  EndOutcome,
  Seen,
  SessionStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
} from "../../core/store.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import { Documents, type Ground, isUnchanged, NOTHING_BEFORE, type ToWrite } from "./documents.ts";
import type { ForeignDocument, ForeignRows, ForeignSessions, Row } from "./foreign-sessions.ts";

/** In the place of data that cannot be believed or read: no object, so that nobody takes it for data. */
const UNBELIEVED = '"altered, or of another form"';

/** What a version stands for: a row of another framework's has none. */
interface Text extends Ground {
  readonly row: Row;
}

/** What was last seen of a session, or written to it. */
interface Newest {
  readonly document: Pick<ForeignDocument, "dict" | "view">;
  readonly bytes: Uint8Array | undefined;
}

const NOTHING: Newest = { document: NOTHING_BEFORE, bytes: undefined };

/** How long the browser is to hold the cookie of a session. */
interface Holding {
  readonly endsAt: EpochMs;
  readonly persistent: boolean;
  readonly hasMoved: boolean;
}

/** The request that the records are for. */
export interface Around {
  readonly manager: string;
  readonly request: RequestHead;
  /** Told why a row could not be read. */
  complain(why: string): void;
}

/**
 * The sessions of another framework as the records of one request. A key is a session's secret, and its
 * hash the id here: from outside a request no session can be found.
 *
 * Where one ended there is nothing, so that no notes are kept that lead to other records.
 */
export class ForeignRecords implements SessionStore {
  readonly profile: StoreProfile;
  readonly #sessions: ForeignSessions;
  readonly #rows: ForeignRows;
  readonly #documents: Documents;
  readonly #around: Around;
  readonly #keys = new Map<SessionId, string>();
  readonly #texts = new Map<CommitId, Text>();
  readonly #versions = new Map<string, CommitId>();
  readonly #holdings = new Map<SessionId, Holding>();
  readonly #newest = new Map<SessionId, Newest>();

  constructor(sessions: ForeignSessions, rows: ForeignRows, around: Around) {
    const convention = sessions.convention.forRequest?.();
    this.profile = sessions.profile;
    this.#sessions = convention === undefined ? sessions : { ...sessions, convention };
    this.#rows = rows;
    this.#documents = new Documents(this.#sessions, around.manager, around.request);
    this.#around = around;
  }

  /** From here on the session of this key may be asked for. */
  know({ id, token }: Identity): void {
    this.#keys.set(id, token);
  }

  /** How long the browser is to hold the cookie; `undefined` until it is closed. */
  browserKeepsMs(id: SessionId, now: EpochMs): number | undefined {
    const holding = this.#holdings.get(id);
    if (holding?.persistent !== true) return undefined;
    return this.#sessions.cookieLifetimeMs ?? holding.endsAt - now;
  }

  /** Whether the browser is to hold it longer than it was told. */
  hasMovedEnd(id: SessionId): boolean {
    const { persistent = false, hasMoved = false } = this.#holdings.get(id) ?? {};
    return persistent && hasMoved;
  }

  async load(id: SessionId, call: StoreCall): Promise<SessionRecord | undefined> {
    const key = this.#keys.get(id);
    if (key === undefined) return undefined;
    const row = await this.#rows.read(key, call);
    return row && this.#recordOf(id, row, call);
  }

  async create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    const key = this.#keyOf(record.id);
    const ground = this.#groundOf(record);
    const written = await this.#documents.toWrite(record, ground, call);
    const row = this.#rowOf(written, call, this.#predecessor(record).bytes);
    if (!(await this.#rows.insert(key, row, call))) return "taken";
    this.#wrote(record, row, written);
    return "created";
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const before = this.#texts.get(expected);
    if (before === undefined) return this.#missed(record.id, call);
    const ground = predecessorOf(record) === undefined ? before : this.#groundOf(record);
    const written = await this.#documents.toWrite(record, ground, call);
    if (this.#isIdle(before, written)) {
      this.#texts.set(record.version, { ...before, persistent: record.persistent });
      this.#versions.set(hashOf(before.row.bytes), record.version);
      return { kind: "updated" };
    }
    const row = this.#rowOf(written, call, before.row.bytes);
    const key = this.#keyOf(record.id);
    if (!(await this.#rows.replace(key, before.row.bytes, row, call))) {
      return this.#passedOn(before, await this.#missed(record.id, call));
    }
    this.#wrote(record, row, written);
    return { kind: "updated" };
  }

  async touch(id: SessionId, _seen: Seen, call: StoreCall): Promise<boolean> {
    const record = await this.load(id, call);
    const text = record && this.#texts.get(record.version);
    if (record === undefined || text === undefined) return false;
    const written = await this.#documents.toWrite(record, text, call);
    const key = this.#keyOf(id);
    const row = this.#rowOf(written, call, text.row.bytes);
    const isSame = Buffer.compare(row.bytes, text.row.bytes) === 0;
    if (isSame && this.#rows.extend !== undefined) {
      await this.#rows.extend(key, text.row.bytes, written.endsAt, call);
      // Who writes meanwhile moves the end as well.
    } else await this.#rows.replace(key, text.row.bytes, row, call);
    this.#hold(record, written, "moved");
    return true;
  }

  async end(
    { id }: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    const key = this.#keys.get(id);
    if (key === undefined) return { kind: "gone", tombstone: undefined };
    const before = expected === undefined ? undefined : this.#texts.get(expected);
    if (expected !== undefined && before === undefined) return this.#missed(id, call);
    const isEnded = await this.#rows.remove(key, before?.row.bytes, call);
    if (isEnded) return { kind: "ended" };
    const missed = await this.#missed(id, call);
    return before === undefined ? missed : this.#passedOn(before, missed, "strangersToo");
  }

  async #missed(
    id: SessionId,
    call: StoreCall,
  ): Promise<Exclude<UpdateOutcome, { readonly kind: "updated" }>> {
    const current = await this.load(id, call);
    const isThere = current !== undefined && current.data !== UNBELIEVED;
    return isThere ? { kind: "conflict", current } : { kind: "gone", tombstone: undefined };
  }

  /** What was meant for one user is not for whoever has the session of this key now. */
  #passedOn(
    { document }: Text,
    missed: Exclude<UpdateOutcome, { readonly kind: "updated" }>,
    whose: "users" | "strangersToo" = "users",
  ): Exclude<UpdateOutcome, { readonly kind: "updated" }> {
    const { userId } = this.#documents.said(document);
    // What a visitor does who is still nobody's is theirs once they have signed in; what takes a session
    // over must know whose it is.
    const isOpen = userId === undefined && whose === "users";
    const isTheirs = missed.kind === "gone" || isOpen || missed.current.userId === userId;
    return isTheirs ? missed : { kind: "gone", tombstone: undefined };
  }

  async #recordOf(id: SessionId, row: Row, call: StoreCall): Promise<SessionRecord | undefined> {
    const { format, convention } = this.#sessions;
    const document = row.document ?? format.read(row.bytes, call.now);
    if ("rejection" in document) {
      this.#around.complain(document.why);
      return this.#unbelieved(id, row, call);
    }
    const version = this.#versionOf(row.bytes);
    const found = { id, version, document, writtenAt: row.writtenAt, endsAt: row.endsAt };
    const record = this.#documents.recordOf(found, call.now);
    const { userId, persistent, expiresAt: endsAt } = record;
    if (userId !== undefined && convention.isValid !== undefined) {
      if (!(await convention.isValid(document.dict, userId, call))) return undefined;
    }
    this.#texts.set(version, { row, document, persistent });
    this.#newest.set(id, { document, bytes: row.bytes });
    this.#hold(record, { endsAt, persistent }, "found");
    return record;
  }

  /** A record that stands, and is refused for its data alone. */
  #unbelieved(id: SessionId, row: Row, { now }: StoreCall): SessionRecord {
    const endsAt = row.endsAt ?? now + 1;
    const version = this.#versionOf(row.bytes);
    const record = this.#documents.recordOf({ id, version, document: NOTHING_BEFORE, endsAt }, now);
    return { ...record, data: UNBELIEVED };
  }

  /**
   * What a new session builds on. What the application does not see goes with what it does see, or
   * with the user; and only to be kept is a wish: who signs in without one gets what the framework
   * usually does.
   */
  #groundOf(record: SessionRecord): Ground {
    const { userId, data, persistent } = record;
    const newest = this.#predecessor(record).document;
    const earlier = this.#documents.said(newest);
    const isSameVisitor = earlier.userId === undefined || earlier.userId === userId;
    const goesOn = data !== "{}" || (userId !== undefined && earlier.userId === userId);
    const document = isSameVisitor && goesOn ? newest : NOTHING_BEFORE;
    return { document, persistent: persistent && this.#documents.said(document).persistent };
  }

  /** The session that a new one goes on with, and no other that came with the same request. */
  #predecessor(record: SessionRecord): Newest {
    const id = predecessorOf(record);
    return (id && this.#newest.get(id)) ?? NOTHING;
  }

  /** Whether there is nothing to write: the framework would not either. */
  #isIdle({ row, document }: Text, written: ToWrite): boolean {
    const mayLapse = written.renewal === "each-visit";
    const isLater = row.endsAt === undefined || written.endsAt !== row.endsAt;
    return isUnchanged(document.dict, written.dict) && !(mayLapse && isLater);
  }

  #rowOf({ dict, endsAt }: ToWrite, { now }: StoreCall, before: Uint8Array | undefined): Row {
    const document = { dict, writtenAt: now };
    return { bytes: this.#sessions.format.write(dict, now, before), endsAt, document };
  }

  #wrote(record: SessionRecord, row: Row, written: ToWrite): void {
    const { version, persistent } = record;
    const { dict } = written;
    this.#texts.set(version, { row, document: { dict }, persistent });
    this.#versions.set(hashOf(row.bytes), version);
    this.#hold(record, written, "moved");
    this.#newest.set(record.id, { document: { dict }, bytes: row.bytes });
  }

  #hold({ id }: SessionRecord, held: Omit<Holding, "hasMoved">, how: "found" | "moved"): void {
    const { endsAt, persistent } = held;
    this.#holdings.set(id, { endsAt, persistent, hasMoved: how === "moved" });
  }

  #keyOf(id: SessionId): string {
    const key = this.#keys.get(id);
    if (key !== undefined) return key;
    throw new StoreError("create", "failed", keepsNothingElse(this.#sessions.framework));
  }

  /** That of bytes which this request has written, or their hash. */
  #versionOf(bytes: Uint8Array): CommitId {
    const hash = hashOf(bytes);
    return this.#versions.get(hash) ?? (hash as CommitId);
  }
}

/** Why what is no session cannot be kept. */
export function keepsNothingElse(framework: string): string {
  return `${framework} keeps sessions alone, and nothing beside them`;
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}
