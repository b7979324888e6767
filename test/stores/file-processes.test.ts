import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { remembers } from "../../src/core/record.ts";
import type { CommitId, SessionId } from "../../src/core/token.ts";
import { fileStore } from "../../src/stores/file/index.ts";
import { recordAt, successorOf } from "../../src/testing/store/fixtures.ts";
import { temporaryFolder } from "./support/file-folders.ts";

const WORKER = fileURLToPath(new URL("./support/file-worker.ts", import.meta.url));
const PATIENCE_MS = 60_000;

const manager = "shop";
const call = { now: Date.now(), signal: new AbortController().signal };

let folder = "";
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function work(...task: readonly string[]): { child: ChildProcess; told: () => string } {
  const child = fork(WORKER, [...task], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return { child, told: () => text };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, "close");
  return code;
}

describe("several processes on one folder", () => {
  it(
    "lose no increment of one record, though the sweep and touches go on",
    async () => {
      const store = fileStore(folder);
      const record = recordAt(call.now, { manager, data: "0", userId: "alice" });
      await store.create(record, call);
      const workers = Array.from({ length: 3 }, () => work("count", folder, record.id, "100"));
      let isDone = false;
      const exits = Promise.all(workers.map(({ child }) => exitOf(child))).finally(() => {
        isDone = true;
      });
      for (let later = 1; !isDone; later += 1) {
        const seen = { lastSeenAt: call.now + later, expiresAt: record.expiresAt + later };
        expect(await store.touch(record.id, seen, call)).toBe(true);
        expect(await store.expiry.deleteExpired(call)).toBe(0);
      }
      expect(await exits).toEqual([0, 0, 0]);
      expect(await store.load(record.id, call)).toMatchObject({ data: "300" });
      expect(await store.directory.list({ manager, userId: "alice" }, call)).toHaveLength(1);
    },
    PATIENCE_MS,
  );

  it(
    "wait for none that is paused, and take nothing from it when it goes on",
    async () => {
      const store = fileStore(folder);
      const record = recordAt(call.now, { manager, data: "0" });
      await store.create(record, call);
      const { child, told } = work("count", folder, record.id, "200");
      const exit = exitOf(child);
      let mine = 0;
      for (let round = 1; round <= 20; round += 1) {
        while (told().length < round * 5) await pause(1);
        child.kill("SIGSTOP");
        for (let turn = 0; turn < 5; turn += 1) mine += await increment(store, record.id);
        child.kill("SIGCONT");
      }
      expect(await exit).toBe(0);
      expect(await store.load(record.id, call)).toMatchObject({ data: String(200 + mine) });
    },
    PATIENCE_MS,
  );

  async function increment(store: ReturnType<typeof fileStore>, id: SessionId): Promise<number> {
    const current = await store.load(id, call);
    if (current?.kind !== "live") throw new Error("the record is gone");
    const next = successorOf(current, { data: String(Number(current.data) + 1) });
    const outcome = await store.update(next, current.version, call);
    return outcome.kind === "updated" ? 1 : 0;
  }
});

describe("a process that is killed while it writes", () => {
  it(
    "leaves every write that it had acknowledged, and none half",
    async () => {
      const store = fileStore(folder);
      for (let round = 0; round < 3; round += 1) {
        const acknowledged = await writtenUntilKilled(200);
        for (const [id, version] of acknowledged) {
          const stored = await store.load(id, call);
          expect(stored?.kind === "live" && remembers(stored, version)).toBe(true);
        }
        const listed = await store.directory.list({ manager, userId: "alice" }, call);
        const ids = new Set(listed.map(({ id }) => id));
        expect([...acknowledged.keys()].filter((id) => !ids.has(id))).toEqual([]);
        for (const { id } of listed) {
          const stored = await store.load(id, call);
          expect(stored?.kind === "live" && stored.data.length).toBe(1_000);
        }
        expect(await store.directory.count(manager, call)).toBe(listed.length);
      }
    },
    PATIENCE_MS,
  );

  /** Lets a process write until it has said so often enough; its last word on each session. */
  async function writtenUntilKilled(lines: number): Promise<Map<SessionId, CommitId>> {
    const { child, told } = work("write", folder);
    const closed = once(child, "close");
    while (told().split("\n").length <= lines) await pause(5);
    child.kill("SIGKILL");
    await closed;
    const words = told()
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" "));
    return new Map(words.map(([id, version]) => [id as SessionId, version as CommitId]));
  }
});
