import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type {
  Directory,
  EndOutcome,
  Expiry,
  Seen,
  SessionStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
} from "../../core/store.ts";
import { type Missed, missed } from "../../core/store-steps.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import type { Random } from "../../core/waiting.ts";
import { endingValues, liveValues } from "../sql/columns.ts";
import { PostgresAnnouncements } from "./announcements.ts";
import type { Connection } from "./connection.ts";
import type { Row } from "./database.ts";
import { postgresDirectory } from "./directory.ts";
import { postgresExpiry } from "./expiry.ts";
import { Notifier } from "./notifier.ts";
import { ROWS } from "./statements.ts";

/** Sessions in a table. Every operation is one statement, and so one round trip. */
export class PostgresStore implements Required<SessionStore> {
  readonly profile: StoreProfile;
  readonly directory: Directory;
  readonly expiry: Expiry;
  readonly announcements: PostgresAnnouncements;
  readonly #connection: Connection;
  readonly #notifier: Notifier;

  constructor(
    connection: Connection,
    profile: StoreProfile,
    sweepIntervalMs: number,
    random: Random,
  ) {
    this.#connection = connection;
    this.profile = profile;
    this.#notifier = new Notifier(connection, random);
    this.directory = postgresDirectory(connection, this.#notifier);
    this.expiry = postgresExpiry(connection, sweepIntervalMs);
    this.announcements = new PostgresAnnouncements(connection);
  }

  async load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    const [row] = await this.#connection.run("load", call, [id, call.now]);
    return ROWS.stored(row);
  }

  async create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    const values = [...liveValues(record), record.id, call.now];
    const rows = await this.#connection.run("create", call, values);
    return rows.length === 1 ? "created" : "taken";
  }

  async update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const values = [...liveValues(record), record.id, expected, call.now];
    const [row] = await this.#connection.run("update", call, values);
    return missedIn(row) ?? { kind: "updated" };
  }

  async end(
    tombstone: Tombstone,
    expected: CommitId | undefined,
    call: StoreCall,
  ): Promise<EndOutcome> {
    const values = [...endingValues(tombstone), tombstone.id, expected ?? null, call.now];
    const { id } = tombstone;
    try {
      const [row] = await this.#connection.run("end", call, values);
      const miss = missedIn(row);
      if (miss === undefined) this.#notifier.ended([id]);
      return miss ?? { kind: "ended" };
    } catch (error) {
      this.#notifier.failed(id, error);
      throw error;
    }
  }

  async touch(id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    const values = [seen.lastSeenAt, seen.expiresAt, id, call.now];
    const rows = await this.#connection.run("touch", call, values);
    return rows.length === 1;
  }

  async close(): Promise<void> {
    this.#connection.refuseMore();
    await this.#notifier.close();
    await this.announcements.close();
    await this.#connection.close();
  }
}

/** Why a compare-and-set changed nothing, unless it did: a count of writes, then what stands. */
function missedIn(row: Row | undefined): Missed | undefined {
  const [written, ...standing] = row ?? [];
  return Number(written) === 1 ? undefined : missed(ROWS.stored(standing));
}
