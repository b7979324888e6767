import { afterEach, describe, expect, it, vi } from "vitest";
import type { Exchange } from "../../src/core/exchange.ts";
import { attach } from "../../src/core/internals.ts";
import type { Visit } from "../../src/core/visit.ts";
import {
  createSessions,
  memoryStore,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";

/** One request as an adapter would show it, and what it wrote to the reply. */
class Request {
  readonly sent = new Map<string, string>();
  readonly cookies: string[] = [];
  readonly alias = {};
  readonly visit: Visit;

  constructor(sessions: object, cookie?: string) {
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
    this.visit = attach(sessions, exchange, [this.alias]);
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
  return first.cookies[0]?.split(";")[0] ?? "";
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

  it("cannot be opened once the response is over", async () => {
    const sessions = createSessions({ store: memoryStore() });
    const request = new Request(sessions);
    request.visit.end();
    await expect(sessions.open(request.alias)).rejects.toThrow(/after the response has begun/);
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
    await vi.waitFor(() => expect(gates).toHaveLength(1));
    gates[0]?.();
    await Promise.all([updating, before]);

    const again = session.update("n", (n: number) => n + 1);
    const end = request.visit.beforeEnd();
    expect(end).toBeInstanceOf(Promise);
    await vi.waitFor(() => expect(gates).toHaveLength(2));
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
    await vi.waitFor(() => expect(gates).toHaveLength(3));
    gates[2]?.();
    expect(await after).toBe(3);
  });
});
