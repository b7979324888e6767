import { once } from "node:events";
import { MemoryStore } from "express-session";
import { Keyv } from "keyv";
import { createStorage } from "unstorage";
import memoryDriver from "unstorage/drivers/memory";
import { describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.ts";
import {
  type ConnectStore,
  connectStore,
  keyvStore,
  unstorageStore,
} from "../../src/stores/bridges/index.ts";
import { locksOf } from "../../src/stores/bridges/locks.ts";
import { recordAt, successorOf, tombstoneAt } from "../../src/testing/store/fixtures.ts";
import { silent } from "./support/bridge-backends.ts";

const NOW = Date.now();
const HOUR_MS = 3_600_000;
const call = { now: NOW, signal: new AbortController().signal };
const record = recordAt(NOW, { manager: "shop", userId: "canary-user", data: '{"a":"canary"}' });

/** A store whose answers the test gives. */
class HeldStore implements ConnectStore {
  readonly gets: ((error: unknown, session?: unknown) => void)[] = [];
  readonly sets: ((error?: unknown) => void)[] = [];
  readonly stored = new Map<string, unknown>();

  get(sid: string, callback: (error: unknown, session?: unknown) => void): void {
    this.gets.push((error, session = this.stored.get(sid)) => callback(error, session));
  }

  set(sid: string, session: unknown, callback: (error?: unknown) => void): void {
    this.sets.push((error) => {
      if (error === undefined) this.stored.set(sid, session);
      callback(error);
    });
  }
}

async function quiet(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await new Promise(setImmediate);
}

describe("a bridge", () => {
  it("says once, in words, what it cannot keep, and says nothing before it is used", async () => {
    const told: string[] = [];
    const store = connectStore(new MemoryStore(), { notice: (sentence) => told.push(sentence) });
    expect(told).toEqual([]);
    await store.load(record.id, call);
    await store.load(record.id, call);
    expect(told).toHaveLength(1);
    for (const caveat of store.profile.caveats) expect(told[0]).toContain(caveat);
  });

  it("keeps the library's notes of a session, and of one that has ended", async () => {
    const noted = { ...record, notes: '{"family":"é"}' };
    const tombstone = tombstoneAt(NOW, record, { notes: '{"revoked":1}' });
    for (const store of [keyvStore(new Keyv(), silent), connectStore(new MemoryStore(), silent)]) {
      await store.create(noted, call);
      expect(await store.load(record.id, call)).toEqual(noted);
      await store.end(tombstone, undefined, call);
      expect(await store.load(record.id, call)).toEqual(tombstone);
    }
  });

  it("warns by itself, once in each process", async () => {
    const warned = once(process, "warning");
    await keyvStore(new Keyv()).load(record.id, call);
    const [warning] = await warned;
    expect(warning.name).toBe("SojournWarning");
    expect(warning.message).toContain("one change may be lost");
    const again: unknown[] = [];
    const listener = (each: unknown): void => void again.push(each);
    process.on("warning", listener);
    await keyvStore(new Keyv()).load(record.id, call);
    await quiet();
    process.off("warning", listener);
    expect(again).toEqual([]);
  });

  it("declares the facts that the user knows, and nothing more without them", () => {
    const least = { scope: "process", durability: "process", eviction: "any" };
    expect(connectStore(new MemoryStore()).profile).toMatchObject(least);
    const profile = { scope: "network", durability: "crash", eviction: "never" } as const;
    expect(connectStore(new MemoryStore(), { profile }).profile).toMatchObject(profile);
  });

  it("refuses what it cannot use, and names it", () => {
    expect(() => connectStore({} as never)).toThrow("connectStore(store): takes a store made for");
    expect(() => unstorageStore(new Map() as never)).toThrow("createStorage()");
    expect(() => keyvStore(new Map() as never)).toThrow("new Keyv()");
    const store = new MemoryStore();
    expect(() => connectStore(store, { answer: 1 } as never)).toThrow("connectStore.answer");
    expect(() => connectStore(store, { profile: { scope: "x" } } as never)).toThrow(
      "connectStore.profile.scope",
    );
    expect(() => connectStore(store, { notice: true } as never)).toThrow("connectStore.notice");
    expect(() => unstorageStore(createStorage(), { prefix: "a/b" })).toThrow("prefix");
    expect(() => unstorageStore(createStorage(), { sweepInterval: 0 })).toThrow("sweepInterval");
  });

  it("reads no more than it can, and names no data in the error", async () => {
    const storage = createStorage();
    const store = unstorageStore(storage, silent);
    for (const value of ["", '{"kind":"live","data":"cana', { kind: "canary" }, [1], 7]) {
      await storage.setItemRaw(`sojourn:${record.id}`, value);
      const failure = await store.load(record.id, call).catch((error) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect(failure.outcome).toBe("failed");
      expect(failure.message).not.toContain("canary");
    }
  });

  it("says truly whether an aborted write may have been stored", async () => {
    const held = new HeldStore();
    const store = connectStore(held, silent);
    const [early, late] = [new AbortController(), new AbortController()];
    const first = store.create(record, { ...call, signal: early.signal }).catch((error) => error);
    await quiet();
    early.abort();
    expect((await first).outcome).toBe("failed");
    // It wrote nothing and never will, so nobody waits for it.
    expect(locksOf(held).size).toBe(0);
    held.gets.shift()?.(null);
    await quiet();
    expect(held.sets).toEqual([]);
    const second = store.create(record, { ...call, signal: late.signal }).catch((error) => error);
    await quiet();
    held.gets.shift()?.(null);
    await quiet();
    late.abort();
    expect((await second).outcome).toBe("unknown");
    held.sets.shift()?.();
    await quiet();
    expect(locksOf(held).size).toBe(0);
  });

  it("lets no write begin while an abandoned one may still land", async () => {
    const held = new HeldStore();
    const store = connectStore(held, silent);
    const controller = new AbortController();
    const first = store.create(record, { ...call, signal: controller.signal });
    await quiet();
    held.gets.shift()?.(null);
    await quiet();
    controller.abort();
    await expect(first).rejects.toThrow(StoreError);
    const rival = successorOf(record);
    const second = store.create(rival, call);
    await quiet();
    expect(held.gets).toEqual([]);
    held.sets.shift()?.();
    await quiet();
    held.gets.shift()?.(null);
    expect(await second).toBe("taken");
  });

  it("lets those who gave up while they waited hold up nobody", async () => {
    const held = new HeldStore();
    const store = connectStore(held, silent);
    const slow = store.load(record.id, call);
    const controller = new AbortController();
    const writer = store.create(record, { ...call, signal: controller.signal });
    const reader = store.load(record.id, call);
    await quiet();
    expect(held.gets).toHaveLength(1);
    controller.abort();
    await expect(writer).rejects.toThrow(StoreError);
    await quiet();
    expect(held.gets).toHaveLength(2);
    for (const answer of held.gets) answer(null);
    expect(await Promise.all([slow, reader])).toEqual([undefined, undefined]);
  });
});

describe("the bridge to a connect-style store", () => {
  it("takes ENOENT for absent, but not where a socket is missing", async () => {
    const failing = (error: object): ConnectStore => ({
      get: (_sid, callback) => callback(Object.assign(new Error("no"), error)),
      set: (_sid, _session, callback) => callback(),
    });
    const file = connectStore(failing({ code: "ENOENT", syscall: "open" }), silent);
    expect(await file.load(record.id, call)).toBeUndefined();
    const socket = connectStore(failing({ code: "ENOENT", syscall: "connect" }), silent);
    await expect(socket.load(record.id, call)).rejects.toThrow(StoreError);
    const other = connectStore(failing({ code: "EACCES", syscall: "open" }), silent);
    await expect(other.load(record.id, call)).rejects.toThrow(StoreError);
  });

  it("believes the callback, not the end of an async method that comes before it", async () => {
    const memory = new MemoryStore();
    const store = connectStore(
      {
        get: async (sid: string, callback) => void setImmediate(() => memory.get(sid, callback)),
        set: async (sid: string, session: never, callback) => memory.set(sid, session, callback),
      },
      silent,
    );
    await store.create(record, call);
    expect(await store.load(record.id, call)).toEqual(record);
    const broken = connectStore(
      { get: async () => Promise.reject(new Error("down")), set: () => undefined },
      silent,
    );
    await expect(broken.load(record.id, call)).rejects.toThrow(StoreError);
  });

  it("works with a store that answers by promises", async () => {
    const sessions = new Map<string, string>();
    const promising = {
      get: async (sid: string) => JSON.parse(sessions.get(sid) ?? "null"),
      set: async (sid: string, session: object) => void sessions.set(sid, JSON.stringify(session)),
    };
    const store = connectStore(promising, { ...silent, answers: "promise" });
    expect(await store.create(record, call)).toBe("created");
    expect(await store.load(record.id, call)).toEqual(record);
  });

  it("gives the store an expiry in each field that stores read", async () => {
    const held = new HeldStore();
    held.get = (_sid, callback) => callback(null);
    const store = connectStore(held, silent);
    const creating = store.create({ ...record, expiresAt: NOW + HOUR_MS }, call);
    await quiet();
    held.sets.shift()?.();
    await creating;
    const { cookie } = held.stored.get(record.id) as { cookie: Record<string, number | Date> };
    expect(cookie["maxAge"]).toBe(HOUR_MS + 60_000);
    expect(cookie["originalMaxAge"]).toBe(HOUR_MS + 60_000);
    expect(Math.abs(Number(cookie["expires"]) - NOW - HOUR_MS - 60_000)).toBeLessThan(60_000);
  });
});

describe("the bridge to an unstorage storage", () => {
  it("tells the driver the time to live, in seconds", async () => {
    const ttls: unknown[] = [];
    const driver = memoryDriver();
    const storage = createStorage({
      driver: {
        ...driver,
        setItem: (key, value, options) => {
          ttls.push(options["ttl"]);
          return driver.setItem?.(key, value, options);
        },
      },
    });
    const store = unstorageStore(storage, silent);
    await store.create({ ...record, expiresAt: NOW + HOUR_MS + 1 }, call);
    expect(ttls).toEqual([3_661]);
  });

  it("sweeps its own keys only", async () => {
    const storage = createStorage();
    const store = unstorageStore(storage, { ...silent, sweepInterval: "1h" });
    await storage.setItem("sojourn:other", { expiresAt: 0 });
    await storage.setItem("cache:thing", { expiresAt: 0 });
    await store.create(record, call);
    const later = { ...call, now: record.expiresAt + HOUR_MS };
    expect(await store.expiry?.deleteExpired(later)).toBe(1);
    expect((await storage.getKeys()).sort()).toEqual(["cache:thing", "sojourn:other"]);
    expect(unstorageStore(storage, silent).expiry).toBeUndefined();
  });
});

describe("the bridge to a Keyv", () => {
  /** An adapter that fails when told, and a Keyv whose owner listens to its errors. */
  function breakable(): { readonly keyv: Keyv; readonly adapter: { isDown: boolean } } {
    class Adapter extends Map<string, unknown> {
      isDown = false;
      override get(key: string): unknown {
        if (this.isDown) throw new Error("down");
        return super.get(key);
      }
      override set(key: string, value: unknown): this {
        if (this.isDown) throw new Error("down");
        return super.set(key, value);
      }
    }
    const adapter = new Adapter();
    const keyv = new Keyv({ store: adapter });
    keyv.on("error", () => undefined);
    return { keyv, adapter };
  }

  it("never takes an outage for a session that is not there", async () => {
    const { keyv, adapter } = breakable();
    const store = keyvStore(keyv, silent);
    await store.create(record, call);
    adapter.isDown = true;
    expect(await keyv.get(`sojourn:${record.id}`)).toBeUndefined();
    await expect(store.load(record.id, call)).rejects.toThrow(StoreError);
    await expect(store.update(successorOf(record), record.version, call)).rejects.toThrow();
    await expect(store.end(tombstoneAt(NOW, record), undefined, call)).rejects.toThrow();
    adapter.isDown = false;
    expect(await store.load(record.id, call)).toEqual(record);
  });

  it("reports a write that Keyv only says it did not do", async () => {
    const { keyv, adapter } = breakable();
    const store = keyvStore(keyv, silent);
    keyv.onHook("before:set", () => {
      adapter.isDown = true;
    });
    await expect(store.create(record, call)).rejects.toThrow();
    adapter.isDown = false;
    expect(await store.load(record.id, call)).toBeUndefined();
  });
});
