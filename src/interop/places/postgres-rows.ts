import { OptionsError, StoreError, type StoreOperation } from "../../core/errors.ts";
import type { EpochMs } from "../../core/record.ts";
import type { StoreCall } from "../../core/store.ts";
import { Asker } from "../../stores/postgres/asker.ts";
import {
  type PostgresClient,
  type PostgresJsFactory,
  type PostgresValue,
  recognized,
} from "../../stores/postgres/clients.ts";
import {
  type Row as Cells,
  refuseAborted,
  type Statement,
} from "../../stores/postgres/database.ts";
import { databaseOf } from "../../stores/postgres/database-of.ts";
import { failureOf } from "../../stores/postgres/failure.ts";
import { profileOf } from "../../stores/postgres/profile.ts";
import { type ForeignPlace, NO_END } from "./place.ts";
import { postgresStatements } from "./postgres-statements.ts";
import { sqlProfile } from "./sql-profile.ts";
import type { SqlTable } from "./sql-table.ts";

/**
 * A framework's sessions in a table of PostgreSQL, through any client that `postgresStore` takes. Each
 * operation is one statement, and a transaction of its own.
 *
 * @throws {@link OptionsError} for another client, or a name that is none.
 */
export function postgresRows(
  client: PostgresClient | PostgresJsFactory,
  table: SqlTable,
): ForeignPlace {
  const driver = recognized(client);
  if (driver === undefined) {
    throw new OptionsError(
      "postgresRows(client)",
      "takes a Pool or Client of pg, the sql of postgres (postgres.js), a function that makes one, " +
        "or a PGlite.",
    );
  }
  const statements = postgresStatements(table);
  const asker = new Asker(databaseOf(driver, Math.random), Math.random);
  const ask = async (
    operation: StoreOperation,
    call: StoreCall,
    statement: Statement,
    values: readonly PostgresValue[],
  ): Promise<readonly Cells[]> => {
    try {
      refuseAborted(call.signal);
      return await asker.answer(operation, statement, values, call.signal);
    } catch (error) {
      throw failureOf(operation, error);
    }
  };
  const change = async (...asked: Parameters<typeof ask>): Promise<boolean> =>
    (await ask(...asked)).length > 0;
  return {
    profile: sqlProfile(profileOf(driver.kind)),
    async read(key, call) {
      const values = [table.keyFor(key), call.now];
      const [row] = await ask("load", call, statements.read, values);
      return row && { bytes: Buffer.from(String(row[0]), "hex"), endsAt: Number(row[1]) };
    },
    insert: (key, { bytes, endsAt }, call) =>
      change("create", call, statements.insert, [
        ...[table.keyFor(key), hexOf(bytes), timeOf(endsAt), call.now],
      ]),
    replace: (key, before, { bytes, endsAt }, call) =>
      change("update", call, statements.replace, [
        ...[table.keyFor(key), hexOf(before), call.now, hexOf(bytes), timeOf(endsAt)],
      ]),
    remove: (key, before, call) =>
      before === undefined
        ? change("end", call, statements.remove, [table.keyFor(key), call.now])
        : change("end", call, statements.removeExactly, [
            ...[table.keyFor(key), hexOf(before), call.now],
          ]),
    extend: (key, before, endsAt, call) =>
      change("touch", call, statements.extend, [
        ...[table.keyFor(key), hexOf(before), call.now, timeOf(endsAt)],
      ]),
    async prepare(call) {
      try {
        await ask("prepare", call, statements.read, ["", call.now]);
      } catch (cause) {
        const detail = `the table ${table.table} cannot be read; have the framework make it first`;
        throw new StoreError("prepare", "failed", detail, { cause });
      }
    },
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function timeOf(endsAt: EpochMs | undefined): number {
  return Math.ceil(endsAt ?? NO_END);
}
