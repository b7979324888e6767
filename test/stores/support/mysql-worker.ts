import { createPool } from "mysql2/promise";
import type { SessionStore } from "../../../src/core/store.ts";
import type { SessionId } from "../../../src/core/token.ts";
import { mysqlStore } from "../../../src/stores/mysql/index.ts";
import { recordAt, successorOf } from "../../../src/testing/store/fixtures.ts";
import { mariadbAddress } from "../../support/servers/mariadb.ts";

const call = { now: Date.now(), signal: new AbortController().signal };

/** Adds one to the count in a record, as often as it is told. */
async function count(store: SessionStore, id: SessionId, times: number): Promise<void> {
  let current = await store.load(id, call);
  for (let added = 0; added < times; ) {
    if (current?.kind !== "live") throw new Error("the record is gone");
    const next = successorOf(current, { data: String(Number(current.data) + 1) });
    const outcome = await store.update(next, current.version, call);
    if (outcome.kind === "updated") added += 1;
    current = outcome.kind === "conflict" ? outcome.current : next;
  }
}

const [, , task = "", port = "", table = "", ...rest] = process.argv;
const pool = createPool(mariadbAddress({ port: Number(port), folder: "" }));
const store = mysqlStore(pool, { table });
switch (task) {
  case "count":
    await count(store, rest[0] as SessionId, Number(rest[1]));
    break;
  case "create":
    process.send?.(await store.create(recordAt(call.now, { manager: "shop" }), call));
    break;
  default:
    throw new Error(`no such task: ${task}`);
}
await pool.end();
process.disconnect?.();
