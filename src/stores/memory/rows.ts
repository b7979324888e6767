import type { EpochMs, SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type { Seen } from "../../core/store.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import { Column, type Row, TimeColumns } from "./columns.ts";
import { SharedTerms, type Terms } from "./terms.ts";

/** What many records have nothing of. */
type Rest = Pick<SessionRecord, "earlier" | "flash" | "device">;

const NO_REST: Rest = { earlier: "", flash: "", device: undefined };

const CREATED = 0;
const LAST_SEEN = 1;
/** Not a number where nobody has signed in. */
const AUTHENTICATED = 2;
const EXPIRES = 3;

/**
 * Stored sessions in columns: what is in a record stands in the same row of each. An object for
 * every record would take 200 bytes more, so it is put together when somebody reads it.
 */
export class Rows {
  readonly #ids = new Column<SessionId>();
  readonly #versions = new Column<CommitId>();
  /** Nothing where a tombstone stands. */
  readonly #data = new Column<string>();
  readonly #notes = new Column<string>();
  readonly #userIds = new Column<string>();
  readonly #terms = new Column<Terms>();
  readonly #rest = new Column<Rest>();
  readonly #times = new TimeColumns(4);
  readonly #tombstones = new Map<Row, Tombstone>();
  readonly #sharedTerms = new SharedTerms();
  readonly #free: Row[] = [];
  #length = 0;

  /** Puts it into a row of its own. */
  add(stored: StoredSession): Row {
    const row = this.#free.pop() ?? this.#length;
    if (row === this.#length) this.#length += 1;
    this.#ids.put(row, stored.id);
    this.replace(row, stored);
    return row;
  }

  /** Puts another state of the same session into its row. */
  replace(row: Row, stored: StoredSession): void {
    if (stored.kind === "live") this.#putLive(row, stored);
    else this.#putEnded(row, stored);
    this.#times.put(row, EXPIRES, stored.expiresAt);
  }

  /** Moves a live record's activity and its expiry forward, never back. */
  see(row: Row, { lastSeenAt, expiresAt }: Seen): void {
    this.#times.put(row, LAST_SEEN, Math.max(this.#times.at(row, LAST_SEEN), lastSeenAt));
    this.#times.put(row, EXPIRES, Math.max(this.#times.at(row, EXPIRES), expiresAt));
  }

  remove(row: Row): void {
    this.#clear(row);
    this.#tombstones.delete(row);
    this.#ids.put(row, undefined);
    this.#free.push(row);
  }

  /** What stands in a row. */
  read(row: Row): StoredSession | undefined {
    return this.record(row) ?? this.#tombstones.get(row);
  }

  /** The live record that stands in a row. */
  record(row: Row): SessionRecord | undefined {
    const id = this.#ids.at(row);
    const version = this.#versions.at(row);
    const data = this.#data.at(row);
    const terms = this.#terms.at(row);
    if (id === undefined || version === undefined || data === undefined) return undefined;
    if (terms === undefined) return undefined;
    const { earlier, flash, device } = this.#rest.at(row) ?? NO_REST;
    const authenticatedAt = this.#times.at(row, AUTHENTICATED);
    // No literal: docs/decisions/0060.
    return {
      ...terms,
      id,
      version,
      earlier,
      data,
      flash,
      notes: this.#notes.at(row),
      userId: this.#userIds.at(row),
      createdAt: this.#times.at(row, CREATED),
      lastSeenAt: this.#times.at(row, LAST_SEEN),
      authenticatedAt: Number.isNaN(authenticatedAt) ? undefined : authenticatedAt,
      device,
      expiresAt: this.#times.at(row, EXPIRES),
    };
  }

  isLive(row: Row): boolean {
    return this.#data.at(row) !== undefined;
  }

  /** Whether the live record of that commit stands in a row. */
  isAt(row: Row, version: CommitId): boolean {
    return this.#versions.at(row) === version;
  }

  idOf(row: Row): SessionId | undefined {
    return this.#ids.at(row);
  }

  /** Of a live record. */
  managerOf(row: Row): string | undefined {
    return this.#terms.at(row)?.manager;
  }

  userIdOf(row: Row): string | undefined {
    return this.#userIds.at(row);
  }

  expiresAt(row: Row): EpochMs {
    return this.#times.at(row, EXPIRES);
  }

  bytesOf(row: Row): number {
    const { flash, device } = this.#rest.at(row) ?? NO_REST;
    const data = this.#data.at(row) ?? "";
    const notes = this.#notes.at(row);
    const userId = this.#userIds.at(row);
    return bytesOf({ data, flash, notes, userId, device });
  }

  #putLive(row: Row, record: SessionRecord): void {
    const { earlier, flash, device } = record;
    const isPlain = earlier === "" && flash === "" && device === undefined;
    this.#tombstones.delete(row);
    this.#versions.put(row, record.version);
    this.#data.put(row, record.data);
    this.#notes.put(row, record.notes);
    this.#userIds.put(row, record.userId);
    this.#terms.put(row, this.#sharedTerms.of(record));
    this.#rest.put(row, isPlain ? undefined : { earlier, flash, device });
    this.#times.put(row, CREATED, record.createdAt);
    this.#times.put(row, LAST_SEEN, record.lastSeenAt);
    this.#times.put(row, AUTHENTICATED, record.authenticatedAt ?? Number.NaN);
  }

  #putEnded(row: Row, tombstone: Tombstone): void {
    this.#clear(row);
    this.#tombstones.set(row, Object.freeze({ ...tombstone }));
  }

  // What stood there is not held back from the garbage collector.
  #clear(row: Row): void {
    this.#versions.put(row, undefined);
    this.#data.put(row, undefined);
    this.#notes.put(row, undefined);
    this.#userIds.put(row, undefined);
    this.#terms.put(row, undefined);
    this.#rest.put(row, undefined);
  }
}

/** What V8 takes for a record's texts at most: two bytes for each UTF-16 unit. */
export function bytesOf(
  record: Pick<SessionRecord, "data" | "flash" | "notes" | "userId" | "device">,
): number {
  const { data, flash, notes = "", userId = "", device = "" } = record;
  return 2 * (data.length + flash.length + notes.length + userId.length + device.length);
}
