import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Exchange } from "../../src/core/exchange.ts";
import { attach, internalsOf } from "../../src/core/internals.ts";
import {
  createSessions,
  type Expiry,
  memoryStore,
  OptionsError,
  type Session,
  type SessionStore,
  StoreError,
  type Untyped,
} from "../../src/index.ts";

function storeWith(expiry?: Expiry): SessionStore {
  const inner = memoryStore();
  return {
    profile: inner.profile,
    load: (id, call) => inner.load(id, call),
    create: (record, call) => inner.create(record, call),
    update: (record, expected, call) => inner.update(record, expected, call),
    end: (stone, expected, call) => inner.end(stone, expected, call),
    ...(expiry === undefined ? {} : { expiry }),
  };
}

async function visit(
  sessions: ReturnType<typeof createSessions>,
  work: (session: Session<Partial<Untyped>>) => unknown,
): Promise<void> {
  await sessions.handle(new Request("https://shop.example/"), async (request) => {
    await work(await sessions.open(request));
    return new Response("ok");
  });
}

describe("expired sessions", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("are deleted at the store's interval, from the first open until the close", async () => {
    const deleteExpired = vi.fn(async () => 1);
    const sessions = createSessions({ store: storeWith({ intervalMs: 600_000, deleteExpired }) });
    await vi.advanceTimersByTimeAsync(1_200_000);
    expect(deleteExpired).not.toHaveBeenCalled();
    await visit(sessions, () => undefined);
    await visit(sessions, () => undefined);
    await vi.advanceTimersByTimeAsync(1_200_000);
    expect(deleteExpired).toHaveBeenCalledTimes(2);
    await sessions.close();
    await vi.advanceTimersByTimeAsync(1_200_000);
    expect(deleteExpired).toHaveBeenCalledTimes(2);
  });

  it("are not deleted twice at a time, however long it takes", async () => {
    let finish: (count: number) => void = () => undefined;
    const deleteExpired = vi.fn(
      () =>
        new Promise<number>((resolve) => {
          finish = resolve;
        }),
    );
    const store = storeWith({ intervalMs: 1_000, deleteExpired });
    const sessions = createSessions({ store, storeTimeout: "1m" });
    await visit(sessions, () => undefined);
    await vi.advanceTimersByTimeAsync(3_500);
    expect(deleteExpired).toHaveBeenCalledTimes(1);
    finish(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(deleteExpired).toHaveBeenCalledTimes(2);
    await sessions.close();
  });

  it("are tried again after a failure, which is reported", async () => {
    const deleteExpired = vi.fn(() => Promise.reject(new Error("locked")));
    const sessions = createSessions({ store: storeWith({ intervalMs: 600_000, deleteExpired }) });
    const errors: StoreError[] = [];
    sessions.on("storeError", ({ error }) => errors.push(error));
    await visit(sessions, () => undefined);
    await vi.advanceTimersByTimeAsync(1_200_000);
    expect(errors.map(({ operation }) => operation)).toEqual(["deleteExpired", "deleteExpired"]);
  });
});

describe("deleteExpired", () => {
  it("tells how many, and none where the store does it by itself", async () => {
    const expiry = { intervalMs: 1_000, deleteExpired: async () => 3 };
    expect(await createSessions({ store: storeWith(expiry) }).deleteExpired()).toBe(3);
    expect(await createSessions({ store: storeWith() }).deleteExpired()).toBe(0);
  });

  /** Deletes as many as that, each time until it is told to stop; with 0 it is done at once. */
  function busyExpiry(...counts: readonly number[]): { expiry: Expiry; calls: () => number } {
    const left = counts.values();
    let calls = 0;
    const deleteExpired: Expiry["deleteExpired"] = async ({ signal }) => {
      calls += 1;
      const count = left.next().value ?? 0;
      if (count > 0) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return count;
    };
    return { expiry: { intervalMs: 60_000, deleteExpired }, calls: () => calls };
  }

  it("is told to stop before its deadline, and goes on as long as there is something", async () => {
    const { expiry, calls } = busyExpiry(5, 7);
    const sessions = createSessions({ store: storeWith(expiry), storeTimeout: "100ms" });
    const errors: StoreError[] = [];
    sessions.on("storeError", ({ error }) => errors.push(error));
    expect(await sessions.deleteExpired()).toBe(12);
    expect(calls()).toBe(3);
    expect(errors).toEqual([]);
  });

  it("does not go on for longer than half of its interval", async () => {
    const { expiry, calls } = busyExpiry(...Array.from({ length: 100 }, () => 1));
    const store = storeWith({ ...expiry, intervalMs: 100 });
    const sessions = createSessions({ store, storeTimeout: "50ms" });
    expect(await sessions.deleteExpired()).toBe(calls());
    expect(calls()).toBeLessThan(5);
  });

  it("does not go on once the sessions are closed", async () => {
    const { expiry, calls } = busyExpiry(5, 7);
    const sessions = createSessions({ store: storeWith(expiry), storeTimeout: "100ms" });
    const deleting = sessions.deleteExpired();
    await sessions.close();
    expect(await deleting).toBe(5);
    expect(calls()).toBe(1);
  });
});

describe("a store without a directory", () => {
  const sessions = createSessions({ store: storeWith() });

  it.each<[string, () => Promise<unknown>]>([
    ["list", () => sessions.list({ userId: "u1" })],
    ["revokeAll", () => sessions.revokeAll({ userId: "u1" })],
    ["count", () => sessions.count()],
  ])("cannot %s, and says so", async (method, call) => {
    await expect(call()).rejects.toMatchObject({ option: `sessions.${method}`, status: 500 });
  });

  it("still signs in", async () => {
    await visit(sessions, async (session) => {
      await session.signIn("u1");
      expect(session.userId).toBe("u1");
    });
  });
});

describe("an id from a URL", () => {
  const sessions = createSessions({ store: memoryStore() });

  it.each([["x"], [""], ["A".repeat(43)], ["s_"]])("that is none finds nothing: %j", async (id) => {
    expect(await sessions.find(id)).toBeUndefined();
    expect(await sessions.revoke(id)).toBe(false);
    await expect(sessions.revokeAll({ userId: "u1", except: id })).rejects.toBeInstanceOf(
      OptionsError,
    );
  });

  it("of a session that is not there finds nothing", async () => {
    expect(await sessions.find(`s_${"A".repeat(43)}`)).toBeUndefined();
    expect(await sessions.revoke(`s_${"A".repeat(43)}`)).toBe(false);
  });
});

function exchange(): Exchange {
  const reply = { get: () => undefined, set: () => undefined, addCookie: () => undefined };
  const request = {
    method: "GET",
    target: "/",
    header: () => undefined,
    isEncrypted: true,
    remoteAddress: undefined,
  };
  return { request, reply };
}

describe("what is passed in the wrong place", () => {
  const sessions = createSessions({ store: memoryStore() });

  it("is refused by open, with what to mount", async () => {
    await expect(sessions.open(new Request("https://shop.example/"))).rejects.toThrow(
      /sessionMiddleware\(sessions\)/,
    );
    await expect(sessions.open({})).rejects.toBeInstanceOf(OptionsError);
  });

  it("is refused by the adapters: not made by this copy of the library", () => {
    expect(() => internalsOf({})).toThrow(/createSessions\(\) of this copy/);
    expect(() => internalsOf(sessions)).not.toThrow();
  });

  it("is no conflict where an adapter is mounted twice: it is one visit", () => {
    const exchanges = [exchange(), exchange()] as const;
    const alias = {};
    const visit = attach(sessions, exchanges[0], [alias]);
    expect(attach(sessions, exchanges[1], [{}, alias])).toBe(visit);
    expect(exchanges.map((one) => visit.isOf(one))).toEqual([true, false]);
    expect(attach(createSessions({ store: memoryStore() }), exchanges[0], [alias])).not.toBe(visit);
  });

  it("is a new request once the one before is over", () => {
    const alias = {};
    const visit = attach(sessions, exchange(), [alias]);
    visit.end();
    expect(attach(sessions, exchange(), [alias])).not.toBe(visit);
  });

  it("is refused where a request leads to two", () => {
    const [one, other] = [{}, {}];
    attach(sessions, exchange(), [one]);
    attach(sessions, exchange(), [other]);
    expect(() => attach(sessions, exchange(), [one, other])).toThrow(/another request's session/);
    expect(() => sessions.alias(one, other)).toThrow(OptionsError);
    expect(() => sessions.alias({}, {})).toThrow(/sessionMiddleware/);
  });
});

describe("the session of a request", () => {
  const sessions = createSessions({ store: memoryStore() });

  it("tells when it was last seen, before this request", async () => {
    const startedAt = Date.now();
    await visit(sessions, (session) => {
      expect(session.lastSeenAt).toBeGreaterThanOrEqual(startedAt);
      expect(session.lastSeenAt).toBeLessThanOrEqual(Date.now());
    });
  });

  it("is remembered or not: nothing else", async () => {
    await visit(sessions, (session) => {
      expect(() => Reflect.set(session, "persistent", "yes")).toThrow(OptionsError);
      session.persistent = true;
      expect(session.persistent).toBe(true);
    });
  });

  it("may be signed out and destroyed twice", async () => {
    await visit(sessions, async (session) => {
      await session.signIn("u1");
      await session.destroy();
      await session.destroy();
      await session.signOut();
      expect(session.isEnded).toBe(true);
      expect(() => session.set("a", 1)).toThrow(/has ended/);
    });
  });
});

describe("an error of the library", () => {
  it("has its status under the names that frameworks read", async () => {
    const error = new StoreError("load", "failed", "it hangs");
    expect([error.status, error.statusCode, error.name]).toEqual([503, 503, "StoreError"]);
    const response = error.getResponse();
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain("hangs");
  });
});
