import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqlRows } from "../../../src/interop/places/sql-rows.ts";
import { call, describePlace } from "./suite.ts";
import { DJANGO, djangoKey, FLASK, TEXT } from "./tables.ts";

// As the frameworks' own migrations make them.
const TABLES = `
CREATE TABLE "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY,
  "session_data" text NOT NULL, "expire_date" datetime NOT NULL);
CREATE TABLE sessions (id INTEGER NOT NULL, session_id VARCHAR(255), data BLOB, expiry DATETIME,
  PRIMARY KEY (id), UNIQUE (session_id));`;

let folder = "";
let file = "";
let node: DatabaseSync;
let better: Database.Database;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-rows-"));
  file = join(folder, "db.sqlite3");
  node = new DatabaseSync(file);
  node.exec(TABLES);
  better = new Database(file);
});
afterAll(async () => {
  node.close();
  better.close();
  await rm(folder, { recursive: true });
});

const django = { bytes: TEXT, newKey: djangoKey, answersAtOnce: true };
const flask = { answersAtOnce: true };
describePlace("Django's table in SQLite, by path", () => sqlRows(file, DJANGO), django);
describePlace("Django's table in SQLite, by node:sqlite", () => sqlRows(node, DJANGO), django);
describePlace("Flask's table in SQLite, by path", () => sqlRows(file, FLASK), flask);
describePlace("Flask's table in SQLite, by better-sqlite3", () => sqlRows(better, FLASK), flask);

describe("sessions of another framework in SQLite", () => {
  const NOW = Date.UTC(2026, 0, 31, 9, 8, 7, 60);

  it("leaves a row as Python would", async () => {
    const row = { bytes: Buffer.from("text"), endsAt: NOW + 1_000 };
    await sqlRows(node, DJANGO).insert("plain", row, call(NOW));
    const stored = node.prepare("SELECT * FROM django_session WHERE session_key = 'plain'").get();
    expect({ ...stored }).toEqual({
      session_key: "plain",
      session_data: "text",
      expire_date: "2026-01-31 09:08:08.060000",
    });
  });

  it("reads a time without a fraction, and none that is no time", async () => {
    const insert = node.prepare("INSERT INTO django_session VALUES (?, 'text', ?)");
    insert.run("whole", "2026-01-31 09:08:08");
    insert.run("odd", "tomorrow");
    const rows = sqlRows(node, DJANGO);
    expect((await rows.read("whole", call(NOW)))?.endsAt).toBe(NOW + 940);
    expect(await rows.read("odd", call(NOW))).toBeUndefined();
  });

  it("takes what has expired for absent, and puts another in its place", async () => {
    const rows = sqlRows(node, DJANGO);
    const bytes = Buffer.from("old");
    await rows.insert("expired", { bytes, endsAt: NOW }, call(NOW - 1));
    expect(await rows.read("expired", call(NOW))).toBeUndefined();
    expect(await rows.replace("expired", bytes, { bytes, endsAt: NOW + 5 }, call(NOW))).toBe(false);
    expect(await rows.extend?.("expired", bytes, NOW + 5, call(NOW))).toBe(false);
    expect(await rows.remove("expired", undefined, call(NOW))).toBe(false);
    const after = { bytes: Buffer.from("new"), endsAt: NOW + 5 };
    expect(await rows.insert("expired", after, call(NOW))).toBe(true);
    expect((await rows.read("expired", call(NOW)))?.endsAt).toBe(NOW + 5);
  });

  it("leaves the journal as the framework has it", async () => {
    await sqlRows(file, DJANGO).read("nobody", call());
    expect({ ...node.prepare("PRAGMA journal_mode").get() }).toEqual({ journal_mode: "delete" });
  });

  it("makes no file where there is none", async () => {
    const rows = sqlRows(join(folder, "other.sqlite3"), DJANGO);
    await expect(rows.read("nobody", call())).rejects.toThrow(/have the framework make it/);
  });

  it("waits until the signal for a lock, or a transaction of the application's", async () => {
    node.exec("BEGIN IMMEDIATE");
    const soon = { now: NOW, signal: AbortSignal.timeout(50) };
    const row = { bytes: Buffer.from("x"), endsAt: NOW };
    await expect(sqlRows(file, DJANGO).insert("locked", row, soon)).rejects.toThrow(/locked/);
    const later = { now: NOW, signal: AbortSignal.timeout(50) };
    await expect(sqlRows(node, DJANGO).insert("locked", row, later)).rejects.toThrow(/transaction/);
    node.exec("ROLLBACK");
    expect(await sqlRows(file, DJANGO).insert("locked", row, call(NOW))).toBe(true);
  });

  it("refuses what is no name and no database", () => {
    expect(() => sqlRows(node, { ...DJANGO, table: "a.b.c" })).toThrow(/name of a table/);
    expect(() => sqlRows(node, { ...DJANGO, table: "what?" })).toThrow(/name of a table/);
    expect(() => sqlRows({} as DatabaseSync, DJANGO)).toThrow(/sqliteStore/);
  });

  it("finds nothing by a name that would end the quotes", async () => {
    const rows = sqlRows(node, { ...DJANGO, table: 'django_session"; DROP TABLE sessions; --' });
    await expect(rows.read("x", call())).rejects.toThrow();
    expect(node.prepare("SELECT count(*) AS n FROM sessions").get()).toBeDefined();
  });
});
