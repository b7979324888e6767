import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { OptionsError } from "../../core/errors.ts";
import type { EpochMs } from "../../core/record.ts";
import type { StoreProfile } from "../../core/store.ts";
import { Connection } from "../../stores/sqlite/connection.ts";
import type { SqliteDatabase, SqliteStatement } from "../../stores/sqlite/database.ts";
import { SqliteStoreProblem } from "../../stores/sqlite/failure.ts";
import { importDriver, passedSource, type Source } from "../../stores/sqlite/source.ts";
import { type ForeignPlace, NO_END } from "./place.ts";
import { pythonTime, pythonTimeIn } from "./python-time.ts";
import { sqlProfile } from "./sql-profile.ts";
import { type SqlTable, sqlNames, standardQuoted } from "./sql-table.ts";

/**
 * A framework's sessions in a table of SQLite: its file, which must be there, or an open database of
 * `node:sqlite` or `better-sqlite3`. The file's settings stay as the framework made them.
 *
 * @throws {@link OptionsError} for anything else, or a name that is none.
 */
export function sqliteRows(pathOrDatabase: string | SqliteDatabase, table: SqlTable): ForeignPlace {
  const source = sourceOf(pathOrDatabase);
  const prepare = preparation(table);
  const connection = new Connection(source, prepare, Math.random);
  return {
    profile: PROFILE,
    read: (key, call) =>
      connection.run("load", call, ({ read }) =>
        rowIn(read.get(table.keyFor(key), textOf(call.now))),
      ),
    insert: (key, { bytes, endsAt }, call) =>
      connection.run("create", call, ({ insert }) =>
        isDone(insert.run(table.keyFor(key), bufferOf(bytes), textOf(endsAt), textOf(call.now))),
      ),
    replace: (key, before, { bytes, endsAt }, call) =>
      connection.run("update", call, ({ replace }) =>
        isDone(
          replace.run(
            ...[bufferOf(bytes), textOf(endsAt), table.keyFor(key)],
            ...[textOf(call.now), bufferOf(before)],
          ),
        ),
      ),
    remove: (key, before, call) =>
      connection.run("end", call, ({ remove, removeExactly }) => {
        const found = [table.keyFor(key), textOf(call.now)];
        return isDone(
          before === undefined
            ? remove.run(...found)
            : removeExactly.run(...found, bufferOf(before)),
        );
      }),
    extend: (key, before, endsAt, call) =>
      connection.run("touch", call, ({ extend }) =>
        isDone(extend.run(textOf(endsAt), table.keyFor(key), textOf(call.now), bufferOf(before))),
      ),
    async prepare(call) {
      await connection.run("prepare", call, ({ read }) => read.get("", textOf(call.now)));
    },
  };
}

interface Statements {
  readonly read: SqliteStatement;
  readonly insert: SqliteStatement;
  readonly replace: SqliteStatement;
  readonly remove: SqliteStatement;
  readonly removeExactly: SqliteStatement;
  readonly extend: SqliteStatement;
}

/** Times are texts here, whose order is that of the times; with or without a fraction. */
function preparation(place: SqlTable): (database: SqliteDatabase) => Statements {
  const { table, key, data, expiry } = sqlNames(place, standardQuoted);
  const given = place.data.holds === "text" ? "CAST(? AS TEXT)" : "?";
  const bytes = `CAST(${data} AS BLOB)`;
  const isThere = `${key} = ? COLLATE BINARY AND ${expiry} > ?`;
  const isExactly = `${isThere} AND ${bytes} = ?`;
  return (database) => ({
    read: database.prepare(
      `SELECT ${bytes} AS bytes, ${expiry} AS ends FROM ${table} WHERE ${isThere}`,
    ),
    insert: database.prepare(
      `INSERT INTO ${table} (${key}, ${data}, ${expiry}) VALUES (?, ${given}, ?) ` +
        `ON CONFLICT (${key}) DO UPDATE SET ${data} = excluded.${data}, ` +
        `${expiry} = excluded.${expiry} WHERE ${expiry} IS NULL OR ${expiry} <= ?`,
    ),
    replace: database.prepare(
      `UPDATE ${table} SET ${data} = ${given}, ${expiry} = ? WHERE ${isExactly}`,
    ),
    remove: database.prepare(`DELETE FROM ${table} WHERE ${isThere}`),
    removeExactly: database.prepare(`DELETE FROM ${table} WHERE ${isExactly}`),
    extend: database.prepare(`UPDATE ${table} SET ${expiry} = ? WHERE ${isExactly}`),
  });
}

function rowIn(found: unknown): { bytes: Uint8Array; endsAt: EpochMs } | undefined {
  if (found === undefined || found === null) return undefined;
  const { bytes, ends } = found as { readonly bytes: Uint8Array | null; readonly ends: unknown };
  const endsAt = pythonTimeIn(String(ends));
  // NULL, or a time that Python would not read either.
  return bytes === null || endsAt === undefined ? undefined : { bytes, endsAt };
}

function isDone({ changes }: { readonly changes: number | bigint }): boolean {
  return Number(changes) > 0;
}

function textOf(ms: EpochMs | undefined): string {
  return pythonTime(ms ?? NO_END);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sourceOf(pathOrDatabase: string | SqliteDatabase): Source {
  if (typeof pathOrDatabase === "string") return foreignFile(resolve(pathOrDatabase));
  const isDatabase = ["prepare", "exec"].every(
    (name) => typeof Reflect.get(Object(pathOrDatabase), name) === "function",
  );
  if (isDatabase) return passedSource(pathOrDatabase);
  throw new OptionsError(
    "sqliteRows(pathOrDatabase)",
    "takes a path, a DatabaseSync of node:sqlite, or a Database of better-sqlite3.",
  );
}

/** A file that somebody else has made: no journal mode is set that they would not know of. */
function foreignFile(path: string): Source {
  let Driver: typeof DatabaseSync | undefined;
  let opened: DatabaseSync | undefined;
  return {
    async prepare() {
      Driver ??= await importDriver();
    },
    open() {
      if (Driver === undefined) throw new TypeError("prepare() first");
      if (opened === undefined && !existsSync(path)) {
        throw new SqliteStoreProblem(`there is no ${path}; have the framework make it first`);
      }
      opened ??= new Driver(path);
      return opened;
    },
    isFree: () => true,
    withoutWaiting: (work) => work(),
    close: () => opened?.close(),
  };
}

const PROFILE: StoreProfile = sqlProfile({
  scope: "host",
  durability: "crash",
  readYourWrites: "always",
  eviction: "never",
  caveats: [
    "The database's journal_mode and synchronous are the framework's: they decide what outlives a " +
      "loss of power.",
    "Without a write-ahead log a reader there keeps writers here waiting, until the deadline.",
  ],
});
