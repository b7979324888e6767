import { mkdir, readdir, rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SessionRecord, StoredSession } from "../../src/core/record.ts";
import type { SilentStore, StoreCall } from "../../src/core/store.ts";
import { FileStore } from "../../src/stores/file/file-store.ts";
import { fileStore } from "../../src/stores/file/index.ts";
import { Places } from "../../src/stores/file/places.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { temporaryFolder } from "./support/file-folders.ts";
import { type Event, isSequential, type Operation, perform } from "./support/file-history.ts";
import { type Choose, everyOrder, randomOrder, Schedule } from "./support/file-schedule.ts";

const NOW = 1_700_000_000_000;
const PATIENCE_MS = 300_000;
/** Of the thousands for two writes; all of them where the variable is large, in some minutes. */
const MAX_ORDERS = Number(process.env["SOJOURN_FILE_ORDERS"] ?? 120);
const HOUR_MS = 3_600_000;
const manager = "shop";
const signal = new AbortController().signal;
const call: StoreCall = { now: NOW, signal };

let folder = "";
let plain: SilentStore;
beforeEach(async () => {
  folder = await temporaryFolder();
  plain = fileStore(folder);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** What one writer does, given what it loaded. */
type Script = (act: (operation: Operation, now?: number) => Promise<unknown>) => Promise<void>;

/** Plays the scripts in one order on a new session, and checks the history. */
async function playOnce(
  scriptsFor: (record: SessionRecord) => readonly Script[],
  choose: Choose,
): Promise<void> {
  const record = recordAt(NOW, { manager, data: "0", userId: "alice" });
  await plain.create(record, call);
  const schedule = new Schedule();
  const events: Event[] = [];
  const writers: (() => Promise<void>)[] = [];
  for (const [writer, script] of scriptsFor(record).entries()) {
    const store = new FileStore(folder, schedule.filesOf(writer), plain.profile, HOUR_MS);
    await store.load(record.id, call);
    writers.push(() =>
      script(async (operation, now = NOW) => {
        const event: Event = {
          operation,
          now,
          began: schedule.steps,
          ended: Number.POSITIVE_INFINITY,
          answer: undefined,
        };
        events.push(event);
        event.answer = await perform(store, operation, { now, signal });
        event.ended = schedule.steps;
        return event.answer;
      }),
    );
  }
  const crashed = await schedule.run(writers, choose);
  const last = await plain.load(record.id, { ...call, now: 0 });
  expect(isSequential(events, record, last), JSON.stringify(events, undefined, 1)).toBe(true);
  await checkIndex(record, last, events);
  await checkRemains(record, last, crashed.size);
}

/**
 * One file is left of a session once a sweep has passed, but for one of each writer that crashed,
 * and nothing where the session is not there.
 */
async function checkRemains(
  record: SessionRecord,
  last: StoredSession | undefined,
  crashed: number,
): Promise<void> {
  await plain.expiry.deleteExpired({ ...call, now: 0 });
  const places = new Places(folder);
  const entries = await readdir(places.records, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  expect(files.length).toBeLessThanOrEqual(last === undefined ? 0 : 1 + crashed);
  const session = places.session(record.id);
  if (last === undefined) await expect(readdir(session)).rejects.toThrow("ENOENT");
  await rm(places.records, { recursive: true });
  await rm(places.users, { recursive: true, force: true });
}

/** An acknowledged live record is on its user's list. */
async function checkIndex(
  record: SessionRecord,
  last: StoredSession | undefined,
  events: readonly Event[],
): Promise<void> {
  if (last?.kind !== "live") return;
  const isUnsettled = events.some(
    ({ operation, ended }) => ended === Number.POSITIVE_INFINITY && "record" in operation,
  );
  if (isUnsettled) return;
  const user = { manager, userId: last.userId ?? "" };
  expect(await plain.directory.list(user, { ...call, now: 0 })).toEqual([last]);
  expect(last.id).toBe(record.id);
}

const seen = { lastSeenAt: NOW + 1, expiresAt: NOW + 2 * HOUR_MS };
/** When a sweep finds what has expired without a touch, but not what was touched. */
const LATE = NOW + 2 * HOUR_MS;

const update =
  (data: string, userId = "alice") =>
  (record: SessionRecord): Script =>
  async (act) => {
    const next = successorOf(record, { data, userId });
    await act({ kind: "update", record: next, expected: record.version });
  };
const end =
  (record: SessionRecord): Script =>
  async (act) => {
    const tombstone = tombstoneAt(NOW, record);
    await act({ kind: "end", tombstone, expected: undefined });
  };
const touch =
  (record: SessionRecord): Script =>
  async (act) => {
    await act({ kind: "touch", id: record.id, seen });
  };
const load =
  (record: SessionRecord): Script =>
  async (act) => {
    await act({ kind: "load", id: record.id });
  };
const replace =
  (record: SessionRecord): Script =>
  async (act) => {
    const next = successorOf(record, { data: "new", expiresAt: LATE + HOUR_MS });
    await act({ kind: "create", record: next }, LATE);
  };

describe("each order of the steps of two writers", () => {
  it.each([
    ["two updates", update("a"), update("b"), 100],
    ["an update and an end", update("a"), end, 100],
    ["an update and a touch", update("a"), touch, 100],
    ["an end and a touch", end, touch, 100],
    ["two touches", touch, touch, 4],
    ["an update and a load", update("a"), load, 20],
    ["a touch and a load", touch, load, 4],
    ["a creation over what has expired, and a touch", replace, touch, 20],
  ])(
    "makes a sequence of %s",
    async (_, one, other, atLeast) => {
      const orders = await everyOrder(MAX_ORDERS, (choose) =>
        playOnce((record) => [one(record), other(record)], choose),
      );
      expect(orders).toBeGreaterThanOrEqual(atLeast);
    },
    PATIENCE_MS,
  );
});

describe("three writers in orders at random", () => {
  const countOnce = async (
    act: Parameters<Script>[0],
    { id }: SessionRecord,
    changes: Partial<SessionRecord>,
  ): Promise<void> => {
    const current = (await act({ kind: "load", id })) as StoredSession | undefined;
    if (current?.kind !== "live") return;
    const next = successorOf(current, changes);
    await act({ kind: "update", record: next, expected: current.version });
  };

  /** Loads, and writes what follows from that, several times. */
  const counting =
    (writer: number) =>
    (record: SessionRecord): Script =>
    async (act) => {
      const userId = writer === 0 ? "bob" : "alice";
      await countOnce(act, record, { data: `${writer}`, userId });
      await countOnce(act, record, { data: `${writer} again`, userId });
    };
  const sweeping = (): Script => async (act) => {
    await act({ kind: "sweep" }, LATE);
  };

  it.each([
    ["count", [counting(0), counting(1), counting(2)], 0],
    ["count, and crash", [counting(0), counting(1), counting(2)], 0.03],
    ["count, touch and end", [counting(0), touch, end], 0],
    ["count, touch and sweep", [counting(0), touch, sweeping], 0],
    ["replace, touch and sweep, and crash", [replace, touch, sweeping], 0.02],
    ["replace, sweep twice", [replace, sweeping, sweeping], 0],
  ] as const)(
    "%s",
    async (_, scripts, crashes) => {
      for (let seed = 1; seed <= 40; seed += 1) {
        await playOnce(
          (record) => scripts.map((script) => script(record)),
          randomOrder(seed, crashes),
        );
      }
    },
    PATIENCE_MS,
  );
});

describe("two who raise a user's generation", () => {
  const user = { manager, userId: "alice" };

  /** Lets two raise it, and as many sweep, in one order. */
  async function raiseOnce(
    choose: Choose,
    keepUntil: number | undefined,
    sweepers: number,
  ): Promise<void> {
    await plain.directory.raiseGeneration(user, { ...call, now: NOW - 1 }, keepUntil);
    const schedule = new Schedule();
    const raised: number[] = [];
    const stores = Array.from(
      { length: 2 + sweepers },
      (_, writer) => new FileStore(folder, schedule.filesOf(writer), plain.profile, HOUR_MS),
    );
    await Promise.all(stores.map((store) => store.load(recordAt(NOW, { manager }).id, call)));
    const writers = stores.map(({ directory, expiry }, writer) => async () => {
      if (writer > 1) await expiry.deleteExpired({ ...call, now: NOW + 3 * HOUR_MS });
      else raised.push(await directory.raiseGeneration(user, call, NOW + 4 * HOUR_MS));
    });
    await schedule.run(writers, choose);
    const newest = await plain.directory.generation(user, call);
    expect(new Set(raised).size).toBe(2);
    expect(Math.min(...raised)).toBeGreaterThanOrEqual(NOW);
    expect(newest).toBe(Math.max(...raised));
    await rm(new Places(folder).generations, { recursive: true });
    await mkdir(new Places(folder).generations);
  }

  it(
    "each get one of their own, in each order of their steps",
    async () => {
      const orders = await everyOrder(MAX_ORDERS, (choose) => raiseOnce(choose, undefined, 0));
      expect(orders).toBeGreaterThanOrEqual(100);
    },
    PATIENCE_MS,
  );

  it(
    "each get one of their own, in orders at random, though sweeps forget the one before",
    async () => {
      for (let seed = 1; seed <= 100; seed += 1) await raiseOnce(randomOrder(seed, 0), NOW, 2);
    },
    PATIENCE_MS,
  );
});
