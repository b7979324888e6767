import fc from "fast-check";
import { MemcacheClient } from "memcache-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pooledRandom } from "../../src/core/environment.ts";
import { OptionsError } from "../../src/core/errors.ts";
import type { SilentStore, StoreCall } from "../../src/core/store.ts";
import { newToken, sessionId } from "../../src/core/token.ts";
import { createSessions, memoryStore } from "../../src/index.ts";
import { memcachedStore, type PromiseMemcachedClient } from "../../src/stores/memcached/index.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { memcached } from "../support/servers/memcached.ts";
import { startServer, type TestServer } from "../support/servers/test-server.ts";
import { CLIENTS, type OpenClient } from "./support/memcached-clients.ts";
import { secondsLeft, wire } from "./support/memcached-wire.ts";
import { play, RUNS } from "./support/model.ts";

const manager = "shop";
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const MEBIBYTE = 1_048_576;
const now = Date.now();
const call: StoreCall = { now, signal: new AbortController().signal };

let server: TestServer;
beforeAll(async () => {
  server = await startServer(memcached());
});
afterAll(() => server.stop());

const keyOf = ({ id }: { readonly id: string }): string => `sojourn:${id}`;

describe.each(CLIENTS)("the Memcached store by %s", (_, connect) => {
  let open: OpenClient;
  beforeEach(() => {
    open = connect(server);
  });
  afterEach(() => open.close());

  it("answers like a plain Map, whatever the run of operations", async () => {
    const kinds = new Set(["load", "create", "update", "end", "touch", "advance"]);
    // What it lacks is not played.
    const { directory, expiry } = memoryStore();
    await fc.assert(
      fc.asyncProperty(RUNS, async (run) => {
        const store = memcachedStore(open.client);
        const bound: SilentStore = {
          profile: store.profile,
          load: (...given) => store.load(...given),
          create: (...given) => store.create(...given),
          update: (...given) => store.update(...given),
          end: (...given) => store.end(...given),
          touch: (...given) => store.touch(...given),
          close: () => store.close(),
          directory,
          expiry,
        };
        const answers = await play(
          bound,
          run.filter(({ kind }) => kinds.has(kind)),
        );
        expect(answers.store).toEqual(answers.model);
      }),
      { numRuns: 100 },
    );
  });

  it("keeps the library's notes of a session, and of one that has ended", async () => {
    const store = memcachedStore(open.client);
    const record = recordAt(now, { manager, notes: '{"family":"é"}' });
    await store.create(record, call);
    expect(await store.load(record.id, call)).toEqual(record);
    const next = successorOf(record, { notes: undefined });
    await store.update(next, record.version, call);
    expect(await store.load(record.id, call)).toEqual(next);
    const tombstone = tombstoneAt(now, record, { notes: '{"revoked":1}' });
    await store.end(tombstone, undefined, call);
    expect(await store.load(record.id, call)).toEqual(tombstone);
  });

  it("lets the server forget a session a moment after its end, a touched one later", async () => {
    const store = memcachedStore(open.client);
    const record = recordAt(now, { manager, expiresAt: now + 1_800 * SECOND_MS });
    await store.create(record, call);
    expect(await secondsLeft(server, keyOf(record))).toBeOneOf([1_799, 1_800, 1_801]);
    const seen = { lastSeenAt: now, expiresAt: now + 3_600 * SECOND_MS };
    await store.touch(record.id, seen, call);
    expect(await secondsLeft(server, keyOf(record))).toBeOneOf([3_599, 3_600, 3_601]);
    await store.end(tombstoneAt(now, record), undefined, call);
    expect(await secondsLeft(server, keyOf(record))).toBeOneOf([299, 300, 301]);
  });

  it.each([29.9, 30, 30.1, 90, 2_000])("keeps a session for %d days", async (days) => {
    const store = memcachedStore(open.client);
    const record = recordAt(now, { manager, expiresAt: now + days * DAY_MS });
    await store.create(record, call);
    const seconds = (await secondsLeft(server, keyOf(record))) ?? 0;
    expect(Math.abs(seconds - days * 86_400)).toBeLessThan(60);
    expect(await store.load(record.id, call)).toEqual(record);
  });

  it("keeps for ever what ends after the last second that the server can count", async () => {
    const store = memcachedStore(open.client);
    const record = recordAt(now, { manager, expiresAt: 3_000_000_000 * SECOND_MS });
    await store.create(record, call);
    expect(await secondsLeft(server, keyOf(record))).toBe(-1);
    expect(await store.load(record.id, call)).toEqual(record);
  });

  it("is forgotten by the server itself", async () => {
    const store = memcachedStore(open.client);
    const record = recordAt(now, { manager, expiresAt: now + SECOND_MS });
    await store.create(record, call);
    const left = (): Promise<number | undefined> => secondsLeft(server, keyOf(record));
    await expect.poll(left, { interval: 100 }).toBeUndefined();
  });

  it("keeps the largest item that the server takes, and refuses a larger one unsent", async () => {
    const store = memcachedStore(open.client);
    const before = recordAt(now, { manager });
    await store.create(before, call);
    const room = MEBIBYTE - 256 - keyOf(before).length;
    const others = JSON.stringify({ format: 1, ...before, data: "" }).length;
    const largest = { ...before, data: "x".repeat(room - others) };
    expect(await store.update(largest, before.version, call)).toEqual({ kind: "updated" });
    expect(await store.load(before.id, call)).toEqual(largest);
    const larger = { ...largest, data: `${largest.data}x` };
    const failure = { name: "StoreError", outcome: "failed" };
    await expect(store.update(larger, before.version, call)).rejects.toMatchObject({
      ...failure,
      message: expect.stringMatching(/takes 1048577 bytes in Memcached, more than maxItemBytes/),
    });
    expect(await store.load(before.id, call)).toEqual(largest);
    const newcomer = recordAt(now, { manager, data: "x".repeat(MEBIBYTE) });
    await expect(store.create(newcomer, call)).rejects.toMatchObject(failure);
    expect(await store.load(newcomer.id, call)).toBeUndefined();
  });

  it("keeps what was there, when the server finds an item too large", async () => {
    const store = memcachedStore(open.client, { maxItemBytes: 2 * MEBIBYTE });
    const before = recordAt(now, { manager });
    await store.create(before, call);
    const larger = successorOf(before, { data: "x".repeat(MEBIBYTE) });
    await expect(store.update(larger, before.version, call)).rejects.toThrow();
    expect(await store.load(before.id, call)).toEqual(before);
  });

  it("keeps no token, and nothing of what a session was once it has ended", async () => {
    const token = newToken(pooledRandom());
    const store = memcachedStore(open.client);
    const texts = { data: '{"private":1}', flash: "[1]", userId: "alice", device: "Firefox" };
    const record = recordAt(now, { manager, id: sessionId(token, manager), ...texts });
    await store.create(record, call);
    expect(await wire(server, `get ${keyOf(record)}`)).toContain("private");
    expect(await wire(server, `get ${keyOf(record)}`)).not.toContain(token);
    await store.end(tombstoneAt(now, record), undefined, call);
    const left = await wire(server, `get ${keyOf(record)}`);
    expect(left).toContain('"kind":"ended"');
    expect(left).not.toMatch(/private|alice|Firefox|flash/);
  });

  it("refuses what it has not written, and does not quote it", async () => {
    const store = memcachedStore(open.client);
    const record = recordAt(now, { manager });
    for (const text of ['{"canary":', '{"format":2,"canary":1}', '"canary"', "null"]) {
      await wire(server, `set ${keyOf(record)} 0 60 ${text.length}\r\n${text}`);
      const failure: unknown = await store.load(record.id, call).catch((error) => error);
      expect(failure).toMatchObject({ name: "StoreError", outcome: "failed" });
      const { cause } = failure as Error;
      expect(`${failure} ${cause} ${(cause as Error).cause}`).not.toContain("canary");
    }
  });

  it("keeps prefixes apart", async () => {
    const [shop, staff] = ["shop:", "staff:"].map((prefix) =>
      memcachedStore(open.client, { prefix }),
    );
    const record = recordAt(now, { manager });
    await shop?.create(record, call);
    expect(await shop?.load(record.id, call)).toEqual(record);
    expect(await staff?.load(record.id, call)).toBeUndefined();
  });

  it("serves a manager, which says what it cannot do", async () => {
    const store = memcachedStore(open.client);
    const sessions = createSessions({ name: `shop-${freshName()}`, store });
    await expect(sessions.revokeAll({ userId: "alice" })).rejects.toThrow(OptionsError);
    await expect(sessions.list({ userId: "alice" })).rejects.toThrow(
      /cannot find sessions by user/,
    );
    await expect(sessions.count()).rejects.toThrow(OptionsError);
    await sessions.close();
  });
});

function freshName(): string {
  return recordAt(now, { manager })
    .id.slice(2, 10)
    .replaceAll(/[^A-Za-z0-9]/g, "x");
}

describe("a write that another overtakes between its gets and its cas", () => {
  let real: MemcacheClient;
  beforeEach(() => {
    real = new MemcacheClient({ server: `127.0.0.1:${server.port}`, noDelay: true });
  });
  afterEach(() => real.shutdown());

  /** The client, with something that happens before each of its first `cas` commands. */
  const overtaken = (...happenings: (() => Promise<unknown>)[]): PromiseMemcachedClient => ({
    options: real.options,
    gets: (key) => real.gets(key),
    add: (key, value, options) => real.add(key, value, options),
    async cas(key, value, options) {
      await happenings.shift()?.();
      return real.cas(key, value, options);
    },
  });

  it("lands upon a touch, and keeps the later clock of two touches", async () => {
    const other = memcachedStore(real);
    const record = recordAt(now, { manager });
    await other.create(record, call);
    const late = { lastSeenAt: now + 9, expiresAt: record.expiresAt + 9 };
    const early = { lastSeenAt: now + 5, expiresAt: record.expiresAt + 5 };
    const touching = memcachedStore(overtaken(() => other.touch(record.id, late, call)));
    expect(await touching.touch(record.id, early, call)).toBe(true);
    expect(await other.load(record.id, call)).toEqual({ ...record, ...late });
    const after = successorOf(record);
    const even = { lastSeenAt: now + 20, expiresAt: record.expiresAt + 20 };
    const updating = memcachedStore(overtaken(() => other.touch(record.id, even, call)));
    expect(await updating.update(after, record.version, call)).toEqual({ kind: "updated" });
    expect(await other.load(record.id, call)).toEqual(after);
  });

  it("tells when the server finds an item too large", async () => {
    const store = memcachedStore(real, { maxItemBytes: 2 * MEBIBYTE });
    const record = recordAt(now, { manager, data: "x".repeat(MEBIBYTE) });
    await expect(store.create(record, call)).rejects.toMatchObject({
      name: "StoreError",
      outcome: "failed",
      message: expect.stringContaining("is its -I below maxItemBytes"),
    });
  });

  it("gives way to an end, whatever it is", async () => {
    const other = memcachedStore(real);
    const record = recordAt(now, { manager });
    await other.create(record, call);
    const tombstone = tombstoneAt(now, record);
    const ending = (): Promise<unknown> => other.end(tombstone, undefined, call);
    const store = memcachedStore(overtaken(ending));
    const outcome = await store.update(successorOf(record), record.version, call);
    expect(outcome).toEqual({ kind: "gone", tombstone });
    expect(await store.touch(record.id, record, call)).toBe(false);
    expect(await other.load(record.id, call)).toEqual(tombstone);
  });

  it("finds an evicted session gone, and does not bring it back", async () => {
    const other = memcachedStore(real);
    const record = recordAt(now, { manager });
    const evict = (): Promise<unknown> => wire(server, `delete ${keyOf(record)}`);
    const gone = { kind: "gone", tombstone: undefined };
    const touched = { lastSeenAt: now + 9, expiresAt: record.expiresAt + 9 };
    const attempts: readonly (readonly [(store: typeof other) => Promise<unknown>, unknown])[] = [
      [(store) => store.update(successorOf(record), record.version, call), gone],
      [(store) => store.end(tombstoneAt(now, record), undefined, call), gone],
      [(store) => store.touch(record.id, touched, call), false],
    ];
    for (const [attempt, answer] of attempts) {
      await other.create(record, call);
      expect(await attempt(memcachedStore(overtaken(evict)))).toEqual(answer);
      expect(await other.load(record.id, call)).toBeUndefined();
    }
  });

  it("takes an expired item's place once, of two that create the same id", async () => {
    const other = memcachedStore(real);
    const expired = recordAt(now, { manager });
    await other.create(expired, call);
    const later = { ...call, now: expired.expiresAt + 1 };
    const rival = recordAt(later.now, { manager, id: expired.id });
    const store = memcachedStore(overtaken(() => other.create(rival, later)));
    const newcomer = recordAt(later.now, { manager, id: expired.id });
    expect(await store.create(newcomer, later)).toBe("taken");
    expect(await other.load(rival.id, later)).toEqual(rival);
  });

  it("knows its own commit again, by a client that sends twice", async () => {
    const twice: PromiseMemcachedClient = {
      ...overtaken(),
      async cas(key, value, options) {
        await real.cas(key, value, options);
        return real.cas(key, value, options);
      },
    };
    const store = memcachedStore(twice);
    const record = recordAt(now, { manager });
    await store.create(record, call);
    const after = successorOf(record);
    expect(await store.update(after, record.version, call)).toEqual({ kind: "updated" });
    expect(await store.load(record.id, call)).toEqual(after);
    const tombstone = tombstoneAt(now, record);
    expect(await store.end(tombstone, after.version, call)).toEqual({ kind: "ended" });
    expect(await store.load(record.id, call)).toEqual(tombstone);
  });
});
