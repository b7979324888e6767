import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { createClient } from "redis";
import { afterAll, describe, expect, it } from "vitest";
import { vectorsOf } from "../interop/support/vectors.ts";
import { startMariadb } from "../support/servers/mariadb.ts";
import { startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import { sojournHere as sojourn } from "./support/command.ts";

const SECRET = "golden-django-secret-é";
const NOW = ["--now", "2026-01-01T00:00:00Z"];
const LIVE = "2026-02-01 00:00:00";
const GONE = "2025-02-01 00:00:00";

interface Django {
  readonly session_data: readonly { readonly wire?: string }[];
}

/** What Django wrote, and below it what nobody did: two records that are no sessions. */
const [DATA = ""] = vectorsOf<Django>("django").flatMap(({ session_data = [] }) =>
  session_data.flatMap(({ wire }) => wire ?? []),
);

const folder = mkdtempSync(join(tmpdir(), "sojourn-adopt-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** 1,200 rows, so that there are several pages: one of them has ended, two are of no session. */
const ROWS: readonly (readonly [key: string, data: string, expiry: string])[] = Array.from(
  { length: 1_200 },
  (_, at) => [
    `key${String(at).padStart(29, "0")}`,
    at === 7 ? "garbage" : at === 8 ? `A${DATA.slice(1)}` : DATA,
    at === 9 ? GONE : LIVE,
  ],
);

const SUMMARY = {
  total: 1_200,
  coming: 1_197,
  kinds: { "Django session_data": 1_197 },
  refusals: {
    "in no format that is known": 1,
    "signed with another secret, or changed": 1,
    expired: 1,
  },
};

async function checked(...args: string[]): Promise<unknown> {
  const env = { SOJOURN_KEY: SECRET };
  const { stdout, stderr, code } = await sojourn(["adopt-check", "--json", ...NOW, ...args], {
    env,
  });
  expect({ stderr, code }).toEqual({ stderr: "", code: 1 });
  return JSON.parse(stdout);
}

describe("sojourn adopt-check", { timeout: 120_000 }, () => {
  it("reads Django's table in SQLite", async () => {
    const path = join(folder, "db.sqlite3");
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE django_session (session_key, session_data, expire_date)");
    const insert = database.prepare("INSERT INTO django_session VALUES (?, ?, ?)");
    database.exec("BEGIN");
    for (const row of ROWS) insert.run(...row);
    database.exec("COMMIT");
    database.close();
    expect(await checked("--sqlite", path)).toMatchObject(SUMMARY);
  });

  it("reads Django's table in PostgreSQL", async () => {
    const { server, url } = await startPostgres();
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.query(
        "CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text, expire_date timestamptz)",
      );
      const columns = [0, 1, 2].map((at) => ROWS.map((row) => row[at]));
      await client.query("SET timezone = 'UTC'");
      await client.query(
        "INSERT INTO django_session SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])",
        columns,
      );
      expect(await checked("--postgres", url)).toMatchObject(SUMMARY);
    } finally {
      await client.end();
      await server.stop();
    }
  });

  it("reads Django's table in MariaDB, by an address of the environment", async () => {
    const server = await startMariadb();
    const url = `mysql://root@127.0.0.1:${server.port}/shop`;
    const connection = await createConnection(url);
    try {
      await connection.query(
        "CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data longtext, expire_date datetime(6))",
      );
      await connection.query("INSERT INTO django_session VALUES ?", [ROWS]);
      const env = { SOJOURN_KEY: SECRET, DATABASE: url };
      const args = ["adopt-check", "--json", ...NOW, "--mysql", "env:DATABASE"];
      const { stdout } = await sojourn(args, { env });
      expect(JSON.parse(stdout)).toMatchObject(SUMMARY);
    } finally {
      await connection.end();
      await server.stop();
    }
  });

  it("reads Flask-Session's records in Redis, and names what JSON lacks by its key path", async () => {
    const server = await startRedis();
    const url = `redis://127.0.0.1:${server.port}`;
    const client = await createClient({ url }).connect();
    try {
      const forged = await sojourn([
        "forge",
        "pickle",
        '{"user_id": 1, "cart": [{"price": {"$decimal": "9.90"}}]}',
      ]);
      const pickle = Buffer.from(forged.stdout, "base64");
      const writes = Array.from({ length: 1_100 }, (_, at) => client.set(`session:${at}`, pickle));
      await Promise.all(writes);
      await client.set("session:odd", "\u0001\u0002");
      await client.set("other:1", "not ours");
      await client.hSet("session:hash", "a", "b");
      const before = await client.info("commandstats");
      expect(await checked("--redis", url)).toMatchObject({
        total: 1_101,
        coming: 1_100,
        signedIn: 1_100,
        tagged: 1_100,
        kinds: { "pickle, protocol 4": 1_100 },
        beyondJson: { "cart[].price  decimal": 1_100 },
      });
      const commands = (await client.info("commandstats")).match(/(?<=cmdstat_)[\w|]+/g) ?? [];
      const added = commands.filter((name) => !before.includes(`cmdstat_${name}:`));
      expect(added.filter((name) => !/^(?:scan|mget|hello|client|info)/.test(name))).toEqual([]);
      const text = await sojourn(["adopt-check", "--redis", url]);
      expect(text.stdout).toContain("  1100  cart[].price  decimal");
      expect(text.stdout).not.toContain("9.90");
    } finally {
      client.destroy();
      await server.stop();
    }
  });

  it("reads the files of Django and of cachelib in a folder", async () => {
    const path = join(folder, "files");
    mkdirSync(path);
    writeFileSync(join(path, "sessionidabc"), DATA);
    const pickle = Buffer.from((await sojourn(["forge", "pickle", "{}"])).stdout, "base64");
    writeFileSync(
      join(path, "d41d8cd98f00b204e9800998ecf8427e"),
      Buffer.concat([Buffer.alloc(4), pickle]),
    );
    writeFileSync(
      join(path, "2029240f6d1128be89ddc32729463129"),
      Buffer.concat([Buffer.alloc(4), pickle]),
    );
    const run = await sojourn(["adopt-check", "--folder", path]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toMatch(/^2 sessions, 2 of them would come over\n✓ all would come over\n/);
  });
});
