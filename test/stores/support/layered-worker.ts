import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import type { SessionId } from "../../../src/core/token.ts";
import { layered } from "../../../src/stores/layered/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { postgresStore } from "../../../src/stores/postgres/index.ts";

/** Reads a session again and again, and tells when it is there, and when it has ended. */
const [, , url = "", table = "", maxStaleness = ""] = process.argv;
const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 5_000 });
pool.on("error", () => undefined);
const origin = postgresStore(pool, { table });
let loads = 0;
const store = layered(
  memoryStore(),
  {
    ...origin,
    load: (id, call) => {
      loads += 1;
      return origin.load(id, call);
    },
    create: origin.create.bind(origin),
    update: origin.update.bind(origin),
    end: origin.end.bind(origin),
  },
  { maxStaleness: Number(maxStaleness) },
);
const { signal } = new AbortController();

async function read(id: SessionId): Promise<string> {
  const stored = await store.load(id, { now: Date.now(), signal });
  return stored?.kind ?? "absent";
}

async function watch(id: SessionId): Promise<void> {
  const before = loads;
  let reads = 0;
  for (; (await read(id)) === "live"; reads += 1) {
    if (reads === 100) process.send?.({ kind: "warm", loads: loads - before });
    await pause(1);
  }
  process.send?.({ kind: "ended", at: Date.now(), reads, loads: loads - before });
}

process.on("message", (message: SessionId | "close") => {
  if (message !== "close") return void watch(message);
  void store
    .close()
    .then(() => pool.end())
    .then(() => process.disconnect());
});
process.send?.({ kind: "ready" });
