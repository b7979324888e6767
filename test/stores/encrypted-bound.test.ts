import { createHash, randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import { boundData } from "../../src/core/record.ts";
import { recordSecret, type SessionId, type SessionToken } from "../../src/core/token.ts";
import {
  createSessions,
  memoryStore,
  OptionsError,
  type SessionStore,
  type Sessions,
  type StoreCall,
  StoreError,
  type Untyped,
} from "../../src/index.ts";
import { movingStore } from "../../src/migrate/index.ts";
import { BoundSealer } from "../../src/sealing/bound-sealer.ts";
import { KeyRing } from "../../src/sealing/key-ring.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { layered } from "../../src/stores/layered/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { recordAt, successorOf } from "../../src/testing/store/fixtures.ts";
import { describeStore } from "../../src/testing/store.ts";
import { Browser } from "../laws/support/browser.ts";
import { gate } from "../laws/support/world.ts";
import { openPath } from "./support/databases.ts";

const NOW = 1_800_000_000_000;
const manager = "session";
const KEY = randomBytes(32).toString("base64url");
const FRESH = randomBytes(32).toString("base64url");
const BOUND = { bindTo: "token" } as const;

const outside = { now: NOW, signal: new AbortController().signal };
/** As a request calls that brings the token of every session. */
const secretOf = (id: SessionId): string => createHash("sha256").update(id).digest("base64url");
const within: StoreCall = { ...outside, secretOf };

/** The suite calls as nobody in particular, so that it is given every secret here. */
function withSecrets(store: SessionStore): SessionStore {
  const told = (call: StoreCall): StoreCall => ({ ...call, secretOf });
  return {
    ...store,
    profile: store.profile,
    load: (id, call) => store.load(id, told(call)),
    create: (record, call) => store.create(record, told(call)),
    update: (record, expected, call) => store.update(record, expected, told(call)),
    end: (stone, expected, call) => store.end(stone, expected, told(call)),
    ...(store.directory && {
      directory: {
        ...store.directory,
        scan: async (page, call) => store.directory?.scan(page, told(call)) ?? [],
      },
    }),
  };
}

describeStore(
  "SQLite, encrypted and bound to tokens",
  async () => {
    const { store, sibling, ...others } = await openPath();
    const around = (inner: SessionStore): SessionStore => withSecrets(encrypted(inner, KEY, BOUND));
    return {
      ...others,
      store: around(store),
      sibling: async () => around((await sibling?.()) ?? store),
    };
  },
  { runner: { describe, it } },
);

interface Shop {
  readonly inside: Required<SessionStore>;
  readonly sessions: Sessions<Untyped>;
}

function shop(options = {}, inside = memoryStore()): Shop {
  const store = encrypted(inside, KEY, { ...BOUND, ...options }) as SessionStore;
  return { inside, sessions: managerOf(store) };
}

function managerOf(store: object): Sessions<Untyped> {
  const clock = { now: () => NOW };
  return createSessions<Untyped>({ store: store as SessionStore, clock }) as Sessions<Untyped>;
}

async function signedIn(sessions: Sessions<Untyped>, data: Untyped): Promise<Browser> {
  const browser = new Browser(sessions);
  await browser.visit(async (session) => {
    for (const [key, value] of Object.entries(data)) session.set(key, value);
    await session.signIn("ada");
  });
  return browser;
}

const valuesOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => Object.fromEntries(session.entries()))).json;

async function idOf(browser: Browser): Promise<SessionId> {
  return (await browser.visit((session) => session.id)).json as SessionId;
}

async function failure(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => new Error("nothing failed"),
    (error: Error) => error,
  );
}

describe("a session that is bound to its token", () => {
  it("opens with the cookie, and with store and keys together does not", async () => {
    const { inside, sessions } = shop();
    const browser = await signedIn(sessions, { secret: "canary" });
    expect(await valuesOf(browser)).toEqual({ secret: "canary" });
    const id = await idOf(browser);
    const stored = await inside.load(id, outside);
    expect(JSON.stringify(stored)).not.toContain("canary");
    const other = encrypted(inside, KEY, BOUND);
    expect(await other.load(id, outside)).toMatchObject({ userId: "ada", flash: "" });
    expect(JSON.stringify(await other.load(id, outside))).not.toContain("canary");
    // The keys without the option say what is missing.
    const error = await failure(encrypted(inside, KEY).load(id, outside));
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toContain('write bindTo: "token"');
  });

  it("opens under no other token, though the keys and the place are right", () => {
    const sealer = new BoundSealer(new KeyRing("keys", KEY), randomBytes);
    const binding = new Uint8Array() as never;
    const secret = recordSecret(randomBytes(32).toString("base64url") as SessionToken, manager);
    const sealed = sealer.seal("canary", binding, secret);
    expect(sealer.open(sealed, binding, secret)).toMatchObject({ kind: "opened", text: "canary" });
    const others = [secretOf("s_" as SessionId), recordSecret("x" as SessionToken, manager), ""];
    for (const other of others) {
      expect(sealer.open(sealed, binding, other)).toEqual({ kind: "altered" });
    }
    const foreign = new BoundSealer(new KeyRing("keys", FRESH), randomBytes);
    expect(foreign.open(sealed, binding, secret)).toEqual({ kind: "unknownKey" });
  });

  it("gives the store inside no secret", async () => {
    const calls: StoreCall[] = [];
    const memory = memoryStore();
    const told = <T>(call: StoreCall, send: () => T): T => {
      calls.push(call);
      return send();
    };
    const spy: SessionStore = {
      ...memory,
      profile: memory.profile,
      load: (id, call) => told(call, () => memory.load(id, call)),
      create: (record, call) => told(call, () => memory.create(record, call)),
      update: (record, expected, call) => told(call, () => memory.update(record, expected, call)),
      end: (stone, expected, call) => told(call, () => memory.end(stone, expected, call)),
    };
    const { sessions } = shop({}, spy as Required<SessionStore>);
    const browser = await signedIn(sessions, { n: 1 });
    await browser.visit((session) => session.regenerate());
    await browser.visit((session) => session.signOut());
    expect(calls.length).toBeGreaterThan(5);
    for (const call of calls) expect(call.secretOf).toBe(undefined);
  });

  it("is sealed anew under the token that it goes on with", async () => {
    const { inside, sessions } = shop();
    const browser = await signedIn(sessions, { n: 1 });
    const before = browser.token;
    await browser.visit(async (session) => {
      session.set("n", 2);
      await session.regenerate();
    });
    expect(browser.token).not.toBe(before);
    expect(await valuesOf(browser)).toEqual({ n: 2 });
    const stored = await inside.load(await idOf(browser), outside);
    const text = JSON.parse(String(stored?.kind === "live" && stored.data))["sojourn:sealed"];
    const sealer = new BoundSealer(new KeyRing("keys", KEY), randomBytes);
    expect(text).toMatch(/^A[w-z0-9_-]/);
    const old = recordSecret(String(before) as SessionToken, manager);
    expect(sealer.open(text, new Uint8Array() as never, old)).toEqual({ kind: "altered" });
  });

  it("loses no update of two processes, nor one that regenerate races with", async () => {
    const inside = memoryStore();
    const [one, other] = [shop({}, inside), shop({}, inside)];
    const browser = await signedIn(one.sessions, { n: 0 });
    const visits = Array.from({ length: 20 }, (_, at) =>
      browser
        .copy(at % 2 === 0 ? one.sessions : other.sessions)
        .visit((session) => session.update("n", (n: number) => n + 1)),
    );
    const moved = browser.copy(other.sessions);
    const moving = moved.visit((session) => session.regenerate());
    const statuses = (await Promise.all(visits)).map(({ status }) => status);
    await moving;
    const acknowledged = statuses.filter((status) => status === 200).length;
    expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
    const live = moved.token === browser.token ? browser : moved;
    expect(await valuesOf(live)).toEqual({ n: acknowledged });
  });

  it("hands values on with a code, until its token is another", async () => {
    const { sessions } = shop();
    const audience = "https://shop.example";
    const giver = await signedIn(sessions, { theme: "dark", other: 1 });
    const handed = async (between: () => Promise<unknown>): Promise<unknown> => {
      const receiver = new Browser(sessions);
      const { text: challenge } = await receiver.request(
        async (request) => new Response(await sessions.expectHandOff(request, { audience })),
      );
      const { text: code } = await giver.visit(
        async (session) =>
          new Response(await sessions.handOff(session, { audience, challenge, keep: ["theme"] })),
      );
      await between();
      const { text } = await receiver.request(
        async (request) => {
          const redeemed = await sessions.redeem(request, code);
          return new Response(redeemed.ok ? "ok" : redeemed.reason);
        },
        { method: "POST" },
      );
      return text === "ok" ? valuesOf(receiver) : text;
    };
    expect(await handed(async () => undefined)).toEqual({ theme: "dark" });
    expect(await handed(() => giver.visit((session) => session.regenerate()))).toBe("unopened");
  });

  it("is of no use to a sign-in that finds it under another tab's token: 409, and nothing is lost", async () => {
    const { sessions } = shop();
    const browser = new Browser(sessions);
    await browser.visit((session) => session.set("n", 1));
    const [entered, passed] = [gate(), gate()];
    const answer = browser.copy().visit(async (session) => {
      entered.open();
      await passed.passed;
      await session.signIn("ada");
    });
    await entered.passed;
    await browser.visit(async (session) => {
      await session.regenerate();
      session.set("n", 2);
    });
    passed.open();
    expect((await answer).status).toBe(409);
    expect(await valuesOf(browser)).toEqual({ n: 2 });
  });
});

describe("who works without the token", () => {
  it("sees facts, and ends sessions", async () => {
    const { sessions } = shop();
    const browser = await signedIn(sessions, { n: 1 });
    await browser.visit((session) => {
      session.label = "Ada's laptop";
    });
    const id = await idOf(browser);
    const [listed] = await sessions.list({ userId: "ada" });
    expect(listed).toMatchObject({ id, userId: "ada", label: "Ada's laptop" });
    expect(await sessions.find(id)).toEqual(listed);
    expect(await sessions.count()).toBe(1);
    expect(await sessions.revoke(id)).toBe(true);
    expect(await valuesOf(browser)).toEqual({});
  });

  it("is told by an export what it cannot open, and that it is there", async () => {
    const { sessions } = shop();
    await signedIn(sessions, { secret: "canary" });
    const exported = [];
    for await (const session of sessions.export({ userId: "ada" })) exported.push(session);
    expect(exported).toMatchObject([
      { userId: "ada", data: undefined, messages: undefined, problem: "boundToToken" },
    ]);
  });

  it("spares and ends by revokeAll, and what is spared keeps its data", async () => {
    const { sessions } = shop();
    const here = await signedIn(sessions, { n: "here" });
    const there = await signedIn(sessions, { n: "there" });
    expect(await sessions.revokeAll({ userId: "ada", except: await idOf(here) })).toBe(1);
    expect(await valuesOf(here)).toEqual({ n: "here" });
    expect(await valuesOf(there)).toEqual({});
  });

  it("may note something, and writes no data: not its own, nor another session's", async () => {
    const inside = memoryStore();
    const store = encrypted(inside, KEY, BOUND);
    const record = recordAt(NOW, { manager, data: '{"n":1}', userId: "ada", notes: '{"g":1}' });
    const twin = recordAt(NOW, { manager, data: '{"n":2}', userId: "ada" });
    expect((await failure(store.create(record, outside))).message).toContain("visitor's token");
    await store.create(record, within);
    await store.create(twin, within);
    const [seen, other] = [
      await store.load(record.id, outside),
      await store.load(twin.id, outside),
    ];
    if (seen?.kind !== "live" || other?.kind !== "live") throw new Error("nothing is there");
    expect(seen).toMatchObject({ notes: '{"g":1}', userId: "ada" });
    const noted = { ...successorOf(seen), data: seen.data, notes: '{"g":2}' };
    expect(await store.update(noted, seen.version, outside)).toEqual({ kind: "updated" });
    expect(await store.load(record.id, within)).toMatchObject({
      data: '{"n":1}',
      notes: '{"g":2}',
    });
    const planted = { ...successorOf(noted), data: other.data };
    const error = await failure(store.update(planted, noted.version, outside));
    expect(error.message).toContain("visitor's token");
    expect(boundData(twin.id, "x")).not.toBe(other.data);
  });

  it("cannot put a row together from two of the same session", async () => {
    const inside = memoryStore();
    const store = encrypted(inside, KEY, BOUND);
    const record = recordAt(NOW, { manager, data: '{"n":1}' });
    await store.create(record, within);
    const first = await inside.load(record.id, outside);
    const second = { ...successorOf(record), data: '{"n":2}' };
    await store.update(second, record.version, within);
    const newest = await inside.load(record.id, outside);
    if (first?.kind !== "live" || newest?.kind !== "live") throw new Error("nothing is there");
    await inside.update({ ...newest, data: first.data }, newest.version, outside);
    expect((await failure(store.load(record.id, within))).message).toContain("altered");
  });
});

describe("turning it on", () => {
  it("reads what the keys alone had sealed, and binds it at its next write", async () => {
    const inside = memoryStore();
    const before = managerOf(encrypted(inside, KEY));
    const old = await signedIn(before, { n: 1 });
    const { sessions } = shop({}, inside);
    const browser = old.copy(sessions);
    expect(await valuesOf(browser)).toEqual({ n: 1 });
    // Noted without the token, as long as the keys alone open it.
    await sessions.revokeAll({ userId: "ada", except: await idOf(browser) });
    await browser.visit((session) => session.set("n", 2));
    const stored = await encrypted(inside, KEY, BOUND).load(await idOf(browser), outside);
    expect(JSON.stringify(stored)).not.toContain('{"n":2}');
    expect(await valuesOf(browser)).toEqual({ n: 2 });
  });

  it("opens under an older key of the ring, and refuses a retired one", async () => {
    const inside = memoryStore();
    const old = await signedIn(shop({}, inside).sessions, { n: 1 });
    const turned = managerOf(encrypted(inside, [FRESH, KEY], BOUND));
    expect(await valuesOf(old.copy(turned))).toEqual({ n: 1 });
    const retiring = managerOf(encrypted(inside, FRESH, { ...BOUND, retired: KEY }));
    expect(await valuesOf(old.copy(retiring))).toEqual({});
  });

  it.each([
    ["layered", (store: SessionStore) => layered(memoryStore(), store, { maxStaleness: "5s" })],
    ["movingStore", (store: SessionStore) => movingStore(store as never, memoryStore())],
    ["cookieStore", (store: SessionStore) => cookieStore({ revocations: store })],
    ["encrypted", (store: SessionStore) => encrypted(store, FRESH)],
  ])("is refused inside of %s, in a sentence", (_, wrap) => {
    const store = encrypted(sqliteStore(join(tmpdir(), "never-opened.db")), KEY, BOUND);
    expect(() => wrap(store)).toThrow(OptionsError);
    expect(() => wrap(store)).toThrow(/only requests bring/);
  });

  it("is refused around what is no store, and for other words", () => {
    const cookies = cookieStore({ revocations: sqliteStore(join(tmpdir(), "never-opened.db")) });
    expect(() => encrypted(cookies as never, KEY, BOUND)).toThrow("takes a store");
    const misspelt = { bindTo: "cookie" } as never;
    expect(() => encrypted(memoryStore(), KEY, misspelt)).toThrow('must be one of "token"');
  });
});
