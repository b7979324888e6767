import { once } from "node:events";
import { writeSync } from "node:fs";
import type { SessionRecord } from "../../../src/core/record.ts";
import type { SessionStore } from "../../../src/core/store.ts";
import type { SessionId } from "../../../src/core/token.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { recordAt, successorOf } from "../../../src/testing/store/fixtures.ts";
import { lock } from "./databases.ts";

const PARALLEL_WRITERS = 8;

const call = { now: Date.now(), signal: new AbortController().signal };

/** Adds one to the count in a record, as often as it is told. */
async function count(store: SessionStore, id: SessionId, times: number): Promise<void> {
  let current = await store.load(id, call);
  for (let added = 0; added < times; ) {
    if (current?.kind !== "live") throw new Error("the record is gone");
    const data = String(Number(current.data) + 1);
    const next: SessionRecord = successorOf(current, { data });
    const outcome = await store.update(next, current.version, call);
    if (outcome.kind === "updated") added += 1;
    current = outcome.kind === "conflict" ? outcome.current : next;
  }
}

/** Creates and updates without end, and says each write once it is acknowledged. */
async function write(store: SessionStore): Promise<void> {
  await Promise.all(
    Array.from({ length: PARALLEL_WRITERS }, async () => {
      for (;;) {
        const first = recordAt(call.now, { manager: "shop", data: "x".repeat(1_000) });
        await store.create(first, call);
        writeSync(1, `${first.id} ${first.version}\n`);
        const second = successorOf(first);
        await store.update(second, first.version, call);
        writeSync(1, `${second.id} ${second.version}\n`);
      }
    }),
  );
}

/** Keeps the write lock until it is told to let it go, and says when it has it. */
async function hold(path: string): Promise<void> {
  const release = lock(path);
  process.send?.("locked");
  await once(process, "message");
  release();
}

const [, , task = "", path = "", ...rest] = process.argv;
const store = sqliteStore(path);
switch (task) {
  case "count":
    await count(store, rest[0] as SessionId, Number(rest[1]));
    break;
  case "create":
    process.send?.(await store.create(recordAt(call.now, { manager: "shop" }), call));
    break;
  case "write":
    await write(store);
    break;
  case "hold":
    await hold(path);
    break;
  default:
    throw new Error(`no such task: ${task}`);
}
await store.close();
process.disconnect?.();
