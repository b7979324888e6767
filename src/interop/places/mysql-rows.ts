import type { EpochMs } from "../../core/record.ts";
import type { StoreProfile } from "../../core/store.ts";
import { Connections } from "../../stores/mysql/connections.ts";
import { isDuplicate } from "../../stores/mysql/failure.ts";
import type { Loan } from "../../stores/mysql/loan.ts";
import type { MysqlPool, MysqlValue } from "../../stores/mysql/pool.ts";
import { isTelling, placeOf } from "../../stores/mysql/preparation.ts";
import { promisePool } from "../../stores/mysql/promise-pool.ts";
import type { Sql } from "../../stores/mysql/sql.ts";
import { quoted, tableOf } from "../../stores/mysql/table.ts";
import type { Row } from "../foreign/foreign-sessions.ts";
import { type MysqlStatements, mysqlStatements } from "./mysql-statements.ts";
import { type ForeignPlace, NO_END } from "./place.ts";
import { sqlProfile } from "./sql-profile.ts";
import { type SqlTable, sqlNames } from "./sql-table.ts";

/**
 * A framework's sessions in a table of MySQL or MariaDB, through a pool that `mysqlStore` takes. Each
 * operation is one statement; only an `insert` that meets a row is two.
 *
 * @throws {@link OptionsError} for another client, or a name that is none.
 */
export function mysqlRows(pool: MysqlPool, table: SqlTable): ForeignPlace {
  sqlNames(table, quoted);
  const prepare = async (loan: Loan): Promise<MysqlStatements> => {
    const { database, name } = await placeOf(tableOf(table.table), loan);
    const whole = `${quoted(database ?? "")}.${quoted(name)}`;
    return mysqlStatements(table, whole, await isTelling(loan));
  };
  const connections = new Connections(promisePool(pool), prepare, Math.random);
  const keyOf = (key: string): MysqlValue[] => {
    const bytes = Buffer.from(table.keyFor(key));
    return [bytes, bytes];
  };
  return {
    profile: PROFILE,
    read: (key, call) =>
      connections.run("load", call, (loan, { read }) =>
        found(loan, read, [...keyOf(key), micros(call.now)]),
      ),
    insert: (key, row, call) =>
      connections.run("create", call, async (loan, { insert, insertOverExpired }) => {
        const [name = null] = keyOf(key);
        const values = valuesOf(row);
        if (await isInserted(loan, insert, [name, ...values])) return true;
        const place = [...keyOf(key), micros(call.now)];
        return (await loan.write(insertOverExpired, [...values, ...place])) > 0;
      }),
    replace: (key, before, row, call) =>
      connections.run("update", call, async (loan, { replace, read }) => {
        const place = [...keyOf(key), micros(call.now)];
        const written = await loan.write(replace, [...valuesOf(row), ...place, bufferOf(before)]);
        if (written > 0) return true;
        const isSame = bufferOf(before).equals(row.bytes);
        return isSame && (await isStanding(loan, read, place, before));
      }),
    remove: (key, before, call) =>
      connections.run("end", call, async (loan, { remove, removeExactly }) => {
        const place = [...keyOf(key), micros(call.now)];
        const removed =
          before === undefined
            ? await loan.write(remove, place)
            : await loan.write(removeExactly, [...place, bufferOf(before)]);
        return removed > 0;
      }),
    extend: (key, before, endsAt, call) =>
      connections.run("touch", call, async (loan, { extend, read }) => {
        const place = [...keyOf(key), micros(call.now)];
        const values = [micros(endsAt), ...place, bufferOf(before)];
        return (await loan.write(extend, values)) > 0 || isStanding(loan, read, place, before);
      }),
    async prepare(call) {
      await connections.run("prepare", call, (loan, { read }) =>
        loan.current(read, [...keyOf(""), micros(call.now)]),
      );
    },
  };
}

async function isInserted(
  loan: Loan,
  insert: Sql,
  values: readonly MysqlValue[],
): Promise<boolean> {
  try {
    await loan.write(insert, values);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

/** A pool may count only rows that a statement has changed: this one may have been so before. */
async function isStanding(
  loan: Loan,
  read: Sql,
  place: readonly MysqlValue[],
  bytes: Uint8Array,
): Promise<boolean> {
  const row = await found(loan, read, place);
  return row !== undefined && bufferOf(bytes).equals(row.bytes);
}

async function found(
  loan: Loan,
  read: Sql,
  place: readonly MysqlValue[],
): Promise<Row | undefined> {
  const [row] = await loan.current(read, place);
  const { bytes, ends } = Object(row) as { readonly bytes: unknown; readonly ends: unknown };
  if (bytes === null || ends === null) return undefined;
  return { bytes: Buffer.from(String(bytes), "hex"), endsAt: Math.floor(Number(ends) / 1_000) };
}

function valuesOf({ bytes, endsAt }: Row): MysqlValue[] {
  return [bufferOf(bytes), micros(endsAt)];
}

function micros(ms: EpochMs | undefined): number {
  return Math.ceil(ms ?? NO_END) * 1_000;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const PROFILE: StoreProfile = sqlProfile({
  scope: "network",
  durability: "power-loss",
  readYourWrites: "always",
  eviction: "never",
  caveats: [
    "An acknowledged write outlives a power loss where innodb_flush_log_at_trx_commit is 1, the " +
      "server's default; with 0 or 2 the last second may be lost, an end among it.",
    "A replica that takes over may lack the last writes, unless replication is semi-synchronous " +
      "or the servers are a cluster.",
    "The pool must lead to one writable server: reads from a replica, or from another node of a " +
      "cluster that does not wait for it, may be late.",
    "On MySQL, unlike MariaDB, a read on a connection that the application released in the middle " +
      "of a transaction may show the past, until a write comes that way; a pool of its own has none " +
      "such.",
  ],
});
