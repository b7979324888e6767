import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord } from "../../src/core/record.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { type Files, nodeFiles } from "../../src/stores/file/files.ts";
import { fileStore } from "../../src/stores/file/index.ts";
import { Places, userTag } from "../../src/stores/file/places.ts";
import { freshId, recordAt, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { CountedFiles } from "./support/counted-files.ts";
import { temporaryFolder } from "./support/file-folders.ts";

const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const manager = "shop";
const call = { now: NOW, signal: new AbortController().signal };

let folder = "";
let counted: CountedFiles;
let store: FileStore;
beforeEach(async () => {
  folder = await temporaryFolder();
  counted = new CountedFiles();
  store = new FileStore(folder, counted.files, fileStore(folder).profile, HOUR_MS);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function create(count: number, changes: Partial<SessionRecord>): Promise<SessionRecord[]> {
  const records = Array.from({ length: count }, () => recordAt(NOW, { manager, ...changes }));
  await Promise.all(records.map((record) => store.create(record, call)));
  return records;
}

describe("a sweep that is told to stop", () => {
  const LIVE = 200;
  const EXPIRED = 20;
  /** Less than half of what a look at each session takes. */
  const STEPS = 400;

  const sweep = (now: number): Promise<number> =>
    store.expiry.deleteExpired({ now, signal: counted.signalAfter(STEPS) });

  it("goes on where it was, so that all is deleted, however little it does at a time", async () => {
    await create(LIVE, { expiresAt: NOW + 2 * DAY_MS });
    await create(EXPIRED, { userId: "alice" });
    let deleted = 0;
    for (let sweeps = 0; sweeps < 20; sweeps += 1) deleted += await sweep(NOW + DAY_MS);
    expect(deleted).toBe(EXPIRED);
    expect(await store.directory.count(manager, { ...call, now: NOW + DAY_MS })).toBe(LIVE);
  });

  it("gets to what crashes left, too", async () => {
    const [record] = await create(1, { userId: "bob", expiresAt: NOW + 2 * DAY_MS });
    await create(LIVE, { expiresAt: NOW + 2 * DAY_MS });
    const places = new Places(folder);
    const bob = places.user(userTag({ manager, userId: "bob" }));
    await writeFile(join(bob, freshId(manager)), "");
    const built = places.fresh();
    await mkdir(built);
    await utimes(built, new Date(NOW), new Date(NOW));
    for (let sweeps = 0; sweeps < 40; sweeps += 1) await sweep(NOW);
    expect(await readdir(bob)).toEqual([record?.id]);
    expect(await readdir(places.temporary)).toEqual([]);
  });

  it("heals a user with very many sessions in the end", async () => {
    await create(1, {});
    const places = new Places(folder);
    const alice = places.user(userTag({ manager, userId: "alice" }));
    await mkdir(alice, { recursive: true });
    await Promise.all(
      Array.from({ length: 1_500 }, () => writeFile(join(alice, freshId(manager)), "")),
    );
    for (let sweeps = 0; sweeps < 8; sweeps += 1) await store.expiry.deleteExpired(call);
    await expect(readdir(alice)).rejects.toThrow("ENOENT");
  });
});

describe("a sweep", () => {
  it("goes past a session that it cannot read, and tells of it at the end", async () => {
    const [broken, ...others] = await create(40, { userId: "alice" });
    const files = nodeFiles(false);
    const path = new Places(folder).session((broken as SessionRecord).id);
    const list: Files["list"] = (place) =>
      place === path
        ? Promise.reject(Object.assign(new Error("EACCES"), { code: "EACCES" }))
        : files.list(place);
    const { profile } = store;
    const { expiry } = new FileStore(folder, { ...files, list }, profile, HOUR_MS);
    const later = { ...call, now: NOW + DAY_MS };
    await expect(expiry.deleteExpired(later)).rejects.toMatchObject({ message: "EACCES" });
    for (const { id } of others) expect(await store.load(id, call)).toBeUndefined();
    expect(await store.load((broken as SessionRecord).id, call)).toEqual(broken);
  });

  it("deletes an hour after the expiry", async () => {
    const [record] = await create(1, { userId: "alice" });
    const due = (record?.expiresAt ?? 0) + HOUR_MS;
    expect(await store.expiry.deleteExpired({ ...call, now: due - 1 })).toBe(0);
    expect(await store.expiry.deleteExpired({ ...call, now: due })).toBe(1);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    expect(entries.filter((entry) => entry.isFile())).toEqual([]);
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
  });

  it.each([1, 2, 24, 24 * 365])(
    "spares what lives, by a clock that is %i hours ahead",
    async (hours) => {
      const now = Date.now();
      const live = Array.from({ length: 20 }, () => recordAt(now, { manager }));
      for (const record of live) await store.create(record, { ...call, now });
      expect(await store.expiry.deleteExpired({ ...call, now: now + hours * HOUR_MS })).toBe(0);
      expect(await store.directory.count(manager, { ...call, now })).toBe(20);
    },
  );
});

describe("one user with many sessions", () => {
  const user = { manager, userId: "alice" };
  const end = { ...tombstoneAt(NOW, recordAt(NOW, { manager })), except: undefined };
  const endAll = (): Promise<readonly string[]> =>
    store.directory.endAll(user, { ...end, reason: "revoked" }, call);

  it("is signed out everywhere in steps that grow with the sessions, not with their square", async () => {
    const stepsFor = async (count: number): Promise<number> => {
      const records = await create(count, user);
      return counted.during(async () => {
        expect((await endAll()).toSorted()).toEqual(records.map(({ id }) => id).toSorted());
      });
    };
    const [few, many] = [await stepsFor(40), await stepsFor(400)];
    expect(many).toBeLessThan(10.5 * few);
  });

  it("signs in and out in as many steps as one with few", async () => {
    const stepsWith = async (count: number): Promise<number> => {
      await create(count, user);
      const record = recordAt(NOW, { ...user });
      return counted.during(async () => {
        await store.create(record, call);
        await store.end(tombstoneAt(NOW, record), undefined, call);
      });
    };
    await stepsWith(1);
    const few = await stepsWith(1);
    expect(await stepsWith(300)).toBeLessThanOrEqual(few + 4);
  });

  it("is signed out everywhere, also where a session was given a new token meanwhile", async () => {
    const racing = fileStore(folder);
    const [first] = await create(3, user);
    const successor = recordAt(NOW, { ...user });
    const files = nodeFiles(false);
    let isCreated = false;
    const rename: Files["rename"] = async (from, to) => {
      if (!isCreated && to.includes(",ended,")) {
        isCreated = true;
        await racing.create(successor, call);
      }
      await files.rename(from, to);
    };
    const { profile } = racing;
    const { directory } = new FileStore(folder, { ...files, rename }, profile, HOUR_MS);
    const ids = await directory.endAll(user, { ...end, reason: "revoked" }, call);
    expect(ids).toHaveLength(4);
    expect(ids).toEqual(expect.arrayContaining([first?.id, successor.id]));
    expect(await directory.list(user, call)).toEqual([]);
  });
});
