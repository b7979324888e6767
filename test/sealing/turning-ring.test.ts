import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import {
  createSessions,
  OptionsError,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { type KeyRingOptions, keyRing, type TurningKeys } from "../../src/sealing/turning/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { Browser } from "../laws/support/browser.ts";
import { connectPool, freshTable } from "../stores/support/postgres-databases.ts";
import { SINGLE } from "../stores/support/redis-clients.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SECRET = randomBytes(32).toString("base64url");

class Hands {
  at = Date.now();
  now = (): number => this.at;
}

const open: TurningKeys[] = [];
afterAll(() => {
  for (const ring of open) ring.close();
});

async function ringOn(
  store: SessionStore,
  clock: Hands,
  options: Partial<KeyRingOptions> = {},
): Promise<TurningKeys> {
  const ring = await keyRing({ store, clock, rotateEvery: "30d", wrapWith: SECRET, ...options });
  open.push(ring);
  return ring;
}

const statesOf = async (ring: TurningKeys): Promise<string[]> =>
  (await ring.list()).map(({ state }) => state);

/** A ring whose clock has moved: as its processes do, it reads again. */
async function later(clock: Hands, ms: number, ...rings: TurningKeys[]): Promise<void> {
  clock.at += ms;
  for (const ring of rings) await ring.refresh();
}

describe("a ring of keys that turns by itself", () => {
  it("publishes a key before its first use, seals by it on time, and lets the old one go", async () => {
    const [clock, store] = [new Hands(), memoryStore()];
    const [one, other] = [await ringOn(store, clock), await ringOn(store, clock)];
    const [first] = one();
    expect(one()).toHaveLength(1);
    expect(other()).toEqual(one());
    await later(clock, 30 * DAY - 3 * MINUTE, one);
    expect(await statesOf(one)).toEqual(["pending", "sealing"]);
    expect(one()[0]).toBe(first);
    await later(clock, MINUTE, other);
    expect(new Set(other())).toEqual(new Set(one()));
    clock.at += 2 * MINUTE;
    const [fresh] = one();
    expect(fresh).not.toBe(first);
    expect(one()).toEqual(other());
    expect(one()).toContain(first);
    // It goes with the last that it has sealed, whether the ring is read or not.
    clock.at += 90 * DAY + 2 * MINUTE;
    expect(one()).not.toContain(first);
  });

  it("gives the same array as long as nothing changes, so that nothing is derived again", async () => {
    const [clock, store] = [new Hands(), memoryStore()];
    const ring = await ringOn(store, clock);
    const keys = ring();
    clock.at += MINUTE / 2;
    expect(ring()).toBe(keys);
  });

  it("reads the ring again by itself once it is old, and goes on with what it knows in an outage", async () => {
    const [clock, memory] = [new Hands(), memoryStore()];
    const failures: unknown[] = [];
    let isAway = false;
    const store: SessionStore = {
      profile: memory.profile,
      load: (id, call) => (isAway ? Promise.reject(new Error("away")) : memory.load(id, call)),
      create: (record, call) => memory.create(record, call),
      update: (record, expected, call) => memory.update(record, expected, call),
      end: (stone, expected, call) => memory.end(stone, expected, call),
    };
    const onError = (error: unknown): void => void failures.push(error);
    const one = await ringOn(store, clock, { onError });
    const other = await ringOn(memory, clock);
    const { kid } = await other.rotate();
    clock.at += MINUTE;
    one();
    await one.refresh();
    expect((await one.list()).map((key) => key.kid)).toContain(kid);
    isAway = true;
    clock.at += MINUTE;
    expect(one()).toHaveLength(2);
    await expect(one.refresh()).rejects.toThrow("away");
    expect(failures).toHaveLength(1);
    expect(one()).toHaveLength(2);
  });

  it("takes a key out at once, everywhere within the stated time, and nothing under it opens", async () => {
    const [clock, store] = [new Hands(), memoryStore()];
    const [one, other] = [await ringOn(store, clock), await ringOn(store, clock)];
    const sessionsOf = (keys: TurningKeys): Sessions<Untyped> =>
      createSessions<Untyped>({
        store: encrypted(store, keys) as SessionStore,
        clock,
      }) as Sessions<Untyped>;
    const [here, there] = [sessionsOf(one), sessionsOf(other)];
    const rejected: string[] = [];
    there.on("rejected", ({ reason }) => void rejected.push(reason));
    const browser = new Browser(here);
    await browser.visit((session) => session.set("n", 1));
    const read = (sessions: Sessions<Untyped>) =>
      browser.copy(sessions).visit((session) => session.get("n") ?? null);
    expect((await read(there)).json).toBe(1);
    const [leaked] = await one.list();
    expect(await one.revoke(String(leaked?.kid))).toBe(true);
    expect(await one.revoke(String(leaked?.kid))).toBe(false);
    expect((await read(here)).json).toBe(null);
    // The other process reads the ring within refreshEvery, and begins anew: no error.
    await later(clock, MINUTE, other);
    const answer = await read(there);
    expect([answer.status, answer.json]).toEqual([200, null]);
    expect(rejected).toEqual(["unknownKey"]);
    expect(other()).toEqual(one());
  });

  it("seals by the one before where the newest is revoked, until everybody knows a new one", async () => {
    const [clock, store] = [new Hands(), memoryStore()];
    const ring = await ringOn(store, clock);
    const [old] = ring();
    const { kid } = await ring.rotate();
    await later(clock, 3 * MINUTE, ring);
    expect(ring()[0]).not.toBe(old);
    await ring.revoke(kid);
    expect(ring()[0]).toBe(old);
  });

  it("serves cookies as it serves stores", async () => {
    const [clock, store] = [new Hands(), memoryStore()];
    const keys = await ringOn(store, clock);
    const sessions = createSessions<Untyped>({
      store: cookieStore({
        revocations: "none: a copied cookie works until it expires, signed out or not",
      }),
      keys,
      clock,
    }) as Sessions<Untyped>;
    const browser = new Browser(sessions);
    await browser.visit((session) => session.set("n", 1));
    await keys.rotate();
    await later(clock, 4 * MINUTE, keys);
    expect((await browser.visit((session) => session.get("n"))).json).toBe(1);
    for (const { kid } of await keys.list()) await keys.revoke(kid);
    expect((await browser.visit((session) => session.get("n") ?? null)).json).toBe(null);
  });

  it("keeps the keys wrapped, and tells a wrong secret and a strange ring apart from a new one", async () => {
    const [clock, store] = [new Hands(), memoryStore()];
    const ring = await ringOn(store, clock);
    const page = { manager: "keys:keys", after: undefined, limit: 9 };
    const call = { now: clock.at, signal: new AbortController().signal };
    const records = await store.directory.scan(page, call);
    expect(records).toHaveLength(1);
    for (const key of ring()) {
      expect(JSON.stringify(records)).not.toContain(key.slice(5, 40));
    }
    const wrapWith = randomBytes(32).toString("base64url");
    await expect(ringOn(store, clock, { wrapWith })).rejects.toThrow("not in wrapWith");
    expect((await ringOn(store, clock, { wrapWith: [wrapWith, SECRET] }))()).toEqual(ring());
  });

  it("is wrapped by a key management service, which is asked once for each key", async () => {
    const [clock, store] = [new Hands(), memoryStore()];
    let asked = 0;
    const service = {
      wrap: async (key: Uint8Array) => Uint8Array.from(key, (byte) => byte ^ 0x5a),
      unwrap: async (wrapped: Uint8Array) => {
        asked += 1;
        return Uint8Array.from(wrapped, (byte) => byte ^ 0x5a);
      },
    };
    const one = await ringOn(store, clock, { wrapWith: service });
    const other = await ringOn(store, clock, { wrapWith: service });
    await later(clock, MINUTE, one, other);
    expect(other()).toEqual(one());
    expect(asked).toBe(2);
  });

  it.each([
    [{ rotateEvery: "3m" }, "three times refreshEvery"],
    [{ rotateEvery: "1d" }, "more than 24 keys"],
    [{ store: {} }, "takes a store"],
    [{ wrapWith: 7 }, "npx sojourn secret"],
    [{ name: "a:b" }, "letters"],
    [{ rotate: "30d" }, "is not known"],
  ])("refuses %j in a sentence", async (options, sentence) => {
    const ring = ringOn(memoryStore(), new Hands(), options as never);
    await expect(ring).rejects.toThrow(OptionsError);
    await expect(ring).rejects.toThrow(sentence);
  });
});

describe("two processes that turn a ring at once", () => {
  let redis: TestServer;
  let postgres: PostgresServer;
  const closing: (() => unknown)[] = [];
  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  });
  afterAll(async () => {
    for (const close of closing) await close();
    await Promise.all([redis?.stop(), postgres?.server.stop()]);
  });

  const STORES: Readonly<Record<string, () => Promise<() => Promise<SessionStore>>>> = {
    Redis: async () => {
      const prefix = `ring-${randomBytes(6).toString("hex")}:`;
      return async () => {
        const [[, connect] = []] = SINGLE;
        if (connect === undefined) throw new Error("There is no client of Redis.");
        const { client, end } = await connect(redis.port);
        closing.push(end);
        return redisStore(client, { prefix });
      };
    },
    PostgreSQL: async () => {
      const table = freshTable();
      return async () => {
        const { client, close } = await connectPool(postgres.url);
        closing.push(close);
        return postgresStore(client, { table });
      };
    },
  };

  it.each(Object.keys(STORES))("begin with one key, and end with one new key: %s", async (name) => {
    const process = await STORES[name]?.();
    if (process === undefined) throw new Error(name);
    const clock = new Hands();
    const stores = await Promise.all(Array.from({ length: 4 }, process));
    const rings = await Promise.all(stores.map((store) => ringOn(store, clock)));
    const [ring] = rings;
    if (ring === undefined) throw new Error("There is no ring.");
    for (const each of rings) expect(each()).toEqual(ring());
    const rotated = await Promise.all(rings.map((each) => each.rotate()));
    expect(new Set(rotated.map(({ kid }) => kid)).size).toBe(1);
    expect(await statesOf(ring)).toEqual(["pending", "sealing"]);
    await later(clock, 3 * MINUTE, ...rings);
    for (const each of rings) expect(each()).toEqual(ring());
    // When the time has come by itself, too.
    clock.at += 30 * DAY - 3 * MINUTE;
    await Promise.all(rings.map((each) => each.refresh()));
    expect(await statesOf(ring)).toEqual(["pending", "sealing", "opening"]);
  });
});
