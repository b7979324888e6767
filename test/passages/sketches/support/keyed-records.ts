import { createHash } from "node:crypto";
import { endOf } from "../../../../src/core/clocks.ts";
import { StoreError } from "../../../../src/core/errors.ts";
import type { Identity } from "../../../../src/core/passage.ts";
import type { EpochMs, SessionRecord, Tombstone } from "../../../../src/core/record.ts";
import type {
  EndOutcome,
  SessionStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
} from "../../../../src/core/store.ts";
import type { CommitId, SessionId } from "../../../../src/core/token.ts";

/** What another framework keeps of a session. */
export interface Row {
  /** In its own format; bytes as Latin-1. */
  readonly text: string;
  readonly endsAt: EpochMs;
}

/** Where another framework keeps its sessions, by keys of its own. */
export interface KeyedRows {
  readonly profile: StoreProfile;
  /** Resolves to what is live. */
  read(key: string, call: StoreCall): Promise<Row | undefined>;
  /**
   * Puts `after` where `before` stands, in one step; `undefined` is nothing.
   *
   * @returns Whether `before` stood there.
   */
  swap(
    key: string,
    before: string | undefined,
    after: Row | undefined,
    call: StoreCall,
  ): Promise<boolean>;
}

/** What another framework knows of a session. */
export type Known = Pick<
  SessionRecord,
  "data" | "userId" | "createdAt" | "lastSeenAt" | "persistent"
>;

/** How it writes that down. */
export interface Format {
  /** What a text says; `undefined` where it cannot be believed. */
  read(text: string, now: EpochMs): Known | undefined;
  write(record: SessionRecord): string;
}

/** The rows of one request, as records: a row's key is a secret, and the id its hash. */
export class KeyedRecords implements SessionStore {
  readonly profile: StoreProfile;
  readonly #rows: KeyedRows;
  readonly #format: Format;
  readonly #manager: string;
  readonly #keys = new Map<SessionId, string>();
  readonly #texts = new Map<CommitId, string>();

  constructor(rows: KeyedRows, format: Format, manager: string) {
    this.profile = rows.profile;
    this.#rows = rows;
    this.#format = format;
    this.#manager = manager;
  }

  know({ id, token }: Identity): void {
    this.#keys.set(id, token);
  }

  async load(id: SessionId, call: StoreCall): Promise<SessionRecord | undefined> {
    const key = this.#keys.get(id);
    const row = key === undefined ? undefined : await this.#rows.read(key, call);
    const known = row && this.#format.read(row.text, call.now);
    return known && this.#recordOf(id, row, known);
  }

  async create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    const isCreated = await this.#rows.swap(
      this.#keyOf(record.id),
      undefined,
      this.#row(record),
      call,
    );
    return isCreated ? "created" : "taken";
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const { id } = record;
    const before = this.#texts.get(expected);
    const after = this.#row(record);
    const isSwapped =
      before !== undefined && (await this.#rows.swap(this.#keyOf(id), before, after, call));
    return isSwapped ? { kind: "updated" } : this.#missed(id, call);
  }

  async end(
    { id }: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    for (;;) {
      const current = await this.load(id, call);
      if (current === undefined) return { kind: "gone", tombstone: undefined };
      if (expected !== undefined && expected !== current.version) {
        return { kind: "conflict", current };
      }
      const before = this.#texts.get(current.version);
      const isEnded = await this.#rows.swap(this.#keyOf(id), before, undefined, call);
      if (isEnded) return { kind: "ended" };
    }
  }

  async #missed(id: SessionId, call: StoreCall): Promise<UpdateOutcome> {
    const current = await this.load(id, call);
    return current ? { kind: "conflict", current } : { kind: "gone", tombstone: undefined };
  }

  #keyOf(id: SessionId): string {
    const key = this.#keys.get(id);
    if (key === undefined) throw new StoreError("create", "failed", "nobody drew a key for it");
    return key;
  }

  #row(record: SessionRecord): Row {
    const text = this.#format.write(record);
    this.#texts.set(record.version, text);
    return { text, endsAt: endOf(record) };
  }

  #recordOf(id: SessionId, { text, endsAt }: Row, known: Known): SessionRecord {
    return {
      ...known,
      kind: "live",
      id,
      manager: this.#manager,
      version: this.#versionOf(text),
      earlier: "",
      flash: "",
      notes: undefined,
      authenticatedAt: undefined,
      device: undefined,
      idleTimeoutMs: endsAt - known.lastSeenAt,
      absoluteTimeoutMs: endsAt - known.createdAt,
      expiresAt: endsAt,
    };
  }

  /** That of a text which this request has written, or its hash. */
  #versionOf(text: string): CommitId {
    for (const [version, written] of this.#texts) if (written === text) return version;
    const version = createHash("sha256").update(text).digest("base64url") as CommitId;
    this.#texts.set(version, text);
    return version;
  }
}
