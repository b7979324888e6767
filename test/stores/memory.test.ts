import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OptionsError, StoreError } from "../../src/core/errors.ts";
import type { SessionRecord } from "../../src/core/record.ts";
import type { SessionStore, UserKey } from "../../src/core/store.ts";
import { Generations } from "../../src/stores/memory/generations.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { describeStore } from "../../src/testing/store.ts";
import { play, RUNS } from "./support/model.ts";

const NOW = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const manager = "shop";
const call = { now: NOW, signal: new AbortController().signal };

describeStore(
  "memory",
  async () => {
    const store = memoryStore();
    return { store, close: () => store.close() };
  },
  { runner: { describe, it } },
);

function anonymous(changes: Partial<SessionRecord> = {}): SessionRecord {
  return recordAt(NOW, { manager, ...changes });
}

function signedIn(changes: Partial<SessionRecord> = {}): SessionRecord {
  return anonymous({ userId: "alice", ...changes });
}

async function createAll(store: SessionStore, records: readonly SessionRecord[]): Promise<void> {
  for (const record of records) await store.create(record, call);
}

/** Which of the sessions are still there, by their places. Looking is a use, so look once. */
async function kept(store: SessionStore, records: readonly SessionRecord[]): Promise<number[]> {
  const found = await Promise.all(records.map(({ id }) => store.load(id, call)));
  return records.flatMap((_, place) => (found[place] === undefined ? [] : [place]));
}

describe("a full memory store", () => {
  it("lets go of the anonymous session used longest ago", async () => {
    const store = memoryStore({ maxSessions: 3 });
    const records = [anonymous(), anonymous(), anonymous(), anonymous()];
    await createAll(store, records.slice(0, 3));
    await kept(store, records.slice(0, 1));
    await createAll(store, records.slice(3));
    expect(await kept(store, records)).toEqual([0, 2, 3]);
  });

  it("counts an update and a touch as a use", async () => {
    const store = memoryStore({ maxSessions: 3 });
    const records = [anonymous(), anonymous(), anonymous(), anonymous()] as const;
    await createAll(store, records.slice(0, 3));
    await store.update(successorOf(records[0]), records[0].version, call);
    const { lastSeenAt, expiresAt } = records[1];
    await store.touch(records[1].id, { lastSeenAt, expiresAt }, call);
    await createAll(store, records.slice(3));
    expect(await kept(store, records)).toEqual([0, 1, 3]);
  });

  it("lets go of anonymous sessions before signed-in ones", async () => {
    const store = memoryStore({ maxSessions: 3 });
    const records = [signedIn(), signedIn(), anonymous(), anonymous()];
    await createAll(store, records);
    expect(await kept(store, records)).toEqual([0, 1, 3]);
  });

  it("lets go of tombstones before anonymous sessions", async () => {
    const store = memoryStore({ maxSessions: 3 });
    const records = [anonymous(), anonymous(), signedIn(), anonymous()] as const;
    await createAll(store, records.slice(0, 3));
    await store.end(tombstoneAt(NOW, records[2]), undefined, call);
    await createAll(store, records.slice(3));
    expect(await kept(store, records)).toEqual([0, 1, 3]);
  });

  it("lets go of what has expired before anything else", async () => {
    const store = memoryStore({ maxSessions: 3 });
    const soon = signedIn({ expiresAt: NOW + MINUTE_MS });
    const records = [anonymous(), soon, anonymous(), anonymous()] as const;
    await createAll(store, records.slice(0, 3));
    await store.create(records[3], { ...call, now: NOW + 2 * MINUTE_MS });
    expect(await kept(store, records)).toEqual([0, 2, 3]);
  });

  it("loses one signed-in session to a flood of anonymous ones", async () => {
    const store = memoryStore({ maxSessions: 5 });
    const users = Array.from({ length: 5 }, () => signedIn());
    await createAll(store, users);
    await createAll(
      store,
      Array.from({ length: 1_000 }, () => anonymous()),
    );
    expect(await kept(store, users)).toEqual([1, 2, 3, 4]);
  });

  it.each([
    [1_000, 32],
    [64, 8],
  ])("of %i lets one user's sign-ins push out few others", async (maxSessions, share) => {
    const store = memoryStore({ maxSessions });
    const others = Array.from({ length: maxSessions }, (_, n) => signedIn({ userId: `user ${n}` }));
    await createAll(store, others);
    const flood = Array.from({ length: 2 * maxSessions }, () => signedIn());
    await createAll(store, flood);
    expect((await kept(store, others)).length).toBe(maxSessions - share);
    // The user's newest ones are the ones that stay.
    const all = Array.from(flood, (_, place) => place);
    expect(await kept(store, flood)).toEqual(all.slice(-share));
  });

  it("takes room back from a user who had it while nobody wanted it, though all is in use", async () => {
    const store = memoryStore({ maxSessions: 100 });
    const many = Array.from({ length: 90 }, () => signedIn());
    await createAll(store, many);
    const others = Array.from({ length: 80 }, (_, n) => signedIn({ userId: `user ${n}` }));
    for (const other of others) {
      await kept(store, many);
      await store.create(other, call);
    }
    expect(await kept(store, others)).toHaveLength(80);
    expect(await kept(store, many)).toHaveLength(20);
  });

  it("keeps within its bytes, counting two for a character", async () => {
    const store = memoryStore({ maxBytes: 2_000 });
    const data = JSON.stringify("x".repeat(398));
    const records = [anonymous({ data }), anonymous({ data }), anonymous({ data })];
    await createAll(store, records);
    expect(await kept(store, records)).toEqual([1, 2]);
  });

  it("makes room for a record that grows, and keeps that one", async () => {
    const store = memoryStore({ maxBytes: 2_000 });
    const data = JSON.stringify("x".repeat(298));
    const records = [anonymous({ data }), signedIn({ data }), signedIn({ data })] as const;
    await createAll(store, records);
    const grown = successorOf(records[0], { data: JSON.stringify("x".repeat(598)) });
    expect(await store.update(grown, records[0].version, call)).toEqual({ kind: "updated" });
    expect(await kept(store, records)).toEqual([0, 2]);
  });

  it("refuses a record that alone is too large, and keeps the others", async () => {
    const store = memoryStore({ maxBytes: 2_000 });
    const records = [anonymous(), anonymous()] as const;
    await createAll(store, records);
    const data = JSON.stringify("x".repeat(1_000));
    const grown = successorOf(records[0], { data });
    await expect(store.create(anonymous({ data }), call)).rejects.toThrow(StoreError);
    await expect(store.update(grown, records[0].version, call)).rejects.toThrow(/maxBytes/);
    expect(await store.load(records[0].id, call)).toEqual(records[0]);
    expect(await kept(store, records)).toEqual([0, 1]);
  });

  it("finds by user only what it has kept", async () => {
    const store = memoryStore({ maxSessions: 2 });
    const records = [signedIn(), signedIn(), signedIn()];
    await createAll(store, records);
    const listed = await store.directory.list({ manager, userId: "alice" }, call);
    expect(listed.map(({ id }) => id).sort()).toEqual([records[1]?.id, records[2]?.id].sort());
    expect(await store.directory.count(manager, call)).toBe(2);
  });
});

describe("the memory store", () => {
  it("answers like a plain Map, whatever the run of operations", async () => {
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const answers = await play(memoryStore(), run);
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 500 },
    );
  });

  it("hands out what nobody else has", async () => {
    const store = memoryStore();
    const record = anonymous();
    await store.create(record, call);
    const loaded = await store.load(record.id, call);
    expect(loaded).not.toBe(record);
    Object.assign(loaded ?? {}, { data: '{"changed":true}', userId: "mallory" });
    expect(await store.load(record.id, call)).toEqual(record);
  });

  it("keeps sessions apart whose timeouts are each their own", async () => {
    const store = memoryStore();
    const records = Array.from({ length: 40 }, (_, n) => anonymous({ absoluteTimeoutMs: n + 1 }));
    await createAll(store, records);
    for (const record of records) expect(await store.load(record.id, call)).toEqual(record);
  });

  it("keeps nothing of a session for the one that takes its place", async () => {
    const store = memoryStore({ maxSessions: 1 });
    const facts = { userId: "alice", device: "Firefox", flash: "[1]", notes: '{"g":1}' };
    const full = successorOf(anonymous({ ...facts, authenticatedAt: NOW }));
    const plain = anonymous();
    await createAll(store, [full]);
    expect(await store.load(full.id, call)).toEqual(full);
    await createAll(store, [plain]);
    expect(await store.load(plain.id, call)).toEqual(plain);
    await store.end(tombstoneAt(NOW, plain), undefined, call);
    const later = anonymous();
    await createAll(store, [later]);
    expect(await store.load(later.id, call)).toEqual(later);
    expect(await store.load(plain.id, call)).toBeUndefined();
  });

  it("never asks for the signal, which costs its maker", async () => {
    const store = memoryStore();
    const silent = {
      now: NOW,
      get signal(): AbortSignal {
        throw new Error("the signal was asked for");
      },
    };
    const record = signedIn();
    await store.create(record, silent);
    await store.load(record.id, silent);
    await store.update(successorOf(record), record.version, silent);
    await store.touch(record.id, record, silent);
    await store.end(tombstoneAt(NOW, record), undefined, silent);
    await store.directory.list({ manager, userId: "alice" }, silent);
  });

  it("lets others have their turn while it deletes many", async () => {
    const store = memoryStore();
    const records = Array.from({ length: 5_000 }, () => anonymous());
    await createAll(store, records);
    const turns: string[] = [];
    setImmediate(() => turns.push("another's"));
    const deleting = store.expiry.deleteExpired({ ...call, now: NOW + 60 * MINUTE_MS });
    const deleted = await deleting.finally(() => turns.push("deleted"));
    expect(turns).toEqual(["another's", "deleted"]);
    expect(deleted).toBe(5_000);
  });

  it("lets others have their turns while it finds that all were used since", async () => {
    const store = memoryStore();
    const records = Array.from({ length: 5_000 }, () => anonymous());
    await createAll(store, records);
    const later = NOW + 60 * MINUTE_MS;
    const seen = { lastSeenAt: later, expiresAt: later + 60 * MINUTE_MS };
    for (const { id } of records) await store.touch(id, seen, call);
    let turns = 0;
    let isDone = false;
    const deleting = store.expiry.deleteExpired({ ...call, now: later }).finally(() => {
      isDone = true;
    });
    for (; !isDone; turns += 1) await new Promise((resume) => setImmediate(resume));
    expect(await deleting).toBe(0);
    expect(turns).toBeGreaterThanOrEqual(5);
    expect(await store.directory.count(manager, { ...call, now: later })).toBe(5_000);
  });

  it("stops deleting when the call is aborted", async () => {
    const store = memoryStore();
    const records = Array.from({ length: 5_000 }, () => anonymous());
    await createAll(store, records);
    const later = { now: NOW + 60 * MINUTE_MS, signal: AbortSignal.abort() };
    expect(await store.expiry.deleteExpired(later)).toBeLessThan(5_000);
  });

  it.each([
    ["maxSessions", 0],
    ["maxSessions", 1.5],
    ["maxBytes", -1],
    ["maxBytes", Number.NaN],
  ])("refuses %s: %d", (option, value) => {
    expect(() => memoryStore({ [option]: value })).toThrow(OptionsError);
  });

  it("refuses an option that it does not know", () => {
    // @ts-expect-error connect-style stores call it so
    expect(() => memoryStore({ max: 5 })).toThrow(OptionsError);
  });
});

describe("generations in bounded memory", () => {
  const user = (place: number): UserKey => ({ manager, userId: String(place) });
  const now = NOW;

  it("move at each raise, by the clock or past it", () => {
    const generations = new Generations(2);
    for (let turn = 0; turn < 100; turn += 1) {
      const before = generations.of(user(turn % 5), now);
      const raised = generations.raise(user(turn % 5), now);
      expect(raised).toBeGreaterThan(before);
      expect(raised).toBeGreaterThanOrEqual(now);
      expect(generations.of(user(turn % 5), now)).toBe(raised);
    }
  });

  it("stay while a request may be under way, however many users there are", () => {
    const generations = new Generations(10);
    const raised = [...Array(100).keys()].map((place) => generations.raise(user(place), now));
    for (const [place, generation] of raised.entries()) {
      expect(generations.of(user(place), now + MINUTE_MS)).toBe(generation);
    }
  });

  it("are forgotten beyond the bound, those raised longest ago first", () => {
    const generations = new Generations(10);
    for (let place = 0; place < 100; place += 1)
      generations.raise(user(place), now + place * HOUR_MS);
    const end = now + 100 * HOUR_MS;
    const known = [...Array(100).keys()].filter((place) => generations.of(user(place), end) > 0);
    expect(known).toEqual([...Array(10).keys()].map((place) => 90 + place));
  });

  it("are 0 once they need not be kept, and rise above what was forgotten", () => {
    const generations = new Generations(10);
    const first = generations.raise(user(1), now, now + HOUR_MS);
    expect(generations.of(user(1), now + HOUR_MS - 1)).toBe(first);
    expect(generations.of(user(1), now + HOUR_MS)).toBe(0);
    expect(generations.raise(user(1), now + HOUR_MS)).toBeGreaterThan(first);
  });

  it("are kept as long as the longest wish", () => {
    const generations = new Generations(10);
    generations.raise(user(1), now, now + 2 * HOUR_MS);
    generations.raise(user(1), now, now + HOUR_MS);
    expect(generations.of(user(1), now + HOUR_MS)).toBeGreaterThan(0);
  });
});
