import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import { plainCookie } from "../../src/cookies/own/index.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import { attach } from "../../src/core/internals.ts";
import type { Visit } from "../../src/core/request/visit.ts";
import { IncomingHead } from "../../src/core/request-head.ts";
import {
  createSessions,
  HeadersSentError,
  memoryStore,
  type Session,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { WatchedStore } from "../../src/testing/adapter/watched-store.ts";
import { testClock } from "../../src/testing/index.ts";
import { durableStore } from "../cookies/support/cookie-world.ts";

const KEYS: string = randomBytes(32).toString("base64url");

/** One request as an adapter would show it, and what it wrote to the reply. */
class Request {
  readonly sent = new Map<string, string>();
  readonly cookies: string[] = [];
  readonly alias = {};
  readonly visit: Visit;

  constructor(sessions: object, cookie?: string, onOpen?: (visit: Visit) => void) {
    const exchange: Exchange = {
      request: {
        method: "GET",
        target: "/",
        header: (name) => (name === "cookie" ? cookie : undefined),
        isEncrypted: true,
        remoteAddress: undefined,
      },
      reply: {
        get: (name) => this.sent.get(name),
        set: (name, value) => void this.sent.set(name, value),
        addCookie: (line) => void this.cookies.push(line),
      },
    };
    this.visit = attach(sessions, exchange, [this.alias], onOpen);
  }
}

/** The memory store, with a gate before each call of the methods named. */
function gated(...methods: ("load" | "update")[]): { store: SessionStore; gates: (() => void)[] } {
  const inner = memoryStore();
  const gates: (() => void)[] = [];
  const pass = (method: "load" | "update"): Promise<void> | undefined =>
    methods.includes(method) ? new Promise((resolve) => gates.push(resolve)) : undefined;
  const store: SessionStore = {
    profile: inner.profile,
    load: async (id, call) => {
      await pass("load");
      return inner.load(id, call);
    },
    create: (record, call) => inner.create(record, call),
    update: async (record, expected, call) => {
      await pass("update");
      return inner.update(record, expected, call);
    },
    end: (stone, expected, call) => inner.end(stone, expected, call),
  };
  return { store, gates };
}

async function cookieOf(sessions: Sessions<Partial<Untyped>>): Promise<string> {
  const first = new Request(sessions);
  (await sessions.open(first.alias)).set("n", 0);
  await first.visit.beforeHeaders(200);
  return sentBack(first);
}

/** The cookie that a response has set, as the browser sends it. */
function sentBack(request: Request): string {
  return request.cookies[0]?.split(";")[0] ?? "";
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a visit that nobody opens", () => {
  it("asks for nothing and writes nothing", () => {
    const request = new Request(createSessions({ store: memoryStore() }));
    expect(request.visit.isOpened).toBe(false);
    expect(request.visit.beforeHeaders(200)).toBeUndefined();
    expect(request.visit.beforeEnd()).toBeUndefined();
    expect(request.sent.size + request.cookies.length).toBe(0);
  });

  it("can be opened once the response is over, but gets no cookie any more", async () => {
    const sessions = createSessions<{ n: number }>({ store: memoryStore() });
    const request = new Request(sessions);
    request.visit.end();
    const session = await sessions.open(request.alias);
    expect(session.isNew).toBe(true);
    expect(() => session.set("n", 1)).toThrow(/after the response has begun/);
    await expect(session.signIn("ada")).rejects.toThrow(/after the response has begun/);
  });
});

describe("a response", () => {
  it("waits for an open that has not come back", async () => {
    const { store, gates } = gated("load");
    const sessions = createSessions({ store });
    const cookie = await cookieOf(sessions);
    const request = new Request(sessions, cookie);
    const opening = sessions.open(request.alias);
    const wait = request.visit.beforeHeaders(200);
    expect(wait).toBeInstanceOf(Promise);
    gates[0]?.();
    await wait;
    expect(request.sent.get("Vary")).toBe("Cookie");
    await opening;
  });

  it("goes out as it is where the open fails", async () => {
    const inner = memoryStore();
    const sessions = createSessions({ store: inner });
    const cookie = await cookieOf(sessions);
    await inner.close();
    const request = new Request(sessions, cookie);
    const opening = expect(sessions.open(request.alias)).rejects.toMatchObject({ status: 503 });
    await request.visit.beforeHeaders(200);
    await opening;
    expect(request.cookies).toEqual([]);
  });

  it("waits, before its first and its last byte, for a transition that is under way", async () => {
    const { store, gates } = gated("update");
    const sessions = createSessions({ store });
    const cookie = await cookieOf(sessions);
    const request = new Request(sessions, cookie);
    const session = await sessions.open(request.alias);
    const updating = session.update("n", (n: number) => n + 1);
    const before = request.visit.beforeHeaders(200);
    expect(before).toBeInstanceOf(Promise);
    await vi.waitFor(() => expect(gates).toHaveLength(1), { timeout: 20_000 });
    gates[0]?.();
    await Promise.all([updating, before]);

    const again = session.update("n", (n: number) => n + 1);
    const end = request.visit.beforeEnd();
    expect(end).toBeInstanceOf(Promise);
    await vi.waitFor(() => expect(gates).toHaveLength(2), { timeout: 20_000 });
    gates[1]?.();
    await Promise.all([again, end]);
    expect(session.get("n")).toBe(2);
  });

  it("writes its headers once, whatever changes afterwards", async () => {
    const sessions = createSessions({ store: memoryStore() });
    const request = new Request(sessions);
    const session = await sessions.open(request.alias);
    session.set("n", 1);
    await request.visit.beforeHeaders(200);
    session.set("n", 2);
    await request.visit.beforeEnd();
    await request.visit.beforeHeaders(200);
    expect(request.cookies).toHaveLength(1);
  });
});

describe("a change while the headers wait for the session to be made", () => {
  it("is stored with what changes after the first byte", async () => {
    const sessions = createSessions({ store: memoryStore() });
    const request = new Request(sessions);
    const session = await sessions.open(request.alias);
    session.set("n", 1);
    const headers = request.visit.beforeHeaders(200);
    session.set("n", 2);
    session.flash("note", "late");
    await headers;
    await request.visit.beforeEnd();
    expect(request.cookies).toHaveLength(1);
    const next = await sessions.open(new Request(sessions, sentBack(request)).alias);
    expect([next.get("n"), next.take("note")]).toEqual([2, "late"]);
  });

  it("is dropped with the rest where the session cannot be made", async () => {
    const store = new WatchedStore(memoryStore());
    const sessions = createSessions({ store });
    const request = new Request(sessions);
    const session = await sessions.open(request.alias);
    session.set("n", 1);
    store.fail();
    const headers = request.visit.beforeHeaders(200);
    session.set("n", 2);
    await expect(headers).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
    await request.visit.beforeHeaders(503);
    await request.visit.beforeEnd();
    expect(request.cookies).toEqual([]);
    expect(session.get("n")).toBeUndefined();
  });

  it("is refused where the session lies in the cookie", async () => {
    const sessions = createSessions({
      store: cookieStore({ revocations: durableStore() }),
      keys: KEYS,
    });
    const request = new Request(sessions);
    const session = await sessions.open(request.alias);
    session.set("n", 1);
    const headers = request.visit.beforeHeaders(200);
    expect(() => session.set("n", 2)).toThrow(HeadersSentError);
    await headers;
  });
});

describe("an open that fails", () => {
  it("is heard by whoever awaits it later, and ends no process that nobody awaits it in", async () => {
    const store = new WatchedStore(memoryStore());
    const sessions = createSessions({ store });
    const cookie = await cookieOf(sessions);
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    store.fail();
    const opening = sessions.open(new Request(sessions, cookie).alias);
    // What nobody handles is reported when a turn of the event loop is over.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    await expect(opening).rejects.toMatchObject({ code: "ERR_SESSION_STORE" });
  });
});

describe("a response that cannot be held", () => {
  const sessions = createSessions({ store: memoryStore() });
  const theme = plainCookie(sessions, { name: "theme", values: ["light", "dark"] });

  it.each<[string, (request: object) => unknown]>([
    ["session", (request) => sessions.open(request)],
    ["cookie", async (request) => theme.set(request, "dark")],
  ])("is tried to be held again by the next that asks for a %s", async (_, ask) => {
    let slips = 2;
    const held: Visit[] = [];
    const request = new Request(sessions, undefined, (visit) => {
      if (slips-- > 0) throw new Error("no hold");
      held.push(visit);
    });
    await expect(ask(request.alias)).rejects.toThrow("no hold");
    expect(request.visit.isOpened).toBe(false);
    await expect(sessions.open(request.alias)).rejects.toThrow("no hold");
    expect(request.visit.isOpened).toBe(false);
    await ask(request.alias);
    await sessions.open(request.alias);
    expect(held).toEqual([request.visit]);
  });
});

describe("a transition that begins while the response is being committed", () => {
  it.each<[string, (session: Session<Partial<Untyped>>) => Promise<unknown>]>([
    ["signIn", (session) => session.signIn("ada")],
    ["signOut", (session) => session.signOut()],
    ["regenerate", (session) => session.regenerate()],
    ["destroy", (session) => session.destroy()],
  ])("%s is refused, as its cookie could not be sent", async (_, transition) => {
    const { store, gates } = gated("update");
    const sessions = createSessions({ store });
    const cookie = await cookieOf(sessions);
    const request = new Request(sessions, cookie);
    const session = await sessions.open(request.alias);
    session.set("n", 1);
    const wait = request.visit.beforeHeaders(200);
    await expect(transition(session)).rejects.toMatchObject({ code: "ERR_SESSION_HEADERS_SENT" });
    gates[0]?.();
    await wait;
    expect(request.cookies).toEqual([]);
    const next = await sessions.open(new Request(sessions, cookie).alias);
    expect([next.isEnded, next.get("n")]).toEqual([false, 1]);
  });

  it("is allowed again in the answer to a commit that failed", async () => {
    const store = new WatchedStore(memoryStore());
    const sessions = createSessions({ store });
    const cookie = await cookieOf(sessions);
    const request = new Request(sessions, cookie);
    const session = await sessions.open(request.alias);
    session.set("n", 1);
    store.failWrites();
    await expect(request.visit.beforeHeaders(200)).rejects.toMatchObject({ status: 503 });
    store.hinder(undefined);
    await session.signOut();
    await request.visit.beforeHeaders(503);
    expect(request.cookies.join()).toMatch(/Max-Age=0/);
  });

  it("is waited for if it began before", async () => {
    const { store, gates } = gated("load");
    const sessions = createSessions({ store });
    const request = new Request(sessions);
    const session = await sessions.open(request.alias);
    const signIn = session.signIn("ada");
    await request.visit.beforeHeaders(200);
    await signIn;
    expect(gates).toEqual([]);
    expect(request.cookies).toHaveLength(1);
  });
});

describe("what is stored while the response is being committed", () => {
  it.each<[string, (session: Session<Partial<Untyped>>) => Promise<unknown>, unknown]>([
    ["update", (session) => session.update("n", (n) => Number(n) + 1), 2],
    ["consume", (session) => session.consume("n"), undefined],
    [
      "save",
      (session) => {
        session.set("n", 2);
        return session.save();
      },
      2,
    ],
  ])("comes after it, where the session is only just being made: %s", async (_, change, n) => {
    const sessions = createSessions({ store: memoryStore() });
    const request = new Request(sessions);
    const session = await sessions.open(request.alias);
    session.set("n", 1);
    const headers = request.visit.beforeHeaders(200);
    await change(session);
    await headers;
    await request.visit.beforeEnd();
    const next = await sessions.open(new Request(sessions, sentBack(request)).alias);
    expect(next.get("n")).toBe(n);
  });

  it("is refused where the session lies in the cookie", async () => {
    const sessions = createSessions({
      store: cookieStore({ revocations: durableStore() }),
      keys: KEYS,
    });
    const request = new Request(sessions);
    const session = await sessions.open(request.alias);
    session.set("n", 1);
    const headers = request.visit.beforeHeaders(200);
    await expect(session.update("n", () => 2)).rejects.toThrow(HeadersSentError);
    await headers;
  });

  it("undoes nothing that another request has stored in between", async () => {
    const store = new WatchedStore(memoryStore());
    const sessions = createSessions({ store });
    const cookie = await cookieOf(sessions);
    const request = new Request(sessions, cookie);
    const session = await sessions.open(request.alias);
    const other = await sessions.open(new Request(sessions, cookie).alias);
    const add = (each: Session<Partial<Untyped>>, more: number): Promise<unknown> =>
      each.update("n", (n) => Number(n) + more);
    session.set("n", 1);
    const held = store.holdWrites();
    const headers = request.visit.beforeHeaders(200);
    const added = [add(other, 10), add(session, 100)];
    await held.reached;
    held.release();
    await Promise.all([headers, ...added]);
    expect((await sessions.open(new Request(sessions, cookie).alias)).get("n")).toBe(111);
  });

  it("leaves no message twice", async () => {
    const { store, gates } = gated("update");
    const sessions = createSessions({ store });
    const cookie = await cookieOf(sessions);
    const request = new Request(sessions, cookie);
    const session = await sessions.open(request.alias);
    session.flash("note", "once");
    const headers = request.visit.beforeHeaders(200);
    const saved = session.save();
    gates[0]?.();
    await headers;
    await saved;
    const next = await sessions.open(new Request(sessions, cookie).alias);
    expect(next.takeAll("note")).toEqual(["once"]);
  });
});

describe("a change while the end of the response waits for its commit", () => {
  it("is refused, as nobody would store it", async () => {
    const { store, gates } = gated("update");
    const sessions = createSessions({ store });
    const cookie = await cookieOf(sessions);
    const request = new Request(sessions, cookie);
    const session = await sessions.open(request.alias);
    await request.visit.beforeHeaders(200);
    session.set("n", 1);
    const wait = request.visit.beforeEnd();
    expect(() => session.set("n", 2)).toThrow(/after the response has begun/);
    gates[0]?.();
    await wait;
    expect((await sessions.open(new Request(sessions, cookie).alias)).get("n")).toBe(1);
  });

  it("is stored with the end if the reader had only left", async () => {
    const sessions = createSessions({ store: memoryStore() });
    const cookie = await cookieOf(sessions);
    const request = new Request(sessions, cookie);
    const session = await sessions.open(request.alias);
    await request.visit.beforeHeaders(200);
    session.set("n", 1);
    await request.visit.afterLeaving();
    const stored = async (): Promise<unknown> =>
      (await sessions.open(new Request(sessions, cookie).alias)).get("n");
    expect(await stored()).toBe(1);
    session.set("n", 2);
    await request.visit.beforeEnd();
    expect(await stored()).toBe(2);
  });
});

describe("a store that hangs", () => {
  it("costs a request storeTimeout in all, however often it is asked", async () => {
    // No time passes but the deadlines'.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const { store } = gated("update");
    const sessions = createSessions({ store, storeTimeout: 200, idleTimeout: 100 });
    const cookie = await cookieOf(sessions);
    const request = new Request(sessions, cookie);
    const session = await sessions.open(request.alias);
    vi.setTimerTickMode("nextTimerAsync");
    const startedAt = performance.now();
    const failures: unknown[] = [];
    const fail = (error: unknown): void => void failures.push(error);
    await session.update("n", (n: number) => n + 1).catch(fail);
    session.set("n", 7);
    await request.visit.beforeHeaders(303)?.catch(fail);
    session.set("n", 8);
    await request.visit.beforeHeaders(200)?.catch(fail);
    expect(performance.now() - startedAt).toBe(200);
    expect(failures.map((error) => (error as Error).message)).toEqual([
      expect.stringMatching(/within 200 ms \(storeTimeout\)/),
      expect.stringMatching(/storeTimeout was used up/),
      expect.stringMatching(/storeTimeout was used up/),
    ]);
  });

  it("is not asked for a touch after it has failed", async () => {
    const clock = testClock();
    const store = new WatchedStore(memoryStore());
    const sessions = createSessions({ store, clock, storeTimeout: 300 });
    const cookie = await cookieOf(sessions);
    clock.advance("20m");
    const request = new Request(sessions, cookie);
    const session = await sessions.open(request.alias);
    store.hang();
    await expect(session.update("n", () => 1)).rejects.toMatchObject({ status: 503 });
    expect(request.visit.beforeHeaders(503)).toBeUndefined();
    expect(store.calls).not.toContain("touch");
  });

  it("is asked again in the same request where it failed at once", async () => {
    const store = new WatchedStore(memoryStore());
    const sessions = createSessions({ store });
    const cookie = await cookieOf(sessions);
    const session = await sessions.open(new Request(sessions, cookie).alias);
    store.fail();
    await expect(session.update("n", () => 1)).rejects.toMatchObject({ status: 503 });
    store.hinder(undefined);
    expect(await session.update("n", () => 1)).toBe(1);
  });
});

describe("a Node request whose visitor has left", () => {
  it("still knows its connection, whoever asks late", () => {
    const socket = { remoteAddress: "10.0.0.7" as string | undefined, encrypted: true as unknown };
    const head = new IncomingHead({ method: "GET", url: "/", headers: {}, socket });
    socket.remoteAddress = undefined;
    socket.encrypted = undefined;
    expect([head.remoteAddress, head.isEncrypted]).toEqual(["10.0.0.7", true]);
  });
});

describe("writers of one session in a line", () => {
  it("whose time ran out while they waited are never sent: their error said so", async () => {
    vi.useFakeTimers();
    const { store, gates } = gated("update");
    const sessions = createSessions({ store, storeTimeout: 50 });
    const cookie = await cookieOf(sessions);
    const [one, other] = [new Request(sessions, cookie), new Request(sessions, cookie)];
    const first = await sessions.open(one.alias);
    const second = await sessions.open(other.alias);
    const increment = (n: number): number => n + 1;

    const slow = first.update("n", increment);
    // Counted from here, though it gets into the line only when the one before is done.
    const late = first.update("n", increment).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(20);
    const parallel = second.update("n", increment);
    await vi.advanceTimersByTimeAsync(20);
    gates[0]?.();
    await slow;
    await vi.advanceTimersByTimeAsync(15);
    expect(await late).toMatchObject({ code: "ERR_SESSION_STORE" });
    gates[1]?.();
    await parallel;
    await vi.advanceTimersByTimeAsync(10);
    expect(gates).toHaveLength(2);

    const after = second.update("n", increment);
    await vi.waitFor(() => expect(gates).toHaveLength(3), { timeout: 20_000 });
    gates[2]?.();
    expect(await after).toBe(3);
  });
});
