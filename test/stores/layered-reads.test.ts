import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { OptionsError, StoreError } from "../../src/core/errors.ts";
import type { SessionRecord } from "../../src/core/record.ts";
import { sideManager } from "../../src/core/side-record.ts";
import type { SessionStore, StoreCall } from "../../src/core/store.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { layered } from "../../src/stores/layered/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import {
  freshCommit,
  recordAt,
  successorOf,
  tombstoneAt,
} from "../../src/testing/store/fixtures.ts";
import { memoryBare, Origin, storeWhose } from "./support/layered-origin.ts";
import { play, RUNS } from "./support/model.ts";

const NOW = 1_800_000_000_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const BOUND_MS = 5 * SECOND_MS;
const maxStaleness = "5s";
const { signal } = new AbortController();
const at = (now: number): StoreCall => ({ now, signal });
const call = at(NOW);

const KEY = randomBytes(32).toString("base64url");
const texts = {
  data: '{"a":["ü"]}',
  flash: '[["f","m"]]',
  device: 'Firefox "\n;',
  notes: '{"g":1}',
  userId: "alice",
};

function fresh(changes: Partial<SessionRecord> = {}): SessionRecord {
  return recordAt(NOW, { manager: "shop", ...changes });
}

describe("a layered store", () => {
  it.each([
    ["memory", () => layered(memoryStore(), memoryStore(), { maxStaleness })],
    [
      "a near that forgets",
      () => layered(memoryStore({ maxSessions: 1 }), memoryStore(), { maxStaleness }),
    ],
    [
      "encryption in front",
      () => encrypted(layered(memoryStore(), memoryStore(), { maxStaleness }), KEY),
    ],
    ["a short bound", () => layered(memoryStore(), memoryStore(), { maxStaleness: 50 })],
  ])("answers like a plain Map, whatever the run of operations: %s", async (_, open) => {
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const answers = await play(open(), run);
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 100 },
    );
  });

  it("shows a record that is no session as it stands in origin, whoever wrote it", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.silent(), { maxStaleness });
    const mark = fresh({ manager: sideManager("shop", "family"), data: '{"n":1}' });
    expect(await store.load(mark.id, call)).toBeUndefined();
    await origin.inside.create(mark, call);
    expect(await store.load(mark.id, call)).toEqual(mark);
    const second = successorOf(mark, { data: '{"n":2}' });
    await origin.inside.update(second, mark.version, call);
    expect(await store.load(mark.id, call)).toEqual(second);
    const third = successorOf(second, { data: '{"n":3}' });
    expect(await store.update(third, second.version, call)).toEqual({ kind: "updated" });
    const fourth = successorOf(third, { data: '{"n":4}' });
    await origin.inside.update(fourth, third.version, call);
    expect(await store.load(mark.id, call)).toEqual(fourth);
    await store.touch(mark.id, { ...fourth, lastSeenAt: NOW + 1 }, call);
    const tombstone = tombstoneAt(NOW, mark);
    await origin.inside.end(tombstone, undefined, call);
    expect(await store.load(mark.id, call)).toEqual(tombstone);
  });

  it("asks origin once within the bound, however many read", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.handle(), { maxStaleness });
    const record = fresh(texts);
    await origin.inside.create(record, call);
    for (let read = 0; read < 1_000; read += 1) {
      // A minute's reads.
      expect(await store.load(record.id, at(NOW + read * 60))).toEqual(record);
    }
    // Each 5 s, and once more as it was heard of nothing before it had subscribed.
    expect(origin.loads).toBeLessThanOrEqual(60 / 5 + 1);
  });

  it("reads its own writes at once, and from near", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.silent(), { maxStaleness });
    const record = fresh(texts);
    await store.create(record, call);
    expect(await store.load(record.id, call)).toEqual(record);
    const next = successorOf(record, { data: "{}", flash: "", device: undefined });
    await store.update(next, record.version, call);
    expect(await store.load(record.id, call)).toEqual(next);
    const seen = { lastSeenAt: NOW + 1, expiresAt: next.expiresAt + 1 };
    await store.touch(record.id, seen, call);
    expect(await store.load(record.id, call)).toEqual({ ...next, ...seen });
    const tombstone = tombstoneAt(NOW, record, { notes: '{"u":"alice"}' });
    await store.end(tombstone, undefined, call);
    expect(await store.load(record.id, call)).toEqual(tombstone);
    expect(origin.loads).toBe(0);
  });

  it("keeps what origin showed a writer that came too late", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.silent(), { maxStaleness });
    const [record, ended] = [fresh(), fresh()];
    await origin.inside.create(record, call);
    await origin.inside.create(ended, call);
    const tombstone = tombstoneAt(NOW, ended);
    await origin.inside.end(tombstone, undefined, call);
    await store.update(successorOf(record), freshCommit(), call);
    await store.update(successorOf(ended), ended.version, call);
    expect(await store.load(record.id, call)).toEqual(record);
    expect(await store.load(ended.id, call)).toEqual(tombstone);
    expect(origin.loads).toBe(0);
  });

  it("sees what another process wrote at the bound, by the calls' clock", async () => {
    const origin = new Origin();
    const [mine, other] = [origin, origin].map((shared) =>
      layered(memoryStore(), shared.silent(), { maxStaleness }),
    );
    const record = fresh();
    await mine?.create(record, call);
    expect(await other?.load(record.id, call)).toEqual(record);
    const next = successorOf(record);
    await mine?.update(next, record.version, call);
    expect(await other?.load(record.id, at(NOW + BOUND_MS - 1))).toEqual(record);
    expect(await other?.load(record.id, at(NOW + BOUND_MS))).toEqual(next);
  });

  it("sees it at the bound by a clock that stands still, too", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.silent(), { maxStaleness: 30 });
    const record = fresh();
    await store.create(record, call);
    const next = successorOf(record);
    await origin.inside.update(next, record.version, call);
    await expect.poll(() => store.load(record.id, call), { interval: 5 }).toEqual(next);
  });

  it("believes nothing that was filled in the future", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.silent(), { maxStaleness });
    const record = fresh();
    await store.create(record, call);
    await store.load(record.id, at(NOW - BOUND_MS));
    expect(origin.loads).toBe(1);
  });

  it("does not make what it has younger by a touch", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.silent(), { maxStaleness });
    const record = fresh();
    await store.create(record, call);
    const next = successorOf(record, { lastSeenAt: NOW + 1 });
    await origin.inside.update(next, record.version, call);
    for (let second = 1; second < 5; second += 1) {
      const now = NOW + second * SECOND_MS;
      await store.touch(record.id, { lastSeenAt: now, expiresAt: record.expiresAt }, at(now));
    }
    expect(await store.load(record.id, at(NOW + BOUND_MS))).toMatchObject({
      version: next.version,
    });
  });

  it("serves nothing past its end", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.handle(), { maxStaleness });
    const short = fresh({ expiresAt: NOW + SECOND_MS });
    await store.create(short, call);
    expect(await store.load(short.id, at(NOW + SECOND_MS - 1))).toEqual(short);
    expect(await store.load(short.id, at(NOW + SECOND_MS))).toBeUndefined();
  });

  it("asks origin before it lets a session be over by its clocks", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.handle(), { maxStaleness });
    const record = fresh({ idleTimeoutMs: SECOND_MS, expiresAt: NOW + MINUTE_MS });
    await store.create(record, call);
    const seen = { lastSeenAt: NOW + SECOND_MS - 1, expiresAt: record.expiresAt };
    await origin.inside.touch(record.id, seen, call);
    expect(await store.load(record.id, at(NOW + SECOND_MS))).toEqual({ ...record, ...seen });
  });

  it("sweeps near by itself, and origin when it is asked to", async () => {
    const [near, origin] = [memoryStore(), memoryStore()];
    const store = layered(near, origin, { maxStaleness });
    const record = fresh();
    await store.create(record, call);
    const later = NOW + 60 * MINUTE_MS;
    expect(await store.expiry.deleteExpired(at(later))).toBe(1);
    await store.load(record.id, at(later));
    expect(await near.expiry.deleteExpired(at(later))).toBe(0);
  });
});

describe("a near that fails", () => {
  it.each<readonly [string, SessionStore]>([
    ["rejects", storeWhose(() => Promise.reject(new Error("near is away")))],
    [
      "throws",
      storeWhose(() => {
        throw new Error("near is broken");
      }),
    ],
    ["never answers", storeWhose(() => new Promise(() => undefined))],
  ])("harms nobody when it %s", async (_, near) => {
    const origin = new Origin();
    const store = layered(near, origin.handle(), { maxStaleness, nearTimeout: 20 });
    const record = fresh({ userId: "alice" });
    const next = successorOf(record);
    const seen = { lastSeenAt: NOW + 1, expiresAt: next.expiresAt };
    const tombstone = tombstoneAt(NOW, record);
    expect(await store.create(record, call)).toBe("created");
    expect(await store.load(record.id, call)).toEqual(record);
    expect(await store.update(next, record.version, call)).toEqual({ kind: "updated" });
    expect(await store.touch(record.id, seen, call)).toBe(true);
    expect(await store.load(record.id, call)).toEqual({ ...next, ...seen });
    expect(await store.end(tombstone, undefined, call)).toEqual({ kind: "ended" });
    expect(await store.load(record.id, call)).toEqual(tombstone);
    await store.close();
  });

  it("is waited for once, and then left alone for a while", async () => {
    let asked = 0;
    const near = storeWhose(() => {
      asked += 1;
      return new Promise(() => undefined);
    });
    const origin = new Origin();
    const store = layered(near, origin.handle(), { maxStaleness, nearTimeout: 20 });
    for (let read = 0; read < 100; read += 1) await store.load(fresh().id, call);
    expect(asked).toBe(1);
    await expect.poll(() => store.load(fresh().id, call).then(() => asked)).toBe(2);
  });

  it("may refuse what is too large for it", async () => {
    const origin = new Origin();
    const store = layered(memoryStore({ maxBytes: 2_000 }), origin.handle(), { maxStaleness });
    const small = fresh();
    await store.create(small, call);
    const large = successorOf(small, { data: JSON.stringify("x".repeat(2_000)) });
    await store.update(large, small.version, call);
    expect(await store.load(small.id, call)).toEqual(large);
  });

  it("is neither believed nor overwritten where somebody else has written", async () => {
    const [near, origin] = [memoryStore(), new Origin()];
    const store = layered(near, origin.handle(), { maxStaleness });
    const planted = fresh(texts);
    await near.create(planted, call);
    expect(await store.load(planted.id, call)).toBeUndefined();
    const record = fresh({ id: planted.id });
    await store.create(record, call);
    expect(await store.load(planted.id, call)).toEqual(record);
    expect(await near.load(planted.id, call)).toEqual(planted);
  });
});

describe("layered(near, origin, options)", () => {
  it("offers what origin offers, and close", () => {
    const all = layered(memoryStore(), memoryStore(), { maxStaleness });
    expectTypeOf(all).toExtend<Required<SessionStore>>();
    expect(all.profile).toMatchObject({ scope: "process", readYourWrites: "bounded" });
    const sqlite = layered(memoryStore(), sqliteStore("sessions.db"), { maxStaleness });
    expect(sqlite.profile).toMatchObject({ scope: "host", durability: "crash" });
    expect("announcements" in sqlite && sqlite.announcements).toBeFalsy();
    const least: SessionStore = layered(memoryStore(), memoryBare(), { maxStaleness });
    expect([least.touch, least.directory, least.expiry]).toEqual([undefined, undefined, undefined]);
    expect(least.profile.caveats.join()).toContain("Origin announces no ends");
  });

  it("rejects every call once it is closed, over an origin that cannot be closed, too", async () => {
    const store = layered(memoryStore(), memoryBare(), { maxStaleness });
    await store.close();
    await expect(store.load(fresh().id, call)).rejects.toThrow(StoreError);
    await expect(store.create(fresh(), call)).rejects.toThrow(/layered store is closed/);
  });

  it("asks for a bound, and refuses what is none", () => {
    const open = (options: unknown) => () =>
      // @ts-expect-error what a program without types may pass
      layered(memoryStore(), memoryStore(), options);
    expect(open(undefined)).toThrow(/layered\.maxStaleness: must say how late/);
    expect(open({})).toThrow(OptionsError);
    expect(open({ maxStaleness: 0 })).toThrow(OptionsError);
    expect(open({ maxStaleness, nearTimeout: "soon" })).toThrow(OptionsError);
    expect(open({ maxStaleness, ttl: 5 })).toThrow(/layered\.ttl: is not known/);
  });

  it("refuses what is no store, and one store for both", () => {
    const store = memoryStore();
    const [load, update] = [async () => undefined, async () => undefined];
    // @ts-expect-error a client is no store
    expect(() => layered({}, store, { maxStaleness })).toThrow(OptionsError);
    // @ts-expect-error nor is nothing
    expect(() => layered(store, undefined, { maxStaleness })).toThrow(OptionsError);
    // @ts-expect-error nor is what cannot begin or end a session
    expect(() => layered({ load, update }, store, { maxStaleness })).toThrow(OptionsError);
    expect(() => layered(store, store, { maxStaleness })).toThrow(/another store/);
  });
});
