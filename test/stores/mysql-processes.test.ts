import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createPool, type Pool } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mysqlStore } from "../../src/stores/mysql/index.ts";
import { recordAt } from "../../src/testing/store/fixtures.ts";
import { mariadbAddress, startMariadb } from "../support/servers/mariadb.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import { freshTable } from "./support/mysql.ts";
import { exitOf } from "./support/workers.ts";

const WORKER = fileURLToPath(new URL("./support/mysql-worker.ts", import.meta.url));
const manager = "shop";
const call = { now: Date.now(), signal: new AbortController().signal };

let server: TestServer;
let pool: Pool;
beforeAll(async () => {
  server = await startMariadb();
  pool = createPool(mariadbAddress(server));
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

function work(task: string, table: string, ...rest: readonly string[]): ChildProcess {
  return fork(WORKER, [task, String(server.port), table, ...rest], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

describe("several processes on one MySQL database", () => {
  it("create its tables at the same moment", async () => {
    const table = freshTable();
    const workers = Array.from({ length: 4 }, () => work("create", table));
    const exits = Promise.all(workers.map(exitOf));
    const messages = await Promise.all(workers.map((worker) => once(worker, "message")));
    expect(await exits).toEqual([0, 0, 0, 0]);
    expect(messages).toEqual(Array(4).fill(["created", undefined]));
    expect(await mysqlStore(pool, { table }).directory.count(manager, call)).toBe(4);
  });

  it("lose no increment of one record", async () => {
    const table = freshTable();
    const store = mysqlStore(pool, { table });
    const record = recordAt(call.now, { manager, data: "0" });
    await store.create(record, call);
    const workers = Array.from({ length: 2 }, () => work("count", table, record.id, "200"));
    expect(await Promise.all(workers.map(exitOf))).toEqual([0, 0]);
    expect(await store.load(record.id, call)).toMatchObject({ data: "400" });
  });
});
