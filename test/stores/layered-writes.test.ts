import { describe, expect, it } from "vitest";
import { Keeper } from "../../src/core/commit/keeper.ts";
import { Deadline } from "../../src/core/deadline.ts";
import { StoreError } from "../../src/core/errors.ts";
import type { SessionRecord } from "../../src/core/record.ts";
import type { SessionStore, StoreCall } from "../../src/core/store.ts";
import { layered } from "../../src/stores/layered/index.ts";
import { Marks } from "../../src/stores/layered/marks.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import {
  freshCommit,
  recordAt,
  successorOf,
  TOMBSTONE_LIFE_MS,
  tombstoneAt,
} from "../../src/testing/store/fixtures.ts";
import { liveIn, memoryBare, Origin } from "./support/layered-origin.ts";

const NOW = 1_800_000_000_000;
const manager = "shop";
const maxStaleness = "5s";
const call: StoreCall = { now: NOW, signal: new AbortController().signal };
const atBound: StoreCall = { ...call, now: NOW + 5_000 };
const user = { manager, userId: "alice" };

function fresh(changes: Partial<SessionRecord> = {}): SessionRecord {
  return recordAt(NOW, { manager, userId: "alice", ...changes });
}

function endAll(): Parameters<Required<SessionStore>["directory"]["endAll"]>[1] {
  const times = { endedAt: NOW, expiresAt: NOW + TOMBSTONE_LIFE_MS };
  return { except: undefined, version: freshCommit(), reason: "revoked", ...times };
}

/** A layered store that has subscribed, on an origin to play with. */
async function opened(near: SessionStore = memoryStore()) {
  const origin = new Origin();
  const store = layered(near, origin.handle(), { maxStaleness });
  await store.load(fresh().id, call);
  await expect.poll(() => origin.listeners.size).toBe(1);
  await turn();
  origin.asked.length = 0;
  return { origin, store };
}

/** Lets what is under way in memory come to its end. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function announce({ listeners }: Origin, ids: readonly SessionRecord["id"][]): void {
  for (const listener of listeners) listener.onEnded(ids);
}

describe("a fill that began before", () => {
  type Scene = Awaited<ReturnType<typeof opened>> & { readonly record: SessionRecord };
  const next = (record: SessionRecord): SessionRecord => successorOf(record, { data: '{"n":1}' });

  it.each<readonly [string, (scene: Scene) => Promise<unknown>]>([
    ["an update", ({ store, record }) => store.update(next(record), record.version, call)],
    ["an end", ({ store, record }) => store.end(tombstoneAt(NOW, record), undefined, call)],
    ["an endAll", ({ store }) => store.directory.endAll(user, endAll(), call)],
    [
      "a touch",
      ({ store, record }) =>
        store.touch(record.id, { lastSeenAt: NOW + 9, expiresAt: record.expiresAt }, call),
    ],
    [
      "the announcement of an end",
      async ({ origin, record }) => {
        await origin.inside.end(tombstoneAt(NOW, record), undefined, call);
        announce(origin, [record.id]);
      },
    ],
    [
      "a gap",
      async ({ origin, record }) => {
        await origin.inside.end(tombstoneAt(NOW, record), undefined, call);
        for (const listener of origin.listeners) listener.onGap();
      },
    ],
    [
      "an update whose answer was lost",
      ({ origin, store, record }) => {
        origin.lose("update", new Error("connection reset"));
        return store.update(next(record), record.version, call).catch(() => undefined);
      },
    ],
    [
      "an endAll whose answer was lost",
      async ({ origin, store }) => {
        await origin.inside.directory.endAll(user, endAll(), call);
        const { directory } = origin.inside;
        Object.assign(directory, { endAll: () => Promise.reject(new Error("connection reset")) });
        await store.directory.endAll(user, endAll(), call).catch(() => undefined);
      },
    ],
  ])("%s is thrown away", async (_, happen) => {
    const { origin, store } = await opened();
    const record = fresh();
    await origin.inside.create(record, call);
    const release = origin.hold("load");
    const filling = store.load(record.id, call);
    await turn();
    await happen({ origin, store, record });
    release();
    expect(await filling).toEqual(record);
    await turn();
    const truth = await origin.inside.load(record.id, call);
    expect(truth).not.toEqual(record);
    expect(await store.load(record.id, call)).toEqual(truth);
  });

  it("the subscription is thrown away", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.handle(), { maxStaleness });
    const record = fresh();
    await origin.inside.create(record, call);
    const [subscribe, release] = [origin.hold("subscribe"), origin.hold("load")];
    const filling = store.load(record.id, call);
    await turn();
    await origin.inside.end(tombstoneAt(NOW, record), undefined, call);
    subscribe();
    await turn();
    release();
    expect(await filling).toEqual(record);
    await turn();
    expect(await store.load(record.id, call)).toMatchObject({ kind: "ended" });
  });

  it("an end is not put into a near that others believe", async () => {
    const near = memoryStore();
    const { origin, store } = await opened(near);
    const record = fresh();
    await origin.inside.create(record, call);
    const release = origin.hold("load");
    const filling = store.load(record.id, call);
    await turn();
    announce(origin, [record.id]);
    release();
    await filling;
    await turn();
    expect(await near.load(record.id, call)).toBeUndefined();
  });
});

describe("near", () => {
  it("forgets by itself at the bound", async () => {
    const near = memoryStore();
    const { store } = await opened(near);
    const record = fresh();
    await store.create(record, call);
    expect(await near.load(record.id, { ...call, now: NOW + 4_999 })).toBeDefined();
    expect(await near.load(record.id, atBound)).toBeUndefined();
  });

  it("is not believed after an end that it did not take", async () => {
    const near = memoryStore();
    const { origin, store } = await opened({
      ...memoryBare(near),
      update: () => Promise.reject(new Error("near cannot write")),
    });
    const record = fresh();
    await store.create(record, call);
    await store.directory.endAll(user, endAll(), call);
    expect(await near.load(record.id, call)).toMatchObject({ data: record.data });
    expect(await store.load(record.id, call)).toMatchObject({ kind: "ended" });
    expect(origin.loads).toBe(1);
  });

  it("is not made credible again by a touch", async () => {
    const { origin, store } = await opened();
    const record = fresh();
    await store.create(record, call);
    const next = successorOf(record);
    await origin.inside.update(next, record.version, call);
    for (const listener of origin.listeners) listener.onGap();
    const seen = { lastSeenAt: NOW + 1, expiresAt: record.expiresAt };
    await store.touch(record.id, seen, call);
    expect(await store.load(record.id, call)).toEqual({ ...next, ...seen });
  });

  it("keeps what was read later than what is put into it late", async () => {
    const near = new Origin();
    const { origin, store } = await opened(near.handle());
    const record = fresh();
    await store.create(record, call);
    const release = near.hold("load");
    const second = successorOf(record);
    const writing = store.update(second, record.version, call);
    await turn();
    const third = successorOf(second);
    await origin.inside.update(third, second.version, call);
    expect(await store.load(record.id, call)).toEqual(third);
    release();
    await writing;
    expect(await store.load(record.id, call)).toEqual(third);
    expect(origin.loads).toBe(1);
  });
});

describe("while a write is under way", () => {
  it("reads come from origin", async () => {
    const { origin, store } = await opened();
    const record = fresh();
    await store.create(record, call);
    const release = origin.hold("update");
    const next = successorOf(record);
    const writing = store.update(next, record.version, call);
    await turn();
    expect(await store.load(record.id, call)).toEqual(next);
    expect(origin.loads).toBe(1);
    release();
    await writing;
    expect(await store.load(record.id, call)).toEqual(next);
    expect(origin.loads).toBe(1);
  });

  it("another's later answer counts, whichever answer comes first", async () => {
    const { origin, store } = await opened();
    const record = fresh();
    await store.create(record, call);
    const [second, third] = [successorOf(record), successorOf(successorOf(record))];
    const release = origin.hold("update");
    const writing = store.update(second, record.version, call);
    await turn();
    await store.update(third, second.version, call);
    release();
    await writing;
    expect(await store.load(record.id, call)).toEqual(third);
  });

  it("an end counts, whatever answers come after it", async () => {
    const { origin, store } = await opened();
    const record = fresh();
    await store.create(record, call);
    const release = origin.hold("update");
    const next = successorOf(record);
    const writing = store.update(next, record.version, call);
    await turn();
    const tombstone = tombstoneAt(NOW, record);
    await store.end(tombstone, undefined, call);
    release();
    await writing;
    expect(await store.load(record.id, call)).toEqual(tombstone);
  });
});

describe("an end that is heard of before the answer of a write that came before it", () => {
  it.each(["update", "touch"] as const)("counts: %s", async (operation) => {
    for (const told of ["announcement", "gap"]) {
      const { origin, store } = await opened();
      const record = fresh();
      await store.create(record, call);
      const release = origin.hold(operation);
      const seen = { lastSeenAt: NOW + 1, expiresAt: record.expiresAt };
      const writing = {
        update: () => store.update(successorOf(record), record.version, call),
        touch: () => store.touch(record.id, seen, call),
      }[operation]();
      await turn();
      const tombstone = tombstoneAt(NOW, record);
      await origin.inside.end(tombstone, undefined, call);
      if (told === "announcement") announce(origin, [record.id]);
      else for (const listener of origin.listeners) listener.onGap();
      release();
      await writing;
      expect(await store.load(record.id, call)).toEqual(tombstone);
    }
  });

  it("is not served after the endAll that found it, though an earlier one did not", async () => {
    const { origin, store } = await opened();
    const first = fresh();
    await store.create(first, call);
    expect(await store.directory.endAll(user, endAll(), call)).toEqual([first.id]);
    // Given a new token by another process, just too late for the first look.
    const successor = fresh();
    await origin.inside.create(successor, call);
    expect(await store.load(successor.id, call)).toEqual(successor);
    const end = endAll();
    expect(await store.directory.endAll(user, end, call)).toEqual([successor.id]);
    const { version, reason } = end;
    expect(await store.load(successor.id, call)).toMatchObject({ kind: "ended", version, reason });
    expect(await store.directory.endAll(user, endAll(), call)).toEqual([]);
  });

  it("is not served after an endAll that found it done, and did not hear of it", async () => {
    const { origin, store } = await opened();
    const [record, written] = [fresh(), fresh()];
    await store.create(record, call);
    await store.create(written, call);
    const release = origin.hold("update");
    const writing = store.update(successorOf(written), written.version, call);
    await turn();
    for (const { id } of [record, written]) {
      await origin.inside.end(tombstoneAt(NOW, { id, manager }), undefined, call);
    }
    expect(await store.directory.endAll(user, endAll(), call)).toEqual([]);
    release();
    await writing;
    expect(await store.load(record.id, call)).toMatchObject({ kind: "ended" });
    expect(await store.load(written.id, call)).toMatchObject({ kind: "ended" });
  });

  it("stays in near, for those who share it", async () => {
    const near = memoryStore();
    const { origin, store } = await opened(near);
    const record = fresh();
    await store.create(record, call);
    const release = origin.hold("update");
    const writing = store.update(successorOf(record), record.version, call);
    await turn();
    await store.directory.endAll(user, endAll(), call);
    release();
    await writing;
    const other = layered(near, origin.silent(), { maxStaleness });
    expect(await other.load(record.id, call)).toMatchObject({ kind: "ended" });
    expect(origin.loads).toBe(0);
  });
});

describe("after a write whose answer was lost", () => {
  it("reads come from origin, until a write is answered", async () => {
    const { origin, store } = await opened();
    const record = fresh();
    await store.create(record, call);
    origin.lose("update", new Error("connection reset"));
    const next = successorOf(record);
    await expect(store.update(next, record.version, call)).rejects.toThrow("connection reset");
    expect(await store.load(record.id, call)).toEqual(next);
    expect(await store.load(record.id, call)).toEqual(next);
    expect(origin.loads).toBe(2);
    const last = successorOf(next);
    await store.update(last, next.version, call);
    expect(await store.load(record.id, call)).toEqual(last);
    expect(origin.loads).toBe(2);
  });

  it("near goes on, if nothing was written", async () => {
    const { origin, store } = await opened();
    const record = fresh();
    await store.create(record, call);
    await origin.inside.touch(record.id, record, call);
    origin.lose("end", new StoreError("end", "failed", "it was not sent"));
    await expect(store.end(tombstoneAt(NOW, record), freshCommit(), call)).rejects.toThrow();
    expect(await store.load(record.id, call)).toEqual(record);
    expect(origin.loads).toBe(0);
  });

  it.each(["create", "update", "end"] as const)("a keeper settles it: %s", async (operation) => {
    const { origin, store } = await opened();
    const keeper = new Keeper(store, () => undefined);
    const deadline = new Deadline(2_000, NOW);
    const record = fresh();
    if (operation !== "create") await keeper.create(record, deadline);
    await store.load(record.id, call);
    origin.lose(operation, new Error("connection reset"));
    const next = successorOf(record);
    const tombstone = tombstoneAt(NOW, record);
    const outcome = await {
      create: () => keeper.create(record, deadline),
      update: () => keeper.update(next, record.version, deadline),
      end: () => keeper.end(tombstone, record.version, deadline),
    }[operation]();
    const good = { create: "created", update: { kind: "updated" }, end: { kind: "ended" } };
    expect(outcome).toEqual(good[operation]);
    const truth = { create: record, update: next, end: tombstone }[operation];
    expect(await store.load(record.id, call)).toEqual(truth);
    expect(origin.asked.filter((asked) => asked === operation)).toHaveLength(1);
  });

  it("loses no update that was built on something read late", async () => {
    const { origin, store } = await opened();
    const record = fresh();
    await store.create(record, call);
    const others = successorOf(record, { data: '{"others":1}' });
    await origin.inside.update(others, record.version, call);
    const late = await store.load(record.id, call);
    expect(late).toEqual(record);
    const outcome = await store.update(successorOf(record), record.version, call);
    expect(outcome).toEqual({ kind: "conflict", current: others });
    expect(await store.load(record.id, call)).toEqual(others);
  });

  it("loses no increment of many writers", async () => {
    const origin = new Origin();
    const stores = [1, 2, 3].map(() => layered(memoryStore(), origin.handle(), { maxStaleness }));
    const record = fresh({ data: '{"count":0}' });
    await origin.inside.create(record, call);
    const increment = async (store: SessionStore): Promise<void> => {
      let current = await liveIn(store, record);
      for (;;) {
        const { count } = JSON.parse(current.data);
        const next = successorOf(current, { data: JSON.stringify({ count: count + 1 }) });
        const outcome = await store.update(next, current.version, call);
        if (outcome.kind === "updated") return;
        if (outcome.kind === "gone") throw new Error("it is gone");
        current = outcome.current;
      }
    };
    const turns = Array.from({ length: 20 }, () => stores).flat();
    await Promise.all(turns.map((store) => increment(store)));
    expect((await liveIn(origin.inside, record)).data).toBe('{"count":60}');
  });
});

describe("an end in another process", () => {
  it("is seen at once where it is announced", async () => {
    const { origin, store } = await opened();
    const record = fresh();
    await store.create(record, call);
    const tombstone = tombstoneAt(NOW, record);
    await origin.inside.end(tombstone, undefined, call);
    announce(origin, [record.id]);
    expect(await store.load(record.id, call)).toEqual(tombstone);
  });

  it("is seen within the bound where the announcement is lost", async () => {
    const { origin, store } = await opened();
    const record = fresh();
    await store.create(record, call);
    const tombstone = tombstoneAt(NOW, record);
    await origin.inside.end(tombstone, undefined, call);
    expect(await store.load(record.id, { ...call, now: NOW + 4_999 })).toEqual(record);
    expect(await store.load(record.id, atBound)).toEqual(tombstone);
  });

  it("is seen after a gap, whichever session it was", async () => {
    const { origin, store } = await opened();
    const records = [fresh(), fresh(), fresh()];
    for (const record of records) await store.create(record, call);
    for (const record of records) {
      await origin.inside.end(tombstoneAt(NOW, record), undefined, call);
    }
    for (const listener of origin.listeners) listener.onGap();
    for (const { id } of records) {
      expect(await store.load(id, call)).toMatchObject({ kind: "ended" });
    }
  });

  it("is not in near any more for a listener that looks at once", async () => {
    const inside = memoryStore();
    const store = layered(memoryStore(), inside, { maxStaleness });
    const record = fresh();
    const seen: unknown[] = [];
    await store.announcements.subscribe(
      {
        onEnded: ([id]) => void store.load(id ?? record.id, call).then((found) => seen.push(found)),
        onGap: () => undefined,
      },
      call,
    );
    await store.create(record, call);
    const tombstone = tombstoneAt(NOW, record);
    await inside.end(tombstone, undefined, call);
    await expect.poll(() => seen).toEqual([tombstone]);
  });
});

describe("hearing of ends", () => {
  it("is done by whoever else hears of them through the store, too", async () => {
    const origin = new Origin();
    origin.refusals = 1;
    const store = layered(memoryStore(), origin.handle(), { maxStaleness });
    const record = fresh();
    await store.create(record, call);
    const listener = { onEnded: () => undefined, onGap: () => undefined };
    await store.announcements.subscribe(listener, call);
    await origin.inside.end(tombstoneAt(NOW, record), undefined, call);
    announce(origin, [record.id]);
    expect(await store.load(record.id, call)).toMatchObject({ kind: "ended" });
  });

  it("ends with a store that is closed before it has begun", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.handle(), { maxStaleness });
    const release = origin.hold("subscribe");
    await store.load(fresh().id, call);
    expect(origin.listeners.size).toBe(1);
    await store.close();
    release();
    await expect.poll(() => origin.listeners.size).toBe(0);
  });

  it("begins with the first call, not before, and ends with close", async () => {
    const origin = new Origin();
    const store = layered(memoryStore(), origin.handle(), { maxStaleness });
    await turn();
    expect(origin.subscriptions).toBe(0);
    await store.load(fresh().id, call);
    await store.load(fresh().id, call);
    expect(origin.listeners.size).toBe(1);
    await store.close();
    expect([origin.subscriptions, origin.listeners.size]).toEqual([1, 0]);
  });

  it("is tried again where it failed, at a later call and after a pause", async () => {
    const origin = new Origin();
    origin.refusals = 1;
    const store = layered(memoryStore(), origin.handle(), { maxStaleness });
    for (let read = 0; read < 50; read += 1) await store.load(fresh().id, call);
    expect(origin.subscriptions).toBe(1);
    const again = (): Promise<number> =>
      store.load(fresh().id, call).then(() => origin.listeners.size);
    await expect.poll(again).toBe(1);
    expect(origin.subscriptions).toBe(2);
  });
});

describe("a near that processes share", () => {
  async function two() {
    const near = memoryStore();
    const origin = new Origin();
    const mine = layered(near, origin.silent(), { maxStaleness });
    const other = layered(near, origin.silent(), { maxStaleness });
    const record = fresh();
    await mine.create(record, call);
    return { near, origin, mine, other, record };
  }

  it("shows one process at once what another writes and ends, though nothing is announced", async () => {
    const { origin, mine, other, record } = await two();
    expect(await other.load(record.id, call)).toEqual(record);
    const next = successorOf(record);
    await mine.update(next, record.version, call);
    expect(await other.load(record.id, call)).toEqual(next);
    const seen = { lastSeenAt: NOW + 5, expiresAt: next.expiresAt + 5 };
    await mine.touch(record.id, seen, call);
    expect(await other.load(record.id, call)).toEqual({ ...next, ...seen });
    const tombstone = tombstoneAt(NOW, record);
    await mine.end(tombstone, undefined, call);
    expect(await other.load(record.id, call)).toEqual(tombstone);
    expect(origin.loads).toBe(0);
  });

  it("shows at once whom another process signs out everywhere", async () => {
    const { origin, mine, other, record } = await two();
    await mine.directory.endAll(user, endAll(), call);
    expect(await other.load(record.id, call)).toMatchObject({ kind: "ended", reason: "revoked" });
    expect(origin.loads).toBe(0);
  });

  it("is not believed after an endAll that found a session ended already", async () => {
    const { origin, other, record } = await two();
    await origin.inside.end(tombstoneAt(NOW, record), undefined, call);
    expect(await other.directory.endAll(user, endAll(), call)).toEqual([]);
    expect(await other.load(record.id, call)).toMatchObject({ kind: "ended" });
  });

  it("serves turns of two processes that write one session", async () => {
    const { origin, mine, other, record } = await two();
    let last = record;
    for (let write = 0; write < 20; write += 1) {
      const store = write % 2 === 0 ? mine : other;
      expect(await store.load(record.id, call)).toEqual(last);
      const next = successorOf(last);
      await store.update(next, last.version, call);
      last = next;
    }
    expect(origin.loads).toBe(0);
  });

  it("is not believed where it may show the first of two writes at a time", async () => {
    const [near, origin] = [memoryStore(), new Origin()];
    const mine = layered(near, origin.silent(), { maxStaleness });
    const other = layered(near, origin.silent(), { maxStaleness });
    const record = fresh();
    await origin.inside.create(record, call);
    const [second, third] = [successorOf(record), successorOf(successorOf(record))];
    const [answer, fill] = [origin.hold("update"), origin.hold("load")];
    const writing = mine.update(second, record.version, call);
    const filling = other.load(record.id, call);
    await turn();
    await mine.update(third, second.version, call);
    answer();
    await writing;
    fill();
    expect(await filling).toEqual(second);
    await turn();
    expect(await mine.load(record.id, call)).toEqual(third);
  });

  it("is not believed where it shows less than this process has done", async () => {
    const { near, origin, mine, other, record } = await two();
    const next = successorOf(record);
    await mine.update(next, record.version, call);
    // Near is emptied, and a fill comes in that began before.
    const there = await liveIn(near, record);
    await near.end(tombstoneAt(NOW, there, { expiresAt: NOW }), undefined, { ...call, now: 0 });
    await origin.inside.end(tombstoneAt(NOW, record, { expiresAt: NOW }), undefined, call);
    await origin.inside.create(record, call);
    await other.load(record.id, call);
    await turn();
    expect(await liveIn(near, record)).toMatchObject({ data: record.data });
    const before = origin.loads;
    await mine.load(record.id, call);
    expect(origin.loads).toBe(before + 1);
  });
});

describe("marks", () => {
  it("are bounded, and tell when they forget one that may still be wanting", () => {
    let forgotten = 0;
    const marks = new Marks(60_000, () => {
      forgotten += 1;
    });
    const mark = { since: 1, known: undefined, isOpen: false };
    const ids = Array.from({ length: 120_000 }, (_, place) => `${place}` as SessionRecord["id"]);
    for (const id of ids) {
      marks.set(id, mark);
      expect(marks.get(id)).toBe(mark);
    }
    expect(forgotten).toBe(2);
    expect(ids.filter((id) => marks.get(id) !== undefined)).toHaveLength(70_000);
  });
});
