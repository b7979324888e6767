import type { SessionRecord, StoredSession, Tombstone } from "../../core/record.ts";
import type {
  Directory,
  EndOutcome,
  Expiry,
  Seen,
  SilentStore,
  StoreCall,
  StoreProfile,
  UpdateOutcome,
} from "../../core/store.ts";
import { missed } from "../../core/store-steps.ts";
import type { CommitId, SessionId } from "../../core/token.ts";
import { endingValues, liveValues } from "../sql/columns.ts";
import type { Connection } from "./connection.ts";
import { sqliteDirectory } from "./directory.ts";
import { sqliteExpiry } from "./expiry.ts";
import { ROWS, type Statements } from "./statements.ts";

/** Sessions in a table. The writing statement checks; a second one only explains a miss. */
export class SqliteStore implements SilentStore {
  readonly profile: StoreProfile;
  readonly directory: Directory;
  readonly expiry: Expiry;
  readonly #connection: Connection;

  constructor(connection: Connection, profile: StoreProfile, sweepIntervalMs: number) {
    this.#connection = connection;
    this.profile = profile;
    this.directory = sqliteDirectory(connection);
    this.expiry = sqliteExpiry(connection, sweepIntervalMs);
  }

  load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    return this.#connection.run("load", call, (statements) => find(statements, id, call));
  }

  create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    return this.#connection.run("create", call, ({ create }) => {
      const { changes } = create.run(record.id, ...liveValues(record), call.now);
      return Number(changes) === 1 ? "created" : "taken";
    });
  }

  update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const { id } = record;
    return this.#connection.run<UpdateOutcome>("update", call, (statements) => {
      const { changes } = statements.update.run(...liveValues(record), id, expected, call.now);
      return Number(changes) === 1 ? { kind: "updated" } : missed(find(statements, id, call));
    });
  }

  end(tombstone: Tombstone, expected: CommitId | undefined, call: StoreCall): Promise<EndOutcome> {
    const { id } = tombstone;
    const values = endingValues(tombstone);
    return this.#connection.run<EndOutcome>("end", call, (statements) => {
      const { changes } =
        expected === undefined
          ? statements.end.run(...values, id, call.now)
          : statements.endExpected.run(...values, id, expected, call.now);
      return Number(changes) === 1 ? { kind: "ended" } : missed(find(statements, id, call));
    });
  }

  touch(id: SessionId, seen: Seen, call: StoreCall): Promise<boolean> {
    return this.#connection.run("touch", call, ({ touch }) => {
      const { changes } = touch.run(seen.lastSeenAt, seen.expiresAt, id, call.now);
      return Number(changes) === 1;
    });
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}

function find({ load }: Statements, id: SessionId, { now }: StoreCall): StoredSession | undefined {
  return ROWS.stored(load.get(id, now));
}
