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
import type { CommitId, SessionId } from "../../core/token.ts";
import type { Connections } from "./connections.ts";
import { mysqlDirectory } from "./directory.ts";
import { mysqlExpiry } from "./expiry.ts";
import { isDuplicate } from "./failure.ts";
import type { Loan } from "./loan.ts";
import type { MysqlValue } from "./pool.ts";
import { bytes, endedValues, liveValues, storedOf } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** Sessions in a table. The writing statement checks; a second one only explains a miss. */
export class MysqlStore implements SilentStore {
  readonly profile: StoreProfile;
  readonly directory: Directory;
  readonly expiry: Expiry;
  readonly #connections: Connections;
  readonly #statements: Statements;

  constructor(
    connections: Connections,
    statements: Statements,
    { profile, intervalMs }: { readonly profile: StoreProfile; readonly intervalMs: number },
  ) {
    this.#connections = connections;
    this.#statements = statements;
    this.profile = profile;
    this.directory = mysqlDirectory(connections, statements);
    this.expiry = mysqlExpiry(connections, statements, intervalMs);
  }

  load(id: SessionId, call: StoreCall): Promise<StoredSession | undefined> {
    return this.#connections.run("load", call, (loan) => this.#find(loan, id, call));
  }

  create(record: SessionRecord, call: StoreCall): Promise<"created" | "taken"> {
    const id = bytes(record.id);
    const values = liveValues(record);
    return this.#connections.run("create", call, async (loan) => {
      for (;;) {
        if (await this.#inserted(loan, [id, ...values])) return "created";
        const { createOverExpired } = this.#statements;
        const replaced = await loan.write(createOverExpired, [...values, id, call.now]);
        if (replaced > 0) return "created";
        if ((await this.#find(loan, record.id, call)) !== undefined) return "taken";
        // What was in the way has been swept meanwhile.
      }
    });
  }

  update(record: SessionRecord, expected: CommitId, call: StoreCall): Promise<UpdateOutcome> {
    const { id } = record;
    const values = [...liveValues(record), bytes(id), bytes(expected), call.now];
    return this.#connections.run<UpdateOutcome>("update", call, async (loan) => {
      const updated = await loan.write(this.#statements.update, values);
      return updated > 0 ? { kind: "updated" } : this.#missed(loan, id, call);
    });
  }

  end(tombstone: Tombstone, expected: CommitId | undefined, call: StoreCall): Promise<EndOutcome> {
    const { id } = tombstone;
    const values = [...endedValues(tombstone), bytes(id)];
    return this.#connections.run<EndOutcome>("end", call, async (loan) => {
      const ended =
        expected === undefined
          ? await loan.write(this.#statements.end, [...values, call.now])
          : await loan.write(this.#statements.endExpected, [...values, bytes(expected), call.now]);
      return ended > 0 ? { kind: "ended" } : this.#missed(loan, id, call);
    });
  }

  touch(id: SessionId, { lastSeenAt, expiresAt }: Seen, call: StoreCall): Promise<boolean> {
    const { touch, isLive } = this.#statements;
    const where = [bytes(id), call.now];
    return this.#connections.run("touch", call, async (loan) => {
      if ((await loan.write(touch, [lastSeenAt, expiresAt, ...where])) > 0) return true;
      // A row that stays as it was may count as not written.
      return (await loan.rows(isLive, where)).length > 0;
    });
  }

  async close(): Promise<void> {
    this.#connections.close();
  }

  async #find(loan: Loan, id: SessionId, { now }: StoreCall): Promise<StoredSession | undefined> {
    const [row] = await loan.rows(this.#statements.load, [bytes(id), now]);
    return storedOf(row);
  }

  async #inserted(loan: Loan, values: readonly MysqlValue[]): Promise<boolean> {
    try {
      await loan.write(this.#statements.create, values);
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** Why a compare-and-set changed nothing. */
  async #missed(
    loan: Loan,
    id: SessionId,
    call: StoreCall,
  ): Promise<Exclude<UpdateOutcome, { readonly kind: "updated" }>> {
    const current = await this.#find(loan, id, call);
    if (current?.kind === "live") return { kind: "conflict", current };
    return { kind: "gone", tombstone: current };
  }
}
