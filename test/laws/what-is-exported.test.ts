import { afterEach, describe, expect, it } from "vitest";
import {
  createSessions,
  type ExportedSession,
  memoryStore,
  type SessionStore,
  type Sessions,
  StoreError,
  type Untyped,
} from "../../src/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { recordAt } from "../../src/testing/store/fixtures.ts";
import { Browser } from "./support/browser.ts";
import { MINUTE, SetClock } from "./support/clock.ts";
import { KEY, onDatabases, type Place } from "./support/places.ts";
import { World } from "./support/world.ts";

const OTHER_KEY = "wB7nL2cYp9RtK4vXq8sEzF1hGjU6mDo3aTiC5bN0yPQ";

async function all(sessions: Sessions<Untyped>, userId: string): Promise<ExportedSession[]> {
  const found: ExportedSession[] = [];
  for await (const session of sessions.export({ userId })) found.push(session);
  return found;
}

const places: Place[] = [];
afterEach(async () => {
  for (const place of places.splice(0)) await place.close();
});

async function database(): Promise<Place> {
  const place = await onDatabases((path) => sqliteStore(path("sessions")));
  places.push(place);
  return place;
}

function managerOf(store: SessionStore, options: object = {}): Sessions<Untyped> {
  return createSessions<Untyped>({ store, ...options }) as Sessions<Untyped>;
}

describe("what is exported of a person", () => {
  it("is the facts and the data of each session, the most recently seen first", async () => {
    const world = new World();
    const first = await world.signedIn("ada", { cart: ["tea"] });
    world.clock.move(MINUTE);
    const second = await world.signedIn("ada", { theme: "dark", ключ: { __proto__: null } });
    await second.visit((session) => {
      session.flash("note", "one");
      session.flash("note", { two: 2 });
    });
    const exported = await all(world.sessions, "ada");
    const [newest, oldest] = await world.sessions.list({ userId: "ada" });
    const now = world.clock.now();
    expect(exported).toEqual([
      {
        ...newest,
        idleEndsAt: now + 30 * MINUTE,
        endsAt: now + 12 * 60 * MINUTE,
        data: { theme: "dark", ключ: {} },
        messages: { note: ["one", { two: 2 }] },
        problem: undefined,
      },
      expect.objectContaining({ ...oldest, data: { cart: ["tea"] }, messages: {} }),
    ]);
    expect(JSON.parse(JSON.stringify(exported))).toMatchObject([
      { id: await world.idOf(second), userId: "ada" },
      { id: await world.idOf(first), userId: "ada" },
    ]);
  });

  it("is what is stored, not the defaults, and changes nothing", async () => {
    const world = new World({ defaults: { cart: [], theme: "light" } });
    const browser = await world.signedIn("ada", { cart: ["tea"] });
    const id = await world.idOf(browser);
    const before = await world.stored(id);
    world.clock.move(20 * MINUTE);
    expect(await all(world.sessions, "ada")).toMatchObject([{ data: { cart: ["tea"] } }]);
    expect(await world.stored(id)).toEqual(before);
  });

  it("holds no token", async () => {
    const world = new World();
    const browsers = [await world.signedIn("ada"), await world.signedIn("ada")];
    const text = JSON.stringify(await all(world.sessions, "ada"));
    for (const { token } of browsers) expect(text).not.toContain(token);
  });

  it("is nobody else's", async () => {
    const world = new World();
    await world.signedIn("ada");
    await world.signedIn("eve", { secret: "hers" });
    await world.returning({ secret: "nobody's" });
    const staff = world.process({ name: "staff" });
    await new Browser(staff).visit((session) => session.signIn("ada"));
    expect(await all(world.sessions, "ada")).toHaveLength(1);
    expect(await all(world.sessions, "nobody")).toEqual([]);
    expect(JSON.stringify(await all(world.sessions, "ada"))).not.toContain("hers");
  });

  it("is not what a session became that somebody else has signed in to meanwhile", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { mine: true });
    world.switch.behave = async (operation, send) => {
      const answer = await send();
      if (operation !== "list") return answer;
      world.switch.behave = (_operation, again) => again();
      await browser.visit((session) => session.signIn("eve"));
      return answer;
    };
    expect(await all(world.sessions, "ada")).toEqual([]);
  });

  it("is there, once, where the session is given new tokens meanwhile", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { mine: true });
    world.switch.behave = async (operation, send) => {
      const answer = await send();
      if (operation !== "list") return answer;
      world.switch.behave = (_operation, again) => again();
      for (let tokens = 0; tokens < 3; tokens += 1) {
        await browser.visit((session) => session.regenerate());
      }
      return answer;
    };
    const id = (): Promise<string> => world.idOf(browser);
    const exported = await all(world.sessions, "ada");
    expect(exported).toMatchObject([{ id: await id(), data: { mine: true } }]);
  });

  it("leaves out what ends meanwhile", async () => {
    const world = new World();
    await world.signedIn("ada");
    const exporting = world.sessions.export({ userId: "ada" })[Symbol.asyncIterator]();
    await world.sessions.revokeAll({ userId: "ada" });
    expect(await exporting.next()).toEqual({ done: true, value: undefined });
  });

  it("is loaded as it is taken, however many sessions there are", async () => {
    const world = new World();
    const store = world.memory;
    const now = world.clock.now();
    const call = { now, signal: new AbortController().signal };
    for (let each = 0; each < 5_000; each += 1) {
      await store.create(recordAt(now, { manager: "session", userId: "ada" }), call);
    }
    let taken = 0;
    world.switch.forget();
    for await (const session of world.sessions.export({ userId: "ada" })) {
      taken += 1;
      expect(session.userId).toBe("ada");
      expect(world.switch.count("load", "mark")).toBeLessThan(taken + 16);
      if (taken === 1_000) break;
    }
    expect(world.switch.count("load", "mark")).toBeLessThan(1_017);
  });

  it("rejects where the store cannot answer, rather than end as if that were all", async () => {
    const world = new World();
    for (let each = 0; each < 40; each += 1) await world.signedIn("ada");
    let loads = 0;
    world.switch.behave = (operation, send) => {
      if (operation !== "load") return send();
      loads += 1;
      return loads < 20 ? send() : Promise.reject(new Error("the store is away"));
    };
    let taken = 0;
    const taking = async (): Promise<void> => {
      for await (const _ of world.sessions.export({ userId: "ada" })) taken += 1;
    };
    await expect(taking()).rejects.toBeInstanceOf(StoreError);
    expect(taken).toBe(16);
  });
});

describe("what cannot be opened", () => {
  it("is told of, and the rest is there: data that the schema refuses, and such as are no JSON", async () => {
    const { store } = await database();
    const now = Date.now();
    const call = { now, signal: new AbortController().signal };
    const of = (lastSeenAt: number, data: string) =>
      recordAt(now, { manager: "session", userId: "ada", lastSeenAt, data });
    await store.create(of(now - 1, '{"visits":3}'), call);
    await store.create(of(now - 2, '{"visits":"three"}'), call);
    await store.create(of(now - 3, "[1"), call);
    const sessions = managerOf(store, {
      schema: {
        "~standard": {
          version: 1,
          vendor: "test",
          validate: (value: { visits?: unknown }) =>
            typeof (value.visits ?? 0) === "number"
              ? { value }
              : { issues: [{ message: "no number", path: ["visits"] }] },
        },
      },
    });
    expect(await all(sessions, "ada")).toMatchObject([
      { data: { visits: 3 }, problem: undefined },
      { data: { visits: "three" }, problem: "schema" },
      { data: undefined, problem: "corrupt" },
    ]);
  });

  it("is told of where it is encrypted: under a retired key, a missing one, or altered", async () => {
    const { store } = await database();
    const clock = new SetClock(Date.now());
    const old = managerOf(encrypted(store, [OTHER_KEY]), { clock });
    const browser = new Browser(old);
    await browser.visit(async (session) => {
      session.set("note", "old");
      await session.signIn("ada");
    });
    await expect(all(old, "ada")).resolves.toMatchObject([{ data: { note: "old" } }]);

    const retiring = managerOf(encrypted(store, [KEY], { retired: [OTHER_KEY] }), { clock });
    expect(await all(retiring, "ada")).toMatchObject([
      { userId: "ada", data: undefined, problem: "unknownKey" },
    ]);
    const fresh = new Browser(retiring);
    clock.move(1_000);
    await fresh.visit(async (session) => {
      session.set("note", "new");
      await session.signIn("ada");
    });
    expect(await all(retiring, "ada")).toMatchObject([
      { data: { note: "new" }, problem: undefined },
      { data: undefined, problem: "unknownKey" },
    ]);

    const missing = managerOf(encrypted(store, [KEY]), { clock });
    expect(await all(missing, "ada")).toMatchObject([
      { data: { note: "new" }, problem: undefined },
      { data: undefined, messages: undefined, device: undefined, problem: "unknownKey" },
    ]);

    const call = { now: clock.now(), signal: new AbortController().signal };
    const [newest] =
      (await store.directory?.list({ manager: "session", userId: "ada" }, call)) ?? [];
    const stored = newest && (await store.load(newest.id, call));
    if (stored?.kind !== "live") throw new Error("it should be there");
    await store.update({ ...stored, createdAt: stored.createdAt - 1 }, stored.version, call);
    const altered = managerOf(encrypted(store, [KEY], { retired: [OTHER_KEY] }), { clock });
    expect(await all(altered, "ada")).toMatchObject([
      { data: undefined, problem: "altered" },
      { data: undefined, problem: "unknownKey" },
    ]);
  });
});

describe("the export of a store", () => {
  it("needs no more than memory", async () => {
    const sessions = managerOf(memoryStore());
    await new Browser(sessions).visit((session) => session.signIn("ada"));
    expect(await all(sessions, "ada")).toHaveLength(1);
  });
});
