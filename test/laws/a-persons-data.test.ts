import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import {
  createSessions,
  memoryStore,
  OptionsError,
  type SessionEvents,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { startMariadb } from "../support/servers/mariadb.ts";
import { startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import { Browser } from "./support/browser.ts";
import { MINUTE, SetClock } from "./support/clock.ts";
import { KEY, onDatabases, PLACES, type Place, type Servers } from "./support/places.ts";

/** Anywhere in a backend it is this person's. */
const TRACE = "canary7f3a";
/** What a person's id may be; JSON and SQL write some of it in their own way. */
const PERSON = `${TRACE} '"\\\n üß🦊%_*`;
const OTHER = "somebody-else";

let servers: Servers;
beforeAll(async () => {
  const [redis, postgres, mariadb] = await Promise.all([
    startRedis(),
    startPostgres(),
    startMariadb(["--innodb-flush-log-at-trx-commit=2"]),
  ]);
  servers = { redis, postgres, mariadb };
});
afterAll(async () => {
  await Promise.all([servers.redis.stop(), servers.postgres.server.stop(), servers.mariadb.stop()]);
});

async function signedIn(sessions: Sessions<Untyped>, userId: string): Promise<Browser> {
  const browser = new Browser(sessions);
  await browser.visit(async (session) => {
    session.set("address", `${userId}, Canary Street`);
    session.flash("hello", `Dear ${userId}`);
    await session.signIn(userId);
  });
  return browser;
}

async function isSignedIn(browser: Browser): Promise<boolean> {
  const { json } = await browser.visit((session) => session.userId ?? null);
  return json !== null;
}

/** Every way in which something may be left of a person. Resolves to who is signed in. */
async function leaveTraces(sessions: Sessions<Untyped>, clock: SetClock): Promise<Browser[]> {
  await signedIn(sessions, PERSON);
  await sessions.revokeAll({ userId: PERSON });
  await signedIn(sessions, PERSON);
  // Past every clock, and no sweep has come by.
  clock.move(36 * MINUTE);
  const browsers: Browser[] = [];
  for (let each = 0; each < 3; each += 1) browsers.push(await signedIn(sessions, PERSON));
  const [first, second] = browsers;
  await first?.visit((session) => session.regenerate());
  await second?.visit((session) => session.signIn(PERSON));
  const gone = await signedIn(sessions, PERSON);
  await gone.visit((session) => session.signOut());
  return browsers;
}

describe.each(Object.keys(PLACES))("a person who is forgotten, by %s", (name) => {
  const clock = new SetClock(Date.now());
  let place: Place;
  let sessions: Sessions<Untyped>;
  let theirs: Browser[];
  let others: Browser;
  let forgotten: number;
  const revoked: SessionEvents["revoked"][] = [];

  beforeAll(async () => {
    const open = PLACES[name];
    if (open === undefined) throw new Error("no such place");
    place = await open(servers);
    sessions = createSessions({ store: place.store, clock }) as Sessions<Untyped>;
    theirs = await leaveTraces(sessions, clock);
    others = await signedIn(sessions, OTHER);
    expect(await place.held()).toContain(TRACE);
    sessions.on("revoked", (event) => revoked.push(event));
    forgotten = await sessions.forget({ userId: PERSON });
  });
  afterAll(() => place.close());

  it("is signed out everywhere", async () => {
    expect(forgotten).toBe(theirs.length);
    expect(revoked).toHaveLength(theirs.length);
    expect(await sessions.list({ userId: PERSON })).toEqual([]);
    for (const browser of theirs) expect(await isSignedIn(browser.copy())).toBe(false);
  });

  it("stands nowhere in it any more", async () => {
    const held = await place.held();
    expect(held).not.toContain(TRACE);
    // Nor any word of what they left in their sessions; what is somebody else's is there.
    expect(held.includes("Canary Street")).toBe(name !== "encrypted");
    expect(held).toContain(OTHER);
  });

  it("takes nobody else along", async () => {
    expect(await isSignedIn(others)).toBe(true);
  });

  it("may be forgotten again, and come back", async () => {
    expect(await sessions.forget({ userId: PERSON })).toBe(0);
    const back = await signedIn(sessions, PERSON);
    expect(await isSignedIn(back)).toBe(true);
    const stays = await signedIn(sessions, PERSON);
    expect(await sessions.revokeAll({ userId: PERSON })).toBe(2);
    expect(await isSignedIn(stays)).toBe(false);
    expect(await isSignedIn(await signedIn(sessions, PERSON))).toBe(true);
    expect(await sessions.forget({ userId: PERSON })).toBe(1);
    expect(await place.held()).not.toContain(TRACE);
  });
});

describe("a person whose sessions are in cookies", () => {
  it("is forgotten by the store of those who have signed out", async () => {
    const clock = new SetClock(Date.now());
    const place = await onDatabases((path) => sqliteStore(path("revoked")));
    const store = cookieStore({ revocations: place.store });
    const sessions = createSessions({ store, keys: [KEY], clock }) as Sessions<Untyped>;
    const browsers = await leaveTraces(sessions, clock);
    expect(await place.held()).toContain(TRACE);
    expect(await sessions.forget({ userId: PERSON })).toBe(0);
    expect(await place.held()).not.toContain(TRACE);
    for (const browser of browsers) expect(await isSignedIn(browser)).toBe(false);
    expect(await isSignedIn(await signedIn(sessions, PERSON))).toBe(true);
    await place.close();
  });

  it("cannot be exported, and it is said what to do", () => {
    const revocations = "none: a copied cookie works until it expires, signed out or not";
    const store = cookieStore({ revocations });
    const sessions = createSessions({ store, keys: [KEY] });
    expect(() => sessions.export({ userId: PERSON })).toThrow(/session\.entries\(\)/);
    return expect(sessions.forget({ userId: PERSON })).rejects.toBeInstanceOf(OptionsError);
  });
});

describe("the file of a database", () => {
  it("has no byte of a person who is forgotten, once it is cleared up", async () => {
    const clock = new SetClock(Date.now());
    let file = "";
    const place = await onDatabases((path) => {
      file = path("sessions");
      return sqliteStore(file);
    });
    const sessions = createSessions({ store: place.store, clock }) as Sessions<Untyped>;
    await leaveTraces(sessions, clock);
    await sessions.forget({ userId: PERSON });
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(file);
    database.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    for (const path of [file, `${file}-wal`]) {
      expect(readFileSync(path).includes(TRACE)).toBe(false);
    }
    await place.close();
  });
});

describe("forgetting", () => {
  const trouble = async (fails: number) => {
    const memory = memoryStore();
    const { directory } = memory;
    let calls = 0;
    const store = {
      ...{ profile: memory.profile, directory: { ...directory } },
      load: memory.load.bind(memory),
      create: memory.create.bind(memory),
      update: memory.update.bind(memory),
      end: memory.end.bind(memory),
      touch: memory.touch.bind(memory),
    };
    store.directory.forget = async (user, call) => {
      calls += 1;
      if (calls <= fails) throw new Error("The connection was lost");
      return directory.forget?.(user, call) ?? 0;
    };
    return createSessions({ store, onError: () => undefined }) as Sessions<Untyped>;
  };

  it("that fails on the way has ended the sessions, and is finished by another call", async () => {
    const sessions = await trouble(1);
    const browser = await signedIn(sessions, PERSON);
    await expect(sessions.forget({ userId: PERSON })).rejects.toMatchObject({
      name: "StoreError",
      operation: "forget",
      outcome: "unknown",
    });
    expect(await isSignedIn(browser)).toBe(false);
    expect(await sessions.forget({ userId: PERSON })).toBe(0);
  });

  it.each([{}, { userId: undefined }, { userId: "" }, { userId: 7 }, { user: PERSON }])(
    "refuses what names nobody: %j",
    async (of) => {
      const sessions = createSessions({ store: memoryStore() });
      await expect(sessions.forget(of as never)).rejects.toBeInstanceOf(OptionsError);
      expect(() => sessions.export(of as never)).toThrow(OptionsError);
    },
  );

  it("by a store that has no word for it ends everything, and leaves the rest to the sweep", async () => {
    const memory = memoryStore();
    const { forget: _forget, ...directory } = memory.directory;
    const store = Object.assign(Object.create(memory), { directory });
    const plain = {
      profile: memory.profile,
      load: memory.load.bind(memory),
      create: memory.create.bind(memory),
      update: memory.update.bind(memory),
      end: memory.end.bind(memory),
      directory: store.directory,
    };
    const sessions = createSessions({ store: plain }) as Sessions<Untyped>;
    const browser = await signedIn(sessions, PERSON);
    expect(await sessions.forget({ userId: PERSON })).toBe(1);
    expect(await isSignedIn(browser)).toBe(false);
  });

  it("is an OptionsError without a directory", async () => {
    const memory = memoryStore();
    const store = {
      profile: memory.profile,
      load: memory.load.bind(memory),
      create: memory.create.bind(memory),
      update: memory.update.bind(memory),
      end: memory.end.bind(memory),
    };
    const sessions = createSessions({ store });
    await expect(sessions.forget({ userId: PERSON })).rejects.toMatchObject({
      option: "sessions.forget",
    });
    expect(() => sessions.export({ userId: PERSON })).toThrow(OptionsError);
  });
});
