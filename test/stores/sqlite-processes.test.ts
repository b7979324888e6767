import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.ts";
import { remembers } from "../../src/core/record.ts";
import type { CommitId, SessionId } from "../../src/core/token.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { recordAt } from "../../src/testing/store/fixtures.ts";
import { temporaryFolder } from "./support/databases.ts";
import { exitOf, work } from "./support/workers.ts";

const manager = "shop";
const call = { now: Date.now(), signal: new AbortController().signal };

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, "sessions.db");
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe("several processes on one SQLite file", () => {
  it("create its tables at the same moment", async () => {
    const workers = Array.from({ length: 4 }, () => work("create", path));
    const exits = Promise.all(workers.map(exitOf));
    const messages = await Promise.all(workers.map((worker) => once(worker, "message")));
    expect(await exits).toEqual([0, 0, 0, 0]);
    expect(messages).toEqual(Array(4).fill(["created", undefined]));
    const store = sqliteStore(path);
    expect(await store.directory.count(manager, call)).toBe(4);
    await store.close();
  });

  it("lose no increment of one record", async () => {
    const store = sqliteStore(path);
    const record = recordAt(call.now, { manager, data: "0" });
    await store.create(record, call);
    const workers = Array.from({ length: 2 }, () => work("count", path, record.id, "500"));
    expect(await Promise.all(workers.map(exitOf))).toEqual([0, 0]);
    expect(await store.load(record.id, call)).toMatchObject({ data: "1000" });
    await store.close();
  });
});

describe("a lock that another process holds", () => {
  async function held(): Promise<ChildProcess> {
    const holder = work("hold", path);
    await once(holder, "message");
    return holder;
  }

  async function release(holder: ChildProcess): Promise<void> {
    const exit = exitOf(holder);
    holder.send("let go");
    expect(await exit).toBe(0);
  }

  it("is waited for while the event loop goes on", async () => {
    const store = sqliteStore(path);
    await store.load(recordAt(call.now, { manager }).id, call);
    const holder = await held();
    let isOver = false;
    const creating = store.create(recordAt(call.now, { manager }), call).finally(() => {
      isOver = true;
    });
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(isOver).toBe(false);
    await release(holder);
    expect(await creating).toBe("created");
    await store.close();
  });

  it("is not waited for past the deadline, and nothing is written then", async () => {
    const store = sqliteStore(path);
    const record = recordAt(call.now, { manager });
    await store.load(record.id, call);
    const holder = await held();
    const late = { ...call, signal: AbortSignal.timeout(50) };
    const failure = await store.create(record, late).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect(failure).toMatchObject({ operation: "create", outcome: "failed" });
    await release(holder);
    expect(await store.load(record.id, call)).toBeUndefined();
    await store.close();
  });

  it("keeps nobody from reading", async () => {
    const store = sqliteStore(path);
    const record = recordAt(call.now, { manager });
    await store.create(record, call);
    const holder = await held();
    expect(await store.load(record.id, call)).toEqual(record);
    await release(holder);
    await store.close();
  });
});

describe("a process that is killed while it writes", () => {
  it("leaves a sound file with every write that it had acknowledged", async () => {
    for (let round = 0; round < 3; round += 1) {
      const acknowledged = await writtenUntilKilled(500);
      const database = new DatabaseSync(path);
      expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
      database.close();
      const store = sqliteStore(path);
      for (const [id, version] of acknowledged) {
        const stored = await store.load(id, call);
        expect(stored?.kind === "live" && remembers(stored, version)).toBe(true);
      }
      await store.close();
    }
  });

  /** Lets a process write until it has said so often enough; its last word on each session. */
  async function writtenUntilKilled(lines: number): Promise<Map<SessionId, CommitId>> {
    const writer = work("write", path);
    let text = "";
    writer.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    const closed = once(writer, "close");
    while (text.split("\n").length <= lines) await pause(5);
    writer.kill("SIGKILL");
    await closed;
    const words = text
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" "));
    return new Map(words.map(([id, version]) => [id as SessionId, version as CommitId]));
  }
});

describe("a runtime without node:sqlite", () => {
  it("is told what to pass instead", async () => {
    const module = new URL("../../src/stores/sqlite/index.ts", import.meta.url).href;
    const script = `
      import { sqliteStore } from ${JSON.stringify(module)};
      const signal = new AbortController().signal;
      const load = sqliteStore("sessions.db").load("s_", { now: 0, signal });
      await load.catch((error) => console.log(error.name, error.outcome, error.message));
    `;
    const flags = ["--no-experimental-sqlite", "--input-type=module", "--eval", script];
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, flags, { cwd: folder }, (_, stdout, stderr) => {
        resolve(stdout + stderr);
      });
    });
    expect(output).toMatch(/^StoreError failed .*pass sqliteStore an open better-sqlite3 database/);
  });
});
