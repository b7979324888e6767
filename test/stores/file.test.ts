import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OptionsError } from "../../src/core/errors.ts";
import type { SilentStore } from "../../src/core/store.ts";
import type { SessionId } from "../../src/core/token.ts";
import { fileStore } from "../../src/stores/file/index.ts";
import { Places } from "../../src/stores/file/places.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { describeStore } from "../../src/testing/store.ts";
import { openFolder, temporaryFolder } from "./support/file-folders.ts";
import { describeGenerations } from "./support/generations.ts";
import { play, RUNS } from "./support/model.ts";

const runner = { describe, it };
describeStore("Files", openFolder(), { runner });
describeStore("Files, forced to the disk", openFolder({ durability: "full" }), { runner });
describeGenerations("Files", openFolder());

const NOW = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const manager = "shop";
const call = { now: NOW, signal: new AbortController().signal };
const user = { manager, userId: "alice" };

let folder = "";
let path = "";
let store: SilentStore;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, "sessions");
  store = fileStore(path);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function filesIn(place: string): Promise<readonly string[]> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("the file store", () => {
  it("answers like a plain Map, whatever the run of operations", async () => {
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const place = await temporaryFolder();
        const answers = await play(fileStore(place), run);
        await rm(place, { recursive: true });
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 40 },
    );
  });

  it("does nothing while it is constructed, nor at close if it was not used", async () => {
    await store.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it("keeps one file a session, whatever is written", async () => {
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    let current = record;
    for (let turn = 0; turn < 5; turn += 1) {
      const next = successorOf(current);
      await store.update(next, current.version, call);
      await store.touch(record.id, { ...next, lastSeenAt: NOW + turn }, call);
      current = next;
    }
    expect(await filesIn(path)).toHaveLength(1);
  });

  it("lets only the owner read what it makes", async () => {
    await store.create(recordAt(NOW, { manager, userId: "alice" }), call);
    await store.directory.raiseGeneration(user, call);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      expect(mode & 0o777).toBe(entry.isDirectory() ? 0o700 : 0o600);
    }
  });

  it("keeps nothing of what a session was, once it has ended", async () => {
    const record = recordAt(NOW, { manager, data: '{"private":1}', userId: "alice" });
    await store.create(record, call);
    await store.end(tombstoneAt(NOW, record), undefined, call);
    const [file = "", ...others] = await filesIn(path);
    expect(others).toEqual([]);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
      id: record.id,
      manager,
      reason: "destroyed",
      endedAt: NOW,
    });
  });

  it.each(["../../etc/passwd", "s_../../..", "", "s_", `s_${"a".repeat(42)}/`, "s_\0"])(
    "refuses %j for an id, and touches no path with it [CVE-2024-3400, CVE-2018-18925, CVE-2025-61686]",
    async (text) => {
      const id = text as SessionId;
      const record = recordAt(NOW, { manager, id });
      const attempts = [
        () => store.load(id, call),
        () => store.create(record, call),
        () => store.create({ ...record, userId: "alice" }, call),
        () => store.update(record, record.version, call),
        () => store.end(tombstoneAt(NOW, record), undefined, call),
        () => store.touch(id, record, call),
      ];
      for (const attempt of attempts) {
        await expect(attempt()).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
      }
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it("counts a file that is not whole as absent, and sweeps it in its time", async () => {
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    const [file = ""] = await filesIn(path);
    await writeFile(file, '{"id":"s_');
    expect(await store.load(record.id, call)).toBeUndefined();
    await rm(file);
    expect(await store.load(record.id, call)).toBeUndefined();
    expect(await store.expiry.deleteExpired({ ...call, now: NOW + DAY_MS })).toBe(1);
  });

  it("refuses a folder of something else, and one of a newer format", async () => {
    await mkdir(path);
    await writeFile(join(path, "notes.txt"), "");
    const { id } = recordAt(NOW, { manager });
    await expect(store.load(id, call)).rejects.toThrow(/a folder of their own/);
    await rm(join(path, "notes.txt"));
    await mkdir(join(path, "format-2"));
    await expect(store.load(id, call)).rejects.toThrow(/of format 2.*reads format 1/);
    await rm(join(path, "format-2"), { recursive: true });
    expect(await store.load(id, call)).toBeUndefined();
  });
});

describe("the sweep of the file store", () => {
  it("removes what crashed writers left", async () => {
    const places = new Places(path);
    const record = recordAt(NOW, { manager });
    await store.create(record, call);
    const built = places.fresh();
    await mkdir(join(built, "head"), { recursive: true });
    await writeFile(join(built, "head", "file"), "");
    await mkdir(places.dead());
    const [file = ""] = await filesIn(places.session(record.id));
    await writeFile(join(file, "..", `1-${"0".repeat(24)}`), "an earlier version");
    await store.expiry.deleteExpired({ ...call, now: 0 });
    expect(await readdir(places.temporary)).toHaveLength(1);
    const longAgo = new Date(Date.now() - DAY_MS);
    await utimes(built, longAgo, longAgo);
    await store.expiry.deleteExpired({ ...call, now: NOW + DAY_MS });
    expect(await filesIn(path)).toEqual([]);
    expect(await readdir(places.temporary)).toEqual([]);
  });

  it("heals the entries of users in both directions", async () => {
    const places = new Places(path);
    const record = recordAt(NOW, { manager, userId: "alice" });
    await store.create(record, call);
    const [entry = ""] = await filesIn(places.users);
    await rm(entry);
    const stranger = recordAt(NOW, { manager });
    await writeFile(join(entry, "..", stranger.id), "");
    await store.expiry.deleteExpired(call);
    expect(await filesIn(places.users)).toEqual([entry]);
    expect(await store.directory.list(user, call)).toEqual([record]);
  });

  it("is wanted every hour, unless told otherwise", () => {
    expect(store.expiry.intervalMs).toBe(3_600_000);
    expect(fileStore(path, { sweepInterval: "10m" }).expiry.intervalMs).toBe(600_000);
  });
});

describe("options of the file store", () => {
  it.each([
    ["an empty path", () => fileStore("")],
    ["an interval that is none", () => fileStore(path, { sweepInterval: -1 })],
    // @ts-expect-error there is no third
    ["another durability", () => fileStore(path, { durability: "off" })],
    // @ts-expect-error no such option
    ["an unknown option", () => fileStore(path, { ttl: 1 })],
  ])("refuse %s", (_, open) => {
    expect(open).toThrow(OptionsError);
  });
});
