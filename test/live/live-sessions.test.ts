import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import type { Hooks, Protection } from "../../src/core/engine.ts";
import {
  type LiveEnd,
  type LiveSession,
  type LiveSessions,
  liveSessions,
} from "../../src/frameworks/live/index.ts";
import {
  createSessions,
  memoryStore,
  OptionsError,
  type Session,
  SessionEndedError,
  type Sessions,
} from "../../src/index.ts";
import { DeviceProofError } from "../../src/security/dbsc/index.ts";
import { detectReuse } from "../../src/security/theft/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { issue } from "../../src/testing/index.ts";
import { Browser } from "../laws/support/browser.ts";
import { MINUTE, SetClock } from "../laws/support/clock.ts";
import { heardWarnings } from "../support/warnings.ts";
import type { Data } from "./support/application.ts";

const KEY = createHash("sha256").update("live").digest("base64url");

const warnings = heardWarnings();
let clock: SetClock;
let sessions: Sessions<Data>;
let live: LiveSessions<Data>;

type Options = Omit<NonNullable<Parameters<typeof createSessions<Data>>[0]>, "clock">;

async function start(options: Options = { store: memoryStore() }): Promise<void> {
  await sessions?.close();
  clock = new SetClock(Date.now());
  sessions = createSessions<Data>({ ...options, clock } as never);
  live = liveSessions(sessions);
}

beforeEach(() => start());
afterEach(() => sessions.close());

/** The headers of a visitor who has signed in. */
async function headersOf(userId = "ada"): Promise<{ headers: Headers; id: string }> {
  const { cookie, id } = await issue(sessions, { userId, data: { count: 1 } });
  return { headers: new Headers({ cookie }), id };
}

async function connected(source: Headers | Request): Promise<LiveSession<Data>> {
  const session = await live.connect(source);
  if (session === undefined) throw new Error("nobody");
  return session;
}

/** Resolves when it ends. */
function endOf(session: LiveSession<Data>): Promise<LiveEnd> {
  const { promise, resolve } = Promise.withResolvers<LiveEnd>();
  session.onEnded(resolve);
  return promise;
}

describe("live sessions", () => {
  it("refuse sessions in cookies, of whose ends nobody hears, and a store that is missing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sojourn-live-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const inCookies = createSessions({
      store: cookieStore({ revocations: sqliteStore(join(folder, "revoked.db")) }),
      keys: [KEY],
    });
    const { headers } = await headersOf();
    await expect(liveSessions(inCookies).connect(headers)).rejects.toThrow(
      /sessions\.onEnded.*sqliteStore/,
    );
    // As frameworks import it while they build.
    vi.stubEnv("NODE_ENV", "production");
    onTestFinished(() => void vi.unstubAllEnvs());
    const withoutStore = liveSessions(createSessions());
    await expect(withoutStore.connect(headers)).rejects.toThrow(/choose one in production/);
  });

  it("refuse options and sources that there are not", async () => {
    expect(() => liveSessions(sessions, { poll: "1s" } as never)).toThrow(/liveSessions.*poll/s);
    expect(() => liveSessions(sessions, { check: "soon" as never })).toThrow(OptionsError);
    expect(() => liveSessions(sessions, { maxSilence: 0 })).toThrow(OptionsError);
    expect(() => liveSessions({} as never)).toThrow(OptionsError);
    await expect(live.connect({} as never)).rejects.toThrow(/connect\(source\)/);
    const { headers } = await headersOf();
    await expect(live.connect(headers, { origin: "*" } as never)).rejects.toThrow(OptionsError);
    await expect(live.connect(headers, { crossSite: "no" } as never)).rejects.toThrow(OptionsError);
    expect(() => live.of({})).toThrow(/acceptSockets/);
  });

  it("say once how late they may be where the store announces nothing", async () => {
    await start({ store: sqliteStore(":memory:") });
    const { headers } = await headersOf();
    await connected(headers);
    await connected(headers);
    const told = (): unknown => warnings().filter((warning) => warning.includes("liveSessions"));
    await expect.poll(told).toHaveLength(1);
  });

  it("begin nothing, touch nothing and send nothing at the handshake", async () => {
    expect(await live.connect(new Headers())).toBeUndefined();
    expect(await sessions.count()).toBe(0);
    const { headers, id } = await headersOf();
    const before = await sessions.find(id);
    clock.move(29 * MINUTE);
    const session = await connected(headers);
    expect(session).toMatchObject({ id, userId: "ada", ended: undefined });
    expect(await sessions.find(id)).toEqual(before);
  });
});

describe("a live session", () => {
  it("tells its end once, with a signal, and to whoever asks later", async () => {
    const { headers, id } = await headersOf();
    const session = await connected(headers);
    const heard: unknown[] = [];
    session.onEnded((end) => heard.push(end));
    session.onEnded(() => heard.push("taken back"))();
    const { signal } = session;
    await sessions.revoke(id);
    const end = await endOf(session);
    expect(end).toEqual({ reason: "revoked", code: 4401 });
    expect(heard).toEqual([end]);
    expect(session.ended).toBe(end);
    expect(signal.reason).toBeInstanceOf(SessionEndedError);
    expect(session.signal).toBe(signal);
    session.onEnded((late) => heard.push(late));
    expect(heard).toEqual([end, end]);
    await expect(session.open()).rejects.toThrow(SessionEndedError);
    session.touch();
    session.close();
    expect(live.size).toBe(0);
  });

  it("hears of a slip of a listener, and tells the others", async () => {
    const { headers, id } = await headersOf();
    const session = await connected(headers);
    session.onEnded(() => {
      throw new Error("first");
    });
    session.onEnded(() => Promise.reject(new Error("second")));
    const end = endOf(session);
    await sessions.revoke(id);
    await end;
    await expect.poll(() => warnings().join()).toMatch(/first.*second/s);
  });

  it.each(["close", "abort", "event"])("is over by itself at %s, and tells nobody", async (how) => {
    const { headers, id } = await headersOf();
    const response = Object.assign(new EventEmitter(), { destroyed: false });
    const abort = new AbortController();
    const until = how === "event" ? response : abort.signal;
    const session = await live.connect(headers, { until });
    let hasHeard = false;
    session?.onEnded(() => {
      hasHeard = true;
    });
    if (how === "close") session?.close();
    if (how === "abort") abort.abort();
    if (how === "event") response.emit("close");
    expect(live.size).toBe(0);
    expect(session?.signal.aborted).toBe(true);
    expect(session?.ended).toBeUndefined();
    await sessions.revoke(id);
    const next = await connected((await headersOf()).headers);
    await sessions.revoke(next.id);
    await endOf(next);
    expect(hasHeard).toBe(false);
    expect(response.listenerCount("close")).toBe(0);
  });

  it("is over at once where its connection is over already", async () => {
    const { headers } = await headersOf();
    await live.connect(headers, { until: AbortSignal.abort() });
    await live.connect(headers, { until: Object.assign(new EventEmitter(), { closed: true }) });
    const request = new Request("https://localhost", { headers, signal: AbortSignal.abort() });
    await live.connect(request);
    expect(live.size).toBe(0);
  });

  it("stores no value that was changed in place until it is saved, and then does", async () => {
    await start();
    const browser = new Browser(sessions as never);
    await browser.visit(async (session) => {
      await session.signIn("ada");
      session.set("cart", ["tea"]);
    });
    const session = await connected(new Headers({ cookie: cookieOf(browser) }));
    const open = (await session.open()) as unknown as {
      get(key: string): string[];
      save(): Promise<void>;
    };
    open.get("cart").push("cup");
    await open.save();
    const { json } = await browser.visit((session) => session.get("cart"));
    expect(json).toEqual(["tea", "cup"]);
  });

  it("does exclusive work, and leaves messages for the next request", async () => {
    const { headers } = await headersOf();
    const session = await connected(headers);
    const open = await session.open();
    expect(await open.exclusive("once", (held) => held.get("count"))).toBe(1);
    open.flash("notice", "hello");
    await open.save();
    const again = await (await connected(headers)).open();
    expect(again.take("notice")).toBe("hello");
  });

  it("stores what is set while an update that fails is under way", async () => {
    const { headers } = await headersOf();
    const session = await connected(headers);
    const open = await session.open();
    const failing = open.update("count", () => {
      throw new Error("no");
    });
    open.set("note", "kept");
    await expect(failing).rejects.toThrow("no");
    await expect.poll(async () => (await session.open()).get("note")).toBe("kept");
  });

  it.each<[string, (open: Session<Data>) => unknown]>([
    ["take", (open) => open.take("notice")],
    ["takeAll", (open) => open.takeAll("notice")[0]],
  ])("shows a message once: %s", async (_, take) => {
    const { headers } = await headersOf();
    const session = await connected(headers);
    const open = await session.open();
    open.flash("notice", "hello");
    await open.save();
    expect(take(await session.open())).toBe("hello");
    await expect.poll(async () => (await session.open()).take("notice")).toBeUndefined();
  });

  it("opens what is sealed to the token of its handshake", async () => {
    const store = encrypted(sqliteStore(":memory:"), [KEY], { bindTo: "token" });
    await start({ store });
    const { headers } = await headersOf();
    const open = await (await connected(headers)).open();
    expect(await open.update("count", (count = 0) => count + 1)).toBe(2);
  });
});

describe("a connection that was begun with a token on its way out", () => {
  let browser: Browser;
  let late: Browser;
  let session: LiveSession<Data>;
  const reused: unknown[] = [];

  beforeEach(async () => {
    reused.length = 0;
    const protections = [detectReuse({ regenerateEvery: "10m" })];
    await start({ store: memoryStore(), protections });
    sessions.on("tokenReused", (event) => reused.push(event));
    browser = new Browser(sessions as never);
    await browser.visit((session) => session.signIn("ada"));
    late = browser.copy();
    clock.move(10 * MINUTE);
    await browser.visit(() => undefined);
    expect(browser.token).not.toBe(late.token);
    session = await connected(new Headers({ cookie: cookieOf(late) }));
    expect(session.userId).toBe("ada");
  });

  async function used(): Promise<void> {
    const open = await session.open();
    await open.update("count", (count = 0) => count + 1);
    clock.move(3 * MINUTE);
  }

  it("is no thief's, however long it goes on beside the newer token", async () => {
    for (let pages = 0; pages < 3; pages += 1) {
      await used();
      await browser.visit(() => undefined);
    }
    expect(session.ended).toBeUndefined();
    expect((await browser.visit((session) => session.userId)).json).toBe("ada");
    expect(reused).toEqual([]);
  });

  it("is no use of the newer token, where the answer that brought it was lost", async () => {
    await used();
    await used();
    expect((await late.visit((session) => session.userId)).json).toBe("ada");
    expect(reused).toEqual([]);
  });
});

function cookieOf({ jar }: Browser): string {
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}

describe("what a guard says of the handshake", () => {
  /** A guard that changes its mind. */
  class Moody implements Protection {
    readonly name = "moody";
    mood: "calm" | "refuses" | "throws" = "calm";

    protect(): Hooks {
      return {
        guard: async () => {
          if (this.mood === "throws") throw new DeviceProofError("again", []);
          if (this.mood === "refuses") return { kind: "refused", reason: "drifted" };
          return { kind: "accepted", edits: [] };
        },
      };
    }
  }

  it.each([
    ["refuses", { reason: "refused", code: 4401 }],
    ["throws", { reason: "unproven", code: 4409 }],
  ] as const)("ends it where it %s now, as a message comes", async (mood, told) => {
    const moody = new Moody();
    await start({ store: memoryStore(), protections: [moody] });
    const { headers } = await headersOf();
    const session = await connected(headers);
    await session.open();
    moody.mood = mood;
    const end = endOf(session);
    await expect(session.open()).rejects.toThrow();
    expect(await end).toEqual(told);
  });
});
