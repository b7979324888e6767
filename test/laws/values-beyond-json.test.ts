import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { cookieStore } from "../../src/cookies/cookie.ts";
import {
  CodecError,
  createSessions,
  DataTooLargeError,
  memoryStore,
  OptionsError,
  type Session,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { movingStore } from "../../src/migrate/index.ts";
import { encrypted } from "../../src/stores/encrypted/index.ts";
import { fileStore } from "../../src/stores/file/index.ts";
import { layered } from "../../src/stores/layered/index.ts";
import { mysqlStore } from "../../src/stores/mysql/index.ts";
import { postgresStore } from "../../src/stores/postgres/index.ts";
import { redisStore } from "../../src/stores/redis/index.ts";
import { sqliteStore } from "../../src/stores/sqlite/index.ts";
import { temporaryFolder } from "../stores/support/databases.ts";
import { mariadbAddress, startMariadb } from "../support/servers/mariadb.ts";
import { type PostgresServer, startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";
import type { TestServer } from "../support/servers/test-server.ts";
import { rich, settled, values } from "../values/support/rich.ts";
import { Browser } from "./support/browser.ts";
import { listen, times, World } from "./support/world.ts";
import { wrapped, yielding } from "./support/wrapped-store.ts";

const key = (): string => randomBytes(32).toString("base64url");

let redisServer: TestServer;
let postgresServer: PostgresServer;
let mariadbServer: TestServer;
let folder = "";
const opened: SessionStore[] = [];
const clients: { readonly end: () => unknown }[] = [];
beforeAll(async () => {
  [redisServer, postgresServer, mariadbServer, folder] = await Promise.all([
    startRedis(),
    startPostgres(),
    startMariadb(),
    temporaryFolder(),
  ]);
});
afterAll(async () => {
  for (const store of opened) await store.close?.();
  for (const { end } of clients) await end();
  await Promise.all([redisServer.stop(), postgresServer.server.stop(), mariadbServer.stop()]);
  await rm(folder, { recursive: true, force: true });
});

function kept<Store extends SessionStore>(store: Store): Store {
  opened.push(store);
  return store;
}

/** Sessions as two processes have them, over one place. */
type Processes = readonly [Sessions<Untyped, "rich">, Sessions<Untyped, "rich">];

function over(open: () => SessionStore): Processes {
  const sessions = (): Sessions<Untyped, "rich"> => createSessions({ store: open(), values });
  return [sessions(), sessions()];
}

function inCookies(): Processes {
  const keys = [key()];
  const sessions = (): Sessions<Untyped, "rich"> =>
    createSessions({
      store: cookieStore({
        revocations: "none: a copied cookie works until it expires, signed out or not",
        chunks: 4,
        maxBytes: 14_336,
      }),
      keys,
      values,
    });
  return [sessions(), sessions()];
}

async function inRedis(): Promise<SessionStore> {
  const client = createClient({ url: `redis://127.0.0.1:${redisServer.port}` });
  client.on("error", () => undefined);
  await client.connect();
  clients.push({ end: () => client.destroy() });
  return redisStore(client);
}

const PLACES: readonly (readonly [string, () => Promise<Processes>])[] = [
  [
    "memory",
    async () => {
      const memory = memoryStore();
      return over(() => wrapped(memory, (_operation, send) => send()));
    },
  ],
  ["SQLite", async () => over(() => kept(sqliteStore(join(folder, "plain.db"))))],
  ["files", async () => over(() => kept(fileStore(join(folder, "files"))))],
  [
    "Redis",
    async () => {
      const stores = [await inRedis(), await inRedis()];
      return over(() => stores.pop() as SessionStore);
    },
  ],
  [
    "PostgreSQL",
    async () => {
      const pool = new Pool({
        connectionString: postgresServer.url,
        connectionTimeoutMillis: 5_000,
      });
      pool.on("error", () => undefined);
      clients.push({ end: () => pool.end() });
      return over(() => kept(postgresStore(pool)));
    },
  ],
  [
    "MySQL",
    async () => {
      const pool = createPool(mariadbAddress(mariadbServer));
      clients.push({ end: () => pool.end() });
      return over(() => kept(mysqlStore(pool)));
    },
  ],
  [
    "an encrypted store",
    async () => {
      const keys = [key()];
      return over(() => encrypted(kept(sqliteStore(join(folder, "sealed.db"))), keys));
    },
  ],
  [
    "a layered store",
    async () => {
      const origin = join(folder, "origin.db");
      return over(() => layered(memoryStore(), kept(sqliteStore(origin)), { maxStaleness: "1ms" }));
    },
  ],
  [
    "two stores that sessions move between",
    async () => {
      const [from, to] = [memoryStore(), memoryStore()];
      return over(() => movingStore(from, to));
    },
  ],
  ["the visitor's cookies", async () => inCookies()],
];

describe.each(PLACES)("values beyond JSON in %s", (_name, open) => {
  it("are the same for whoever reads them next", async () => {
    const [one, other] = await open();
    await fc.assert(
      fc.asyncProperty(rich, rich, async (value, message) => {
        const browser = new Browser(one);
        await browser.visit((session) => {
          session.set("value", value);
          session.set("plain", { at: "2026-01-01" });
          session.flash("message", message);
        });
        const elsewhere = browser.copy(other);
        const { status } = await elsewhere.visit((session) => {
          expect(session.get("value")).toEqual(settled(value));
          expect(session.get("plain")).toEqual({ at: "2026-01-01" });
          expect(session.take("message")).toEqual(settled(message));
        });
        expect(status).toBe(200);
      }),
      { numRuns: 40 },
    );
  });

  it("keep their kind through a new token, a sign-in, and a sign-out that keeps them", async () => {
    const [one, other] = await open();
    const browser = new Browser(one);
    const at = new Date(1_800_000_000_000);
    await browser.visit(async (session) => {
      session.set("at", at);
      await session.regenerate();
      await session.signIn("ada", { keep: ["at"] });
    });
    browser.sessions = other;
    await browser.visit(async (session) => {
      expect(session.get("at")).toEqual(at);
      await session.signOut({ keep: ["at"] });
    });
    const { json } = await browser.visit((session) => session.get("at") instanceof Date);
    expect(json).toBe(true);
  });
});

describe("a Map that many requests fill at once", () => {
  it("loses nothing, over two processes whose writes collide", async () => {
    const memory = memoryStore();
    const options = {
      values,
      defaults: { cart: new Map<string, bigint>(), seen: new Set<Date>() },
    };
    const process = (): Sessions<Untyped> =>
      createSessions<Untyped>({ store: wrapped(memory, yielding), ...options });
    const [one, other] = [new Browser(process()), process()];
    await one.visit((session) => session.set("first", 1n));
    const answers = await times(50, (n) =>
      one.copy(n % 2 === 0 ? one.sessions : other).visit(async (session) => {
        const cart: unknown = await session.update("cart", (cart: Map<string, bigint>) =>
          cart.set(`tea-${n % 10}`, (cart.get(`tea-${n % 10}`) ?? 0n) + 1n),
        );
        expect(cart).toBeInstanceOf(Map);
        await session.update("seen", (seen: Set<Date>) => seen.add(new Date(n)));
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    await one.visit((session) => {
      const cart = session.get("cart") as Map<string, bigint>;
      expect([...cart.values()]).toEqual(Array(10).fill(5n));
      expect(session.get("seen").size).toBe(50);
      expect(session.get("first")).toBe(1n);
    });
  });
});

/** An application with the option. */
function richWorld(options: Record<string, unknown> = {}): World {
  return new World({ values, ...options });
}

async function dataOf(world: World, browser: Browser): Promise<string> {
  const stored = await world.stored(await world.idOf(browser));
  return stored?.kind === "live" ? stored.data : "";
}

/** Puts data where the session's is. */
async function plant(world: World, browser: Browser, data: string): Promise<void> {
  const stored = await world.stored(await world.idOf(browser));
  if (stored?.kind !== "live") throw new Error("There is no session.");
  const call = { now: world.clock.now(), signal: new AbortController().signal };
  await world.memory.update({ ...stored, data }, stored.version, call);
}

describe("a change in place", () => {
  it.each<[string, unknown, (value: never) => unknown]>([
    ["of a Map", new Map([["tea", 1]]), (map: Map<string, number>) => map.set("tea", 2)],
    ["of a Set", new Set(["tea"]), (set: Set<string>) => set.add("cup")],
    ["of a Date", new Date(0), (date: Date) => date.setTime(1)],
    ["of a URL", new URL("https://a.example/"), (url: URL) => url.searchParams.set("a", "b")],
    ["of bytes", new Uint8Array(2), (bytes: Uint8Array) => bytes.fill(3)],
    [
      "deep inside",
      { a: [new Map([["b", { at: new Date(0) }]])] },
      (value: Untyped) => value["a"][0].get("b").at.setTime(1),
    ],
  ])("%s is saved, and no reading is", async (_name, value, change) => {
    const world = richWorld();
    const browser = await world.returning({ value, other: 1 });
    world.switch.forget();
    await browser.visit((session) => void session.get("value"));
    expect(world.switch.count("update")).toBe(0);
    await browser.visit((session) => void change(session.get("value") as never));
    expect(world.switch.count("update")).toBe(1);
    const expected = structuredClone(value instanceof URL ? null : value) ?? new URL(String(value));
    change(expected as never);
    await browser.visit((session) => void expect(session.get("value")).toEqual(expected));
  });

  it("of what was set is saved as it is when the request ends", async () => {
    const world = richWorld();
    const browser = world.browser();
    await browser.visit(async (session) => {
      const cart = new Map([["tea", 1]]);
      session.set("cart", cart);
      await session.save();
      cart.set("cup", 2);
    });
    await browser.visit((session) => void expect(session.get("cart").get("cup")).toBe(2));
  });

  it("of a default is this visitor's own", async () => {
    const world = richWorld({ defaults: { cart: new Map(), since: new Date(0) } });
    const browser = world.browser();
    await browser.visit((session) => void session.get("cart").set("tea", 1));
    await browser.visit((session) => void expect(session.get("cart").size).toBe(1));
    await world.browser().visit((session) => {
      expect(session.get("cart")).toEqual(new Map());
      expect(session.get("since")).toEqual(new Date(0));
    });
  });

  it("that nothing could store any more fails the request, and keeps what was", async () => {
    const world = richWorld();
    const browser = await world.returning({ cart: new Map([["tea", 1]]) });
    const { status } = await browser.visit((session) => void session.get("cart").set("f", () => 1));
    expect(status).toBe(500);
    await browser.visit((session) => void expect(session.get("cart").size).toBe(1));
  });
});

describe("with the option off", () => {
  it("data that JSON carries reads as ever, whoever wrote it", async () => {
    const world = richWorld();
    const browser = await world.returning({ cart: ["tea"], at: "2026-01-01" });
    expect(await dataOf(world, browser)).toBe('{"cart":["tea"],"at":"2026-01-01"}');
    const plain = browser.copy(world.process({ values: undefined }));
    const { json } = await plain.visit((session) => session.get("cart"));
    expect(json).toEqual(["tea"]);
  });

  it("what goes beyond it is an error that names the option, and ends no session", async () => {
    const world = richWorld();
    const browser = await world.returning({ cart: ["tea"], at: new Date(0) });
    const before = await dataOf(world, browser);
    const errors: unknown[] = [];
    const other = world.process({
      values: undefined,
      onError: (error: unknown) => errors.push(error),
    });
    const plain = browser.copy(other);
    const answer = await plain.visit((session) => session.get("cart"));
    expect(answer.status).toBe(500);
    expect(answer.cookies).toEqual([]);
    expect(errors).toEqual([expect.any(OptionsError)]);
    expect(String(errors[0])).toContain("richValues(devalue)");
    expect(await dataOf(world, browser)).toBe(before);
    await browser.visit((session) => void expect(session.get("at")).toEqual(new Date(0)));
  });

  it("so is a message beyond it", async () => {
    const world = richWorld();
    const browser = await world.returning();
    await browser.visit((session) => (session as Session<Untyped, "rich">).flash("note", 1n));
    const plain = browser.copy(world.process({ values: undefined }));
    expect((await plain.visit((session) => session.take("note"))).status).toBe(500);
    expect((await plain.visit((session) => session.get("seen"))).json).toBe(1);
    await browser.visit((session) => void expect(session.take("note")).toBe(1n));
  });

  it("nothing that a client sends can look like it", async () => {
    const body = JSON.parse('{"\\u0001devalue":[["Date","1970-01-01T00:00:00.000Z"]]}');
    for (const option of [undefined, values]) {
      const browser = new World({ values: option }).browser();
      const { status, json } = await browser.visit((session) => {
        try {
          session.set("form", [body]);
          return "stored";
        } catch (error) {
          return error instanceof CodecError ? error.status : String(error);
        }
      });
      expect([status, json]).toEqual([200, 422]);
    }
  });
});

describe("an older session", () => {
  it("goes on where the option is switched on, and holds what its keys held", async () => {
    const world = new World();
    const browser = await world.returning({ cart: { tea: 1 }, at: "2026-01-01" });
    await browser.visit((session) => session.flash("note", "hello"));
    const after = browser.copy(world.process({ values }));
    await after.visit((session) => {
      expect(session.get("cart")).toEqual({ tea: 1 });
      expect(session.take("note")).toBe("hello");
      session.set("at", new Date(session.get("at")));
    });
    await after.visit((session) => void expect(session.get("at")).toEqual(new Date("2026-01-01")));
  });

  it("is brought to a schema with Dates and Maps by migrate", async () => {
    const schema = z.object({
      at: z.date().optional(),
      cart: z.map(z.string(), z.number()).default(() => new Map()),
    });
    const migrate = (stored: Readonly<Record<string, unknown>>): Record<string, unknown> => {
      const { at, cart } = stored;
      return {
        ...stored,
        ...(typeof at === "string" ? { at: new Date(at) } : {}),
        ...(Array.isArray(cart) ? { cart: new Map(cart) } : {}),
      };
    };
    const world = new World();
    const browser = await world.returning({ cart: [["tea", 1]], at: "2026-01-01", extra: 1 });
    const after = browser.copy(world.process({ values, schema, migrate }));
    await after.visit(async (session) => {
      expect(session.get("at")).toEqual(new Date("2026-01-01"));
      await session.update("cart", (cart: Map<string, number>) => cart.set("cup", 2));
    });
    await after.visit((session) => {
      expect(session.get("cart")).toEqual(
        new Map([
          ["tea", 1],
          ["cup", 2],
        ]),
      );
      expect(session.get("at")).toEqual(new Date("2026-01-01"));
    });
    const data = await dataOf(world, after);
    expect(JSON.parse(data)).toMatchObject({
      extra: 1,
      at: { "\u0001devalue": [["Date", "2026-01-01T00:00:00.000Z"]] },
    });
  });
});

describe("a schema", () => {
  const schema = z.object({
    at: z.date().optional(),
    ids: z.set(z.bigint()).default(() => new Set<bigint>()),
    home: z.instanceof(URL).optional(),
  });

  it("gives its type, checks values beyond JSON, and has defaults of them", async () => {
    const browser = richWorld({ schema }).browser();
    await browser.visit(async (session) => {
      session.set("at", new Date(5));
      session.set("home", new URL("https://a.example/"));
      await session.update("ids", (ids: Set<bigint>) => ids.add(1n));
    });
    await browser.visit((session) => {
      expect(session.get("at")).toEqual(new Date(5));
      expect(session.get("ids")).toEqual(new Set([1n]));
      expect(session.get("home").href).toBe("https://a.example/");
    });
    const { status } = await browser.visit((session) => session.set("at", 5n));
    expect(status).toBe(500);
  });

  it("that coerces is settled once it is given what it makes", async () => {
    const coercing = z.object({ at: z.coerce.date().optional() });
    const browser = richWorld({ schema: coercing }).browser();
    await browser.visit((session) => session.set("at", "2026-01-01"));
    await browser.visit(
      (session) => void expect(session.get("at")).toEqual(new Date("2026-01-01")),
    );
  });
});

describe("the limits", () => {
  it("count what is stored, bytes as base64", async () => {
    const world = richWorld({ maxDataBytes: 1_000 });
    const browser = await world.returning();
    const set = (bytes: number) => (session: Session<Untyped>) =>
      session.set("bytes", new Uint8Array(bytes));
    expect((await browser.visit(set(600))).status).toBe(200);
    const { status } = await browser.visit(async (session) => {
      set(900)(session);
      await expect(session.save()).rejects.toThrow(DataTooLargeError);
    });
    expect(status).toBe(500);
  });
});

describe("what somebody else has put into the store", () => {
  it.each([
    '{"at":{"\\u0001devalue":[["RegExp","(a+)+$"]]}}',
    '{"at":{"\\u0001devalue":[[1,1],[2,2],[3,3],[]]}}',
    '{"at":{"\\u0001devalue":[["Uint8Array",1],4000000000]}}',
    '{"at":{"\\u0001devalue":[{"__proto__":1},{"admin":2},true]}}',
    '{"\\u0001devalue":[["Date","1970-01-01T00:00:00.000Z"]]}',
  ])("is no session's data: %s", async (data) => {
    const world = richWorld();
    const browser = await world.returning({ at: new Date(0) });
    await plant(world, browser, data);
    const heard = listen(world.sessions);
    const { status, json } = await browser.visit((session) => session.isNew);
    expect([status, json]).toEqual([200, true]);
    expect(heard.map(({ name, reason }) => [name, reason])).toEqual([["rejected", "corrupt"]]);
    expect(Reflect.get({}, "admin")).toBeUndefined();
  });
});
