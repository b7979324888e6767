import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import type { EndFeed } from "../../src/core/hearing/end-feed.ts";
import { internalsOf } from "../../src/core/internals.ts";
import {
  createSessions,
  type EndedEvent,
  type EndListener,
  type ErrorContext,
  memoryStore,
  OptionsError,
  type SessionId,
  type SessionStore,
  type Sessions,
  StoreError,
  type StoreOperation,
  type Untyped,
} from "../../src/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { freshId, recordAt } from "../../src/testing/store/fixtures.ts";
import { newKey } from "../cookies/support/cookie-world.ts";
import { Browser } from "../laws/support/browser.ts";
import { MINUTE, SetClock } from "../laws/support/clock.ts";
import { times } from "../laws/support/world.ts";
import { temporaryFolder } from "../stores/support/databases.ts";
import { heardWarnings } from "../support/warnings.ts";

const MANY = 20_000;
const WAIT = { timeout: 20_000, interval: 5 };

/** A memory store that says when the test says so, and fails when it says so. */
class Stage {
  readonly memory: Required<SessionStore> = memoryStore({ maxSessions: 2 * MANY });
  readonly listeners = new Set<EndListener>();
  subscriptions = 0;
  loads = 0;
  underWay = 0;
  mostUnderWay = 0;
  before: (operation: StoreOperation) => Promise<void> = async () => undefined;

  get telling(): SessionStore {
    return { ...this.silent, announcements: { subscribe: (one) => this.#subscribe(one) } };
  }

  get silent(): SessionStore {
    const { memory } = this;
    return {
      profile: memory.profile,
      load: async (id, call) => {
        this.loads += 1;
        this.underWay += 1;
        this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
        try {
          const stored = await memory.load(id, call);
          await this.before("load");
          return stored;
        } finally {
          this.underWay -= 1;
        }
      },
      create: (record, call) => memory.create(record, call),
      update: (record, expected, call) => memory.update(record, expected, call),
      end: (stone, expected, call) => memory.end(stone, expected, call),
      touch: (id, seen, call) => memory.touch(id, seen, call),
      directory: memory.directory,
    };
  }

  tell(...ids: readonly string[]): void {
    for (const listener of this.listeners) listener.onEnded(ids as SessionId[]);
  }

  gap(): void {
    for (const listener of this.listeners) listener.onGap();
  }

  async #subscribe(listener: EndListener): Promise<() => Promise<void>> {
    await this.before("subscribe");
    this.subscriptions += 1;
    this.listeners.add(listener);
    return async () => {
      this.listeners.delete(listener);
    };
  }
}

let stage: Stage;
let clock: SetClock;
let failures: (readonly [Error, ErrorContext])[];
let opened: Sessions<Untyped>[];
const warnings = heardWarnings();

beforeEach(() => {
  stage = new Stage();
  clock = new SetClock();
  failures = [];
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((sessions) => sessions.close()));
});

function sessionsOver(store: SessionStore, name = "session"): Sessions<Untyped> {
  const onError = (error: Error, context: ErrorContext): void => {
    failures.push([error, context]);
  };
  const sessions = createSessions<Untyped>({ store, clock, onError, name });
  opened.push(sessions);
  return sessions;
}

/** Listens, and keeps what it hears. */
function ear(): {
  readonly events: EndedEvent[];
  readonly ids: () => string[];
  readonly hear: (event: EndedEvent) => void;
} {
  const events: EndedEvent[] = [];
  return {
    events,
    ids: () => events.flatMap(({ ids }) => [...ids]),
    hear: (event) => void events.push(event),
  };
}

async function signedIn(
  sessions: Sessions<Untyped>,
  userId = "ada",
): Promise<{ browser: Browser; id: string }> {
  const browser = new Browser(sessions);
  const { json } = await browser.visit(async (session) => {
    await session.signIn(userId);
    return session.id;
  });
  return { browser, id: String(json) };
}

const looked = (count = 1): Promise<unknown> =>
  vi.waitUntil(() => stage.loads >= count && stage.underWay === 0, WAIT);

describe("an onlooker", () => {
  it("tells of 20,000 sessions of one user in events of 1,000 at most", {}, async () => {
    const sessions = sessionsOver(stage.memory);
    const call = { now: clock.now(), signal: new AbortController().signal };
    for (let number = 0; number < MANY; number += 1) {
      await stage.memory.create(recordAt(clock.now(), { manager: "session", userId: "ada" }), call);
    }
    const [main, ofUser] = [ear(), ear()];
    const onlooker = await sessions.onEnded(main.hear);
    onlooker.watch({ userId: "ada" }, ofUser.hear);
    expect(await sessions.revokeAll({ userId: "ada" })).toBe(MANY);
    await vi.waitUntil(() => ofUser.ids().length >= MANY, { timeout: 25_000, interval: 50 });
    for (const { events, ids } of [main, ofUser]) {
      expect(new Set(ids()).size).toBe(MANY);
      expect(ids()).toHaveLength(MANY);
      expect(Math.max(...events.map(({ ids }) => ids.length))).toBeLessThanOrEqual(1_000);
      expect(events[0]).toMatchObject({ userId: "ada", reason: "revoked" });
    }
  });

  it("looks at a few sessions at a time, however many are watched", async () => {
    const sessions = sessionsOver(stage.telling);
    const onlooker = await sessions.onEnded(() => undefined);
    stage.before = () => new Promise(setImmediate);
    const call = { now: clock.now(), signal: new AbortController().signal };
    for (let number = 0; number < 500; number += 1) {
      const record = recordAt(clock.now(), { manager: "session" });
      await stage.memory.create(record, call);
      onlooker.watch(record);
    }
    await looked(500);
    stage.gap();
    await looked(1_000);
    expect(stage.mostUnderWay).toBe(32);
  });

  it("loads nothing for ends that nobody watches, unless it is to look them up", async () => {
    const sessions = sessionsOver(stage.telling);
    const [bare, full] = [ear(), ear()];
    await sessions.onEnded(bare.hear);
    const { browser, id } = await signedIn(sessions);
    await browser.visit((session) => session.signOut());
    stage.loads = 0;
    stage.tell(id);
    await vi.waitUntil(() => bare.events.length > 0, WAIT);
    expect(bare.events).toEqual([
      { kind: "ended", ids: [id], userId: undefined, reason: "unknown" },
    ]);
    expect(stage.loads).toBe(0);
    const onlooker = await sessions.onEnded(full.hear, { lookUp: true });
    stage.tell(id);
    await vi.waitUntil(() => full.events.length > 0, WAIT);
    expect(full.events).toEqual([
      { kind: "ended", ids: [id], userId: undefined, reason: "signedOut" },
    ]);
    await onlooker.close();
  });

  it("tells each watching of what the listener has heard of, and the listener once", async () => {
    const sessions = sessionsOver(stage.telling);
    const [main, one, two] = [ear(), ear(), ear()];
    const onlooker = await sessions.onEnded(main.hear);
    const { browser, id } = await signedIn(sessions);
    onlooker.watch({ id }, one.hear);
    await looked();
    await browser.visit((session) => session.signOut());
    stage.tell(id);
    await vi.waitUntil(() => one.events.length > 0, WAIT);
    onlooker.watch({ id }, two.hear);
    await vi.waitUntil(() => two.events.length > 0, WAIT);
    expect(main.ids()).toEqual([id]);
  });

  it("watches nothing any more once it is closed", async () => {
    const sessions = sessionsOver(stage.telling);
    const onlooker = await sessions.onEnded(() => undefined);
    await onlooker.close();
    stage.loads = 0;
    onlooker.watch({ id: (await signedIn(sessions)).id });
    expect(stage.loads).toBe(0);
  });

  it("looks up nothing of another manager's, nor tells of it then", async () => {
    const [own, foreign] = [sessionsOver(stage.telling), sessionsOver(stage.telling, "admin")];
    const { events, hear } = ear();
    await own.onEnded(hear, { lookUp: true });
    const theirs = new Browser(foreign);
    const { json } = await theirs.visit(async (session) => {
      await session.signIn("eve");
      return session.id;
    });
    await foreign.revoke(String(json));
    const ours = await signedIn(own);
    await own.revoke(ours.id);
    stage.tell(String(json), ours.id);
    await vi.waitUntil(() => events.length > 0, WAIT);
    expect(events).toMatchObject([{ ids: [ours.id], reason: "revoked" }]);
  });

  it("looks again where an end is announced while it looks", async () => {
    const sessions = sessionsOver(stage.telling);
    const { events, hear } = ear();
    const onlooker = await sessions.onEnded(hear);
    const { id, browser } = await signedIn(sessions);
    const held = Promise.withResolvers<void>();
    stage.before = () => held.promise;
    onlooker.watch({ id });
    await vi.waitUntil(() => stage.underWay === 1, WAIT);
    stage.before = async () => undefined;
    await browser.visit((session) => session.destroy());
    stage.tell(id);
    held.resolve();
    await vi.waitUntil(() => events.length > 0, WAIT);
    expect(events).toMatchObject([{ ids: [id], reason: "destroyed" }]);
  });

  it("takes a session for no expired one that is used while it looks", async () => {
    const sessions = sessionsOver(stage.telling);
    const { ids, hear } = ear();
    const onlooker = await sessions.onEnded(hear);
    const [{ id, browser }, last] = [await signedIn(sessions), await signedIn(sessions)];
    const held = Promise.withResolvers<void>();
    clock.move(20 * MINUTE);
    stage.before = () => held.promise;
    onlooker.watch({ id });
    await vi.waitUntil(() => stage.underWay === 1, WAIT);
    stage.before = async () => undefined;
    await browser.visit(() => undefined);
    clock.move(11 * MINUTE);
    held.resolve();
    await looked();
    onlooker.watch(last);
    await vi.waitUntil(() => ids().length > 0, WAIT);
    expect(ids()).toEqual([last.id]);
  });

  it("tells of nothing twice that is announced late", async () => {
    const sessions = sessionsOver(stage.telling);
    const { ids, hear } = ear();
    const onlooker = await sessions.onEnded(hear);
    const [first, last] = [await signedIn(sessions), await signedIn(sessions)];
    onlooker.watch(first);
    onlooker.watch({ id: last.id });
    await looked(2);
    await sessions.revoke(first.id);
    stage.gap();
    await vi.waitUntil(() => ids().length > 0, WAIT);
    await sessions.revoke(last.id);
    stage.tell(first.id, last.id);
    await vi.waitUntil(() => ids().length > 1, WAIT);
    expect(ids()).toEqual([first.id, last.id]);
  });

  it("tells each of those who watch one session, and not who has stopped", async () => {
    const sessions = sessionsOver(stage.telling);
    const [main, one, other, stopped] = [ear(), ear(), ear(), ear()];
    const onlooker = await sessions.onEnded(main.hear);
    const { id, browser } = await signedIn(sessions);
    onlooker.watch({ id }, one.hear);
    onlooker.watch({ id }, other.hear);
    const stop = onlooker.watch({ id }, stopped.hear);
    stop();
    stop();
    await browser.visit((session) => session.signOut());
    stage.tell(id);
    await vi.waitUntil(() => main.events.length > 0, WAIT);
    expect([one.ids(), other.ids(), stopped.ids()]).toEqual([[id], [id], []]);
  });

  it("goes on though a listener throws or rejects, and says so", async () => {
    const sessions = sessionsOver(stage.telling);
    const { ids, hear } = ear();
    await sessions.onEnded(() => {
      throw new Error("thrown by the first");
    });
    await sessions.onEnded(async () => {
      throw new Error("rejected by the second");
    });
    await sessions.onEnded(hear);
    stage.tell(freshId("session"), "no id");
    stage.tell(freshId("session"));
    await vi.waitUntil(() => ids().length === 2, WAIT);
    await vi.waitUntil(() => warnings().length === 2, WAIT);
    expect(warnings().join()).toMatch(/thrown by the first.*rejected by the second/s);
  });

  it("reports once that it cannot look, and tells once it can", async () => {
    const sessions = sessionsOver(stage.silent);
    const { ids, hear } = ear();
    const onlooker = await sessions.onEnded(hear, { poll: "20ms" });
    const { id } = await signedIn(sessions);
    onlooker.watch({ id });
    await looked();
    stage.before = async () => {
      throw new Error("the server is away");
    };
    stage.loads = 0;
    await vi.waitUntil(() => stage.loads >= 2, WAIT);
    await stage.memory.end(
      {
        ...{ kind: "ended", id: id as SessionId, manager: "session", reason: "revoked" },
        ...{ version: "12345678" as never, next: undefined, notes: undefined },
        ...{ endedAt: clock.now(), expiresAt: clock.now() + MINUTE },
      },
      undefined,
      { now: clock.now(), signal: new AbortController().signal },
    );
    stage.before = async () => undefined;
    await vi.waitUntil(() => ids().length > 0, WAIT);
    expect(ids()).toEqual([id]);
    expect(failures).toHaveLength(1);
    expect(failures[0]?.[0]).toBeInstanceOf(StoreError);
    expect(failures[0]?.[1]).toMatchObject({ outcome: "background", method: undefined });
  });

  it("says that a store announces nothing, and hears at once what this process ends", async () => {
    const sessions = sessionsOver(stage.silent);
    const { events, hear } = ear();
    const onlooker = await sessions.onEnded(hear);
    expect(onlooker).toMatchObject({ announced: false, latestMs: 10_000 });
    await vi.waitUntil(() => warnings().length > 0, WAIT);
    expect(warnings()[0]).toContain("does not announce");
    const { id, browser } = await signedIn(sessions);
    onlooker.watch({ id });
    await looked();
    await browser.visit((session) => session.regenerate());
    await browser.visit((session) => session.signOut());
    await vi.waitUntil(() => events.length > 0, WAIT);
    expect(events).toMatchObject([{ userId: "ada", reason: "signedOut" }]);
    expect(events[0]?.ids).toHaveLength(2);
  });

  it("does not warn whoever has said how late it may be", async () => {
    await sessionsOver(stage.silent).onEnded(() => undefined, { poll: "1m" });
    await new Promise(setImmediate);
    expect(warnings()).toEqual([]);
  });

  it("refuses what it cannot do", async () => {
    const sessions = sessionsOver(stage.telling);
    const nothing = (): void => undefined;
    const onlooker = await sessions.onEnded(nothing);
    expect(() => onlooker.watch({} as never)).toThrow(OptionsError);
    expect(() => onlooker.watch(undefined as never)).toThrow(OptionsError);
    expect(() => onlooker.watch({ userId: undefined } as never)).toThrow(OptionsError);
    expect(() => onlooker.watch({ id: "s_1" }, 1 as never)).toThrow(OptionsError);
    await expect(sessions.onEnded(1 as never)).rejects.toThrow(OptionsError);
    await expect(sessions.onEnded(nothing, { pol: "1s" } as never)).rejects.toThrow(/pol/);
    await expect(sessions.onEnded(nothing, { poll: "soon" as never })).rejects.toThrow(/poll/);
    const { directory: _, ...bare } = stage.silent;
    const withoutUsers = await sessionsOver(bare).onEnded(nothing, { poll: "1m" });
    expect(() => withoutUsers.watch({ userId: "ada" })).toThrow(/find sessions by user/);
    const store = cookieStore({
      revocations: sqliteStore(join(await temporaryFolder(), "revoked.db")),
    });
    const inCookies = createSessions({ store, keys: [newKey()] });
    opened.push(inCookies as Sessions<Untyped>);
    await expect(inCookies.onEnded(nothing)).rejects.toThrow(/known to their visitors alone/);
    await sessions.close();
    await expect(sessions.onEnded(nothing)).rejects.toThrow(/closed/);
  });

  it("rejects where the store cannot be listened to, and can be tried again", async () => {
    const sessions = sessionsOver(stage.telling);
    stage.before = async () => {
      throw new Error("no channel");
    };
    await expect(sessions.onEnded(() => undefined)).rejects.toMatchObject({
      operation: "subscribe",
    });
    stage.before = async () => undefined;
    const { ids, hear } = ear();
    await sessions.onEnded(hear);
    stage.tell(freshId("session"));
    await vi.waitUntil(() => ids().length > 0, WAIT);
  });

  it("subscribes once for all listeners, until the last one is closed", async () => {
    const sessions = sessionsOver(stage.telling);
    const [first, second] = await times(2, () => sessions.onEnded(() => undefined));
    expect(stage.subscriptions).toBe(1);
    await first?.close();
    expect(stage.listeners.size).toBe(1);
    await second?.close();
    await second?.close();
    expect(stage.listeners.size).toBe(0);
  });

  it("ends with its sessions", async () => {
    const sessions = sessionsOver(stage.telling);
    const { events, hear } = ear();
    const onlooker = await sessions.onEnded(hear);
    onlooker.watch({ id: "s_nothing" });
    await sessions.close();
    expect(stage.listeners.size).toBe(0);
    await new Promise(setImmediate);
    expect(events).toEqual([]);
  });
});

describe("the feed of ends", () => {
  const feedOf = (sessions: Sessions<Untyped>): EndFeed => internalsOf(sessions).engine.endings;

  it("wakes whoever listens for one id, at its end and at a gap", async () => {
    const feed = feedOf(sessionsOver(stage.telling));
    const [one, other] = [vi.fn(), vi.fn()];
    const stop = await feed.listen("s_1" as SessionId, one);
    await feed.listen("s_2" as SessionId, other);
    stage.tell("s_1", "s_3");
    expect([one.mock.calls.length, other.mock.calls.length]).toEqual([1, 0]);
    stage.gap();
    expect([one.mock.calls.length, other.mock.calls.length]).toEqual([2, 1]);
    stop?.();
    stage.tell("s_1");
    expect(one.mock.calls.length).toBe(2);
  });

  it("keeps the subscription for the next one who listens for an id", async () => {
    const feed = feedOf(sessionsOver(stage.telling));
    (await feed.listen("s_1" as SessionId, () => undefined))?.();
    (await feed.listen("s_1" as SessionId, () => undefined))?.();
    expect(stage.subscriptions).toBe(1);
    await feed.close();
    expect(stage.listeners.size).toBe(0);
  });

  it("says where nobody tells", async () => {
    const feed = feedOf(sessionsOver(stage.silent));
    expect(feed.announces).toBe(false);
    expect(await feed.listen("s_1" as SessionId, () => undefined)).toBeUndefined();
  });
});
