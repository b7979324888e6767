import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createSessions,
  type EndedEvent,
  type Onlooker,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { type StorePlace, type SubjectName, subjects } from "../history/subjects.ts";
import type { Backend } from "../support/servers/backend.ts";
import { startProxy, type TestProxy } from "../support/servers/proxy.ts";
import { ask } from "../support/servers/redis.ts";
import { Browser } from "./support/browser.ts";
import { MINUTE, SetClock } from "./support/clock.ts";
import { type Begun, OtherProcess } from "./support/other-process.ts";

const POLL = "100ms";
const WAIT = { timeout: 25_000, interval: 5 };

/** What one onlooker has heard. */
class Heard {
  readonly events: EndedEvent[] = [];
  readonly listen = (event: EndedEvent): void => void this.events.push(event);

  get ids(): readonly string[] {
    return this.events.flatMap((event) => event.ids as readonly string[]);
  }

  get gaps(): number {
    return this.events.filter(({ kind }) => kind === "gap").length;
  }

  /** The one event that tells of a session, once there is one. */
  async of({ id }: { readonly id: string }): Promise<EndedEvent> {
    const find = (): EndedEvent | undefined =>
      this.events.find(({ ids }) => (ids as readonly string[]).includes(id));
    await vi.waitUntil(() => find() !== undefined, WAIT);
    return find() as EndedEvent;
  }

  expectOnceEach(): void {
    expect(new Set(this.ids).size).toBe(this.ids.length);
  }
}

/** How often the store has listed a user's sessions: a look of the onlooker is over then. */
function countLists({ directory }: SessionStore): () => number {
  let lists = 0;
  if (directory === undefined) return () => lists;
  const list = directory.list.bind(directory);
  Object.assign(directory, {
    list: async (...parts: Parameters<typeof list>) => {
      const found = await list(...parts);
      lists += 1;
      return found;
    },
  });
  return () => lists;
}

/** Ends the connections that listen, as an operator or a failover does. */
async function killListeners(name: SubjectName, port: number): Promise<void> {
  if (name.includes("redis")) {
    await ask(port, "client", "kill", "type", "pubsub");
    return;
  }
  const connectionString = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%'",
  );
  await client.end();
}

const NAMES: readonly SubjectName[] = [
  "sqlite",
  "file",
  "encrypted",
  "redis",
  "ioredis",
  "postgres",
  "postgres.js",
  "layered",
  "mysql",
  "memcached",
];
const TELLING: readonly SubjectName[] = ["redis", "ioredis", "postgres", "postgres.js", "layered"];

describe.each(NAMES)("an onlooker in another process, over %s", (name) => {
  const subject = subjects[name];
  const tells = TELLING.includes(name);
  let backend: Backend | undefined;
  let proxy: TestProxy | undefined;
  let folder = "";
  let other: OtherProcess;
  let clock: SetClock;
  let lists: () => number;
  let sessions: Sessions<Untyped>;
  let heard: Heard;
  let onlooker: Onlooker;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sojourn-endings-"));
    backend = await subject.server?.();
    const place: StorePlace = { folder, port: backend?.port ?? 0 };
    if (backend !== undefined) proxy = await startProxy({ port: backend.port, seed: 1 });
    other = await OtherProcess.start(name, place);
  });
  afterAll(async () => {
    other?.kill();
    await proxy?.close();
    await backend?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const store = await subject.open({ folder, port: proxy?.port ?? 0 });
    lists = countLists(store);
    clock = new SetClock(Date.now());
    sessions = createSessions<Untyped>({ store, clock, onError: () => undefined });
    heard = new Heard();
    onlooker = await sessions.onEnded(heard.listen, { poll: POLL });
  });
  afterEach(() => sessions.close());

  it("says whether it hears at once, and how late it may be", () => {
    expect(onlooker.announced).toBe(tells);
    expect(onlooker.latestMs).toBe(tells ? 5 * MINUTE : 100);
  });

  it("hears that a watched session was signed out, whose it was and why, once", async () => {
    const [first, second] = [await other.begin("ada"), await other.begin("öd\n")];
    const forFirst = new Heard();
    onlooker.watch(first, forFirst.listen);
    onlooker.watch(second);
    await other.signOut(first);
    await other.revoke(second);
    expect(await heard.of(first)).toEqual({
      ...{ kind: "ended", ids: [first.id], userId: "ada", reason: "signedOut" },
    });
    expect(await heard.of(second)).toMatchObject({ userId: "öd\n", reason: "revoked" });
    await forFirst.of(first);
    expect(forFirst.events).toHaveLength(1);
    heard.expectOnceEach();
  });

  it("hears of one that had ended before it was watched, and of one that never was", async () => {
    const ended = await other.begin("ada");
    await other.signOut(ended);
    onlooker.watch(ended);
    onlooker.watch({ id: "s_nothing" });
    expect(await heard.of(ended)).toBeDefined();
    expect(await heard.of({ id: "s_nothing" })).toMatchObject({ reason: "unknown" });
  });

  it("goes with a session from token to token, and tells of all its ids when it ends", async () => {
    const first = await other.begin("ada");
    onlooker.watch(first);
    const second = await other.regenerate(first);
    const third = await other.regenerate(second);
    onlooker.watch(third);
    await other.signOut(third);
    await heard.of(first);
    await heard.of(third);
    expect(new Set(heard.ids)).toEqual(new Set([first.id, second.id, third.id]));
    heard.expectOnceEach();
  });

  it("tells of a session whose time is over, once no touch has moved it", async () => {
    const browser = new Browser(sessions);
    const idOf = async (): Promise<{ id: string }> => {
      const { json } = await browser.visit((session) => session.id);
      return { id: String(json) };
    };
    const visitor = new Browser(sessions);
    await browser.visit((session) => session.signIn("ada"));
    const { json } = await visitor.visit(async (session) => {
      await session.signIn("bea");
      return session.id;
    });
    const [busy, idle] = [await idOf(), { id: String(json) }];
    onlooker.watch(busy);
    onlooker.watch(idle);
    clock.move(20 * MINUTE);
    await idOf();
    clock.move(11 * MINUTE);
    expect(await heard.of(idle)).toMatchObject({ userId: "bea", reason: "expired" });
    expect(heard.ids).not.toContain(busy.id);
    clock.move(20 * MINUTE);
    expect(await heard.of(busy)).toMatchObject({ userId: "ada", reason: "expired" });
    heard.expectOnceEach();
  });

  it("hears nothing of what it has stopped watching", async () => {
    const [left, kept] = [await other.begin("ada"), await other.begin("ada")];
    const forLeft = new Heard();
    onlooker.watch(left, forLeft.listen)();
    onlooker.watch(kept);
    await other.signOut(left);
    await other.signOut(kept);
    await heard.of(kept);
    expect(forLeft.events).toEqual([]);
  });

  it.skipIf(!subject.hasDirectory)("hears that a user's sessions have ended", async () => {
    const user = `user-${name}`;
    const sessionsOfUser = [await other.begin(user), await other.begin(user)];
    const forUser = new Heard();
    onlooker.watch({ userId: user }, forUser.listen);
    await vi.waitUntil(() => lists() > 0, WAIT);
    await other.revokeAll(user);
    for (const session of sessionsOfUser) {
      expect(await forUser.of(session)).toMatchObject({ userId: user, reason: "revoked" });
    }
    forUser.expectOnceEach();
    heard.expectOnceEach();
  });

  it.skipIf(!subject.hasDirectory)("and those that began since, under new tokens too", async () => {
    const user = `later-${name}`;
    const forUser = new Heard();
    onlooker.watch({ userId: user }, forUser.listen);
    await vi.waitUntil(() => lists() > 0, WAIT);
    const later = await other.begin(user);
    // A store that tells nothing has to be asked. A look may be under way that began before.
    const looked = async (): Promise<void> => {
      const looks = lists();
      if (!tells) await vi.waitUntil(() => lists() > looks + 1, WAIT);
    };
    await looked();
    const renewed = await other.regenerate(later);
    const last = await other.begin(user);
    await looked();
    await other.signOut(renewed);
    await other.revokeAll(user);
    expect(await forUser.of(renewed)).toMatchObject({ userId: user, reason: "signedOut" });
    expect(await forUser.of(last)).toMatchObject({ userId: user, reason: "revoked" });
    forUser.expectOnceEach();
  });

  it.runIf(tells)("hears of sessions that nobody watches, by their ids", async () => {
    const session = await other.begin("ada");
    await other.signOut(session);
    const event = await heard.of(session);
    expect(event).toMatchObject({ kind: "ended", userId: undefined, reason: "unknown" });
  });

  it.runIf(tells)("and why, where it looks them up, but of nobody", async () => {
    const log = new Heard();
    const reader = await sessions.onEnded(log.listen, { lookUp: true });
    const session = await other.begin("ada");
    const next = await other.regenerate(session);
    await other.signOut(next);
    expect(await log.of(session)).toMatchObject({ userId: undefined, reason: "regenerated" });
    expect(await log.of(next)).toMatchObject({ userId: undefined, reason: "signedOut" });
    await reader.close();
  });

  it.runIf(tells)("hears of each end once, after the network was cut for ten seconds", async () => {
    const user = `cut-${name}`;
    const watched = await Promise.all([1, 2, 3, 4].map(() => other.begin("ada")));
    const [signedOut, revoked, renewed, alive] = watched as [Begun, Begun, Begun, Begun];
    const ofUser = await other.begin(user);
    for (const session of watched) onlooker.watch(session);
    onlooker.watch({ userId: user });
    await vi.waitUntil(() => lists() > 0, WAIT);
    proxy?.hold();
    proxy?.cut("reset");
    await other.signOut(signedOut);
    await other.revoke(revoked);
    const next = await other.regenerate(renewed);
    await other.revokeAll(user);
    await pause(name === "redis" || name === "postgres" ? 10_000 : 1_000);
    expect(heard.ids).toEqual([]);
    proxy?.cut("reset");
    proxy?.pass();
    expect(await heard.of(signedOut)).toMatchObject({ userId: "ada", reason: "signedOut" });
    expect(await heard.of(revoked)).toMatchObject({ reason: "revoked" });
    expect(await heard.of(ofUser)).toMatchObject({ userId: user, reason: "revoked" });
    expect(heard.gaps).toBeGreaterThan(0);
    // Once the subscription is back: postgres.js tells of that alone, the others of the loss, too.
    await vi.waitUntil(() => heard.gaps >= (name === "postgres.js" ? 1 : 2), WAIT);
    // What goes on is watched still, as is what goes on under a new token.
    await other.signOut(next);
    await other.signOut(alive);
    // In one event or in two: as the end of the one was heard before it was known to follow the other.
    await heard.of(renewed);
    await heard.of(next);
    await heard.of(alive);
    heard.expectOnceEach();
  });

  it.runIf(tells)(
    "hears of each end once, though its connections are killed again and again",
    async () => {
      const sessionsToEnd = await Promise.all([1, 2, 3].map(() => other.begin("ada")));
      for (const session of sessionsToEnd) onlooker.watch(session);
      for (const session of sessionsToEnd) {
        await killListeners(name, backend?.port ?? 0);
        await other.signOut(session);
        expect(await heard.of(session)).toMatchObject({ userId: "ada", reason: "signedOut" });
      }
      heard.expectOnceEach();
    },
  );

  it.runIf(tells)(
    "hears within 100 ms where nothing delays it, and long before it would look",
    async () => {
      const latencies: number[] = [];
      for (let round = 0; round < 15; round += 1) {
        const session = await other.begin("ada");
        const { promise, resolve } = Promise.withResolvers<void>();
        onlooker.watch(session, () => resolve());
        const begun = performance.now();
        // Counted from before the end: it is no later than that.
        await Promise.all([other.signOut(session), promise]);
        latencies.push(performance.now() - begun);
      }
      latencies.sort((one, another) => one - another);
      // A busy machine delays some of them; a pause of our own would delay each.
      expect(latencies[0]).toBeLessThan(100);
      expect(latencies[7]).toBeLessThan(2_000);
    },
  );
});
