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
import type { Connections } from "./connections.ts";
import { mysqlDirectory } from "./directory.ts";
import { mysqlExpiry } from "./expiry.ts";
import { isDuplicate } from "./failure.ts";
import type { Loan } from "./loan.ts";
import type { MysqlValue } from "./pool.ts";
import { bound, bytes, ROWS } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** Sessions in a table. The writing statement checks; a second one only explains a miss. */
export class MysqlStore implements SilentStore {
  readonly profile: StoreProfile;
  readonly directory: Directory;
  readonly expiry: Expiry;
  readonly #connections: Connections;

  constructor(connections: Connections, profile: StoreProfile, intervalMs: number) {
    this.#connections = connections;
    this.profile = profile;
    this.directory = mysqlDirectory(connections);
    this.expiry = mysqlExpiry(connections, intervalMs);
  }

  load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    return this.#connections.run("load", call, (loan, { load }) => find(loan, load, id, call));
  }

  create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    const id = bytes(record.id);
    const values = bound(liveValues(record));
    return this.#connections.run("create", call, async (loan, statements) => {
      const { create, createOverExpired, load } = statements;
      for (;;) {
        if (await isInserted(loan, create, [id, ...values])) return "created";
        const replaced = await loan.write(createOverExpired, [...values, id, call.now]);
        if (replaced > 0) return "created";
        if ((await find(loan, load, record.id, call)) !== undefined) return "taken";
        // What was in the way has been swept meanwhile.
      }
    });
  }

  update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const { id } = record;
    const values = bound([...liveValues(record), id, expected, call.now]);
    return this.#connections.run<UpdateOutcome>("update", call, async (loan, { update, load }) => {
      const updated = await loan.write(update, values);
      return updated > 0 ? { kind: "updated" } : missed(await find(loan, load, id, call));
    });
  }

  end(tombstone: Tombstone, expected: CommitId | undefined, call: StoreCall): Promise<EndOutcome> {
    const { id } = tombstone;
    const values = bound([...endingValues(tombstone), id]);
    return this.#connections.run<EndOutcome>("end", call, async (loan, statements) => {
      const { end, endExpected, load } = statements;
      const ended =
        expected === undefined
          ? await loan.write(end, [...values, call.now])
          : await loan.write(endExpected, [...values, bytes(expected), call.now]);
      return ended > 0 ? { kind: "ended" } : missed(await find(loan, load, id, call));
    });
  }

  touch(id: SessionId, { lastSeenAt, expiresAt }: Seen, call: StoreCall): Promise<boolean> {
    const where = [bytes(id), call.now];
    return this.#connections.run("touch", call, async (loan, { touch, isLive }) => {
      if ((await loan.write(touch, [lastSeenAt, expiresAt, ...where])) > 0) return true;
      // A row that stays as it was may count as not written.
      return (await loan.rows(isLive, where)).length > 0;
    });
  }

  async close(): Promise<void> {
    this.#connections.close();
  }
}

async function find(
  loan: Loan,
  load: Sql,
  id: SessionId,
  { now }: StoreCall,
): Promise<StoredSession | undefined> {
  const [row] = await loan.current(load, [bytes(id), now]);
  return ROWS.stored(row);
}

async function isInserted(
  loan: Loan,
  create: Sql,
  values: readonly MysqlValue[],
): Promise<boolean> {
  try {
    await loan.write(create, values);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}
