import Koa, { type Context, type Next } from "koa";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type CreateSessionOptions,
  createSession,
} from "../../../src/drop-ins/koa-session/index.ts";
import { createSessions, type Sessions, StoreError, type Untyped } from "../../../src/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { redisStore } from "../../../src/stores/redis/index.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import { addressOf, broughtBy, closeServers, cookiesOf } from "../support/served.ts";

let server: TestServer;
let client: ReturnType<typeof connected>;
beforeAll(async () => {
  server = await startRedis();
  client = connected();
  await client.connect();
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});
beforeEach(async () => {
  await client.flushAll();
});
afterEach(async () => {
  for (const sessions of opened.splice(0)) await sessions.close();
  await closeServers();
});

const connected = () =>
  createClient({ url: `redis://127.0.0.1:${server.port}`, disableOfflineQueue: true });

const opened: Sessions<Untyped>[] = [];

type Handler = (ctx: Context, next: Next) => unknown;

function ours(options: object = {}): Sessions<Untyped> {
  const sessions = createSessions({
    store: redisStore(client),
    cookie: { prefix: "", secure: false },
    ...options,
  });
  opened.push(sessions);
  return sessions;
}

async function at(handler: Handler, options: CreateSessionOptions): Promise<Page> {
  const app = new Koa();
  app.silent = true;
  app.use(createSession(options, app));
  app.use(async (ctx, next) => {
    ctx.body = JSON.stringify((await handler(ctx, next)) ?? null);
  });
  const address = await addressOf(app.callback());
  return (path, cookie = "") => fetch(address + path, { headers: { cookie } });
}

/** As koa-session takes one; over Redis, say, it would keep the JSON, too. */
function mapStore(): CreateSessionOptions["store"] {
  const kept = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(JSON.parse(kept.get(key) ?? "null")),
    set: async (key, session) => void kept.set(key, JSON.stringify(session)),
    destroy: async (key) => void kept.delete(key),
  };
}

type Page = (path: string, cookie?: string) => Promise<Response>;

const times = (count: number, visit: (n: number) => Promise<Response>) =>
  Promise.all(Array.from({ length: count }, (_, n) => visit(n)));

describe("ctx.session over a store of ours", () => {
  const write: Handler = (ctx) => {
    const key = ctx.path.slice(1);
    if (ctx.session && key !== "") ctx.session[key] = true;
    return ctx.session;
  };

  it("takes null for a callback as none", async () => {
    const handler: Handler = async ({ session }) => {
      const done = Reflect.apply(session?.save as () => unknown, session, [null]);
      await done;
      return done instanceof Promise;
    };
    const page = await at(handler, { sessions: ours() });
    expect(await (await page("/")).json()).toBe(true);
  });

  it("takes a store by its shape", async () => {
    const page = await at(write, { store: redisStore(client), secure: false });
    const response = await page("/one");
    expect(await response.json()).toEqual({ one: true });
    expect(broughtBy(response)).toMatch(/^koa\.sess=[\w-]{43}$/);
    expect(await (await page("/", broughtBy(response))).json()).toEqual({ one: true });
  });

  it("shows the sessions that it has made of a store", async () => {
    const app = new Koa();
    const middleware = createSession({ store: redisStore(client), secure: false }, app);
    app.use(middleware).use(async (ctx) => {
      if (ctx.session) ctx.session["theme"] = "dark";
      ctx.body = (await middleware.sessions?.open(ctx))?.get("theme");
    });
    expect(await (await fetch(await addressOf(app.callback()))).text()).toBe("dark");
    await middleware.sessions?.close();
  });

  it("keeps fifty of fifty keys that fifty parallel requests set, in two processes' managers", async () => {
    const pages = [
      await at(write, { sessions: ours() }),
      await at(write, { sessions: ours({ store: redisStore(client) }) }),
    ];
    const cookie = broughtBy(await (pages[0] as Page)("/first"));
    await times(50, (n) => (pages[n % 2] as Page)(`/key${n}`, cookie));
    const session = await (await (pages[0] as Page)("/", cookie)).json();
    expect(Object.keys(Object(session))).toHaveLength(51);
  });

  it("changes nothing by reading: a reader undoes no writer", async () => {
    let goOn = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const page = await at(
      async (ctx, next) => {
        if (ctx.path !== "/slow") return write(ctx, next);
        const before = { ...ctx.session };
        await waiting;
        return before;
      },
      { sessions: ours() },
    );
    const cookie = broughtBy(await page("/one"));
    const slow = page("/slow", cookie);
    await page("/two", cookie);
    goOn();
    await slow;
    expect(await (await page("/", cookie)).json()).toEqual({ one: true, two: true });
  });

  it("leaves nobody alive after null, whoever writes late", async () => {
    let arrived = (): void => undefined;
    let goOn = (): void => undefined;
    const isThere = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const page = await at(
      async (ctx, next) => {
        if (ctx.path === "/away") ctx.session = null;
        if (ctx.path !== "/late") return ctx.path === "/away" ? null : write(ctx, next);
        arrived();
        await waiting;
        return write(ctx, next);
      },
      { sessions: ours() },
    );
    const cookie = broughtBy(await page("/one"));
    const late = page("/late", cookie);
    await isThere;
    const away = await page("/away", cookie);
    expect(cookiesOf(away)[0]).toMatch(/^session=; Path=\/; Max-Age=0|^session=;/i);
    goOn();
    expect((await late).status).toBe(409);
    expect(await (await page("/", cookie)).json()).toEqual({});
  });

  it("answers a save that fails by 503 and no 200, and tells the middlewares before", async () => {
    const own = connected();
    own.on("error", () => undefined);
    await own.connect();
    const heard: unknown[] = [];
    const sessions = ours({ store: redisStore(own), storeTimeout: "2s", onError: () => undefined });
    const app = new Koa();
    app.silent = true;
    app.use(async (_ctx, next) => {
      await next().catch((error: unknown) => {
        heard.push(error);
        throw error;
      });
    });
    app.use(createSession({ sessions }, app));
    app.use((ctx) => {
      own.destroy();
      ctx.session = { views: 1 };
      ctx.body = "saved";
    });
    const response = await fetch(await addressOf(app.callback()));
    expect([response.status, await response.text()]).not.toEqual([200, "saved"]);
    expect(response.status).toBe(503);
    expect(cookiesOf(response)).toEqual([]);
    expect(heard).toEqual([expect.any(StoreError)]);
  });

  it("is the session that sessions.open gives, for ctx and for ctx.req, in both directions", async () => {
    const sessions = ours();
    const page = await at(
      async (ctx) => {
        const session = await sessions.open(ctx);
        expect(await sessions.open(ctx.req)).toBe(session);
        if (ctx.path === "/") return [...session.entries()];
        ctx.session = { cart: [] };
        ctx.session?.["cart"].push("tea");
        const seen = session.get("cart");
        session.set("theme", "dark");
        await session.signIn("ada");
        return [seen, ctx.session?.["theme"], ctx.session?.externalKey === session.id];
      },
      { sessions },
    );
    const response = await page("/both");
    expect(await response.json()).toEqual([["tea"], "dark", true]);
    expect(await sessions.list({ userId: "ada" })).toHaveLength(1);
    const later = await page("/", broughtBy(response));
    expect(await later.json()).toEqual(
      expect.arrayContaining([
        ["cart", ["tea"]],
        ["theme", "dark"],
      ]),
    );
    expect(await sessions.revokeAll({ userId: "ada" })).toBe(1);
    expect(await (await page("/", broughtBy(response))).json()).toEqual([]);
  });

  it("costs a newcomer who stores nothing neither a record nor a cookie, and a reader one look", async () => {
    const store = memoryStore();
    const calls: string[] = [];
    const counted = new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          calls.push(String(name));
          return Reflect.apply(value, target, args);
        };
      },
    });
    const page = await at(write, { sessions: ours({ store: counted }) });
    expect(cookiesOf(await page("/"))).toEqual([]);
    expect(calls).toEqual([]);
    const cookie = broughtBy(await page("/one"));
    calls.splice(0);
    await page("/", cookie);
    expect(calls).toEqual(["load"]);
  });

  it("has koa-session's members, which are no keys", async () => {
    const page = await at(
      (ctx) => {
        const { session } = ctx;
        if (session === null) return undefined;
        const before = [session.isNew, session.populated, session.length];
        session["views"] = 1;
        session["at"] = new Date(0);
        session["gone"] = undefined;
        session["call"] = () => undefined;
        delete session["nothing"];
        return [
          before,
          session.populated,
          session.length,
          "views" in session,
          Object.keys(session),
          { ...session },
        ];
      },
      { sessions: ours(), beforeSave: (_ctx, session) => Object.assign(session, { saved: true }) },
    );
    const response = await page("/");
    expect(await response.json()).toEqual([
      [true, false, 0],
      true,
      2,
      true,
      ["views", "at"],
      { views: 1, at: "1970-01-01T00:00:00.000Z" },
    ]);
    const told = await (await page("/", broughtBy(response))).json();
    expect(Object(told)[4]).toEqual(expect.arrayContaining(["views", "at", "saved"]));
  });

  describe("values that JSON does not carry", () => {
    const cart: Handler = (ctx) => {
      const { session } = ctx;
      if (session === null) return undefined;
      if (ctx.path === "/begin") session["cart"] = { items: [1] };
      // In place, in what is stored already.
      if (ctx.path === "/add") {
        Object.assign(Object(session["cart"]), {
          at: new Date(0),
          none: undefined,
          act: () => 1,
          far: Number.POSITIVE_INFINITY,
          of: new Map([["a", 1]]),
        });
      }
      if (ctx.path === "/name") session["name"] = Symbol("none");
      return session;
    };
    const STORED = {
      cart: { items: [1], at: "1970-01-01T00:00:00.000Z", far: null, of: {} },
    };

    it.each<[string, () => CreateSessionOptions]>([
      ["a store of ours", () => ({ store: redisStore(client), secure: false })],
      ["a store of koa-session's kind", () => ({ store: mapStore(), signed: false })],
    ])("are kept as JSON.stringify makes them, deep in an object, over %s", async (_, options) => {
      const page = await at(cart, options());
      const cookie = broughtBy(await page("/begin"));
      expect((await page("/add", cookie)).status).toBe(200);
      expect((await page("/name", cookie)).status).toBe(200);
      expect(await (await page("/", cookie)).json()).toEqual(STORED);
    });

    it("are refused deep in an object over sessions that refuse them", async () => {
      const page = await at(cart, { sessions: ours() });
      const cookie = broughtBy(await page("/begin"));
      expect((await page("/add", cookie)).status).toBe(500);
      expect(await (await page("/", cookie)).json()).toEqual({ cart: { items: [1] } });
    });
  });

  it("gets another token by regenerate, and is stored by save and by manuallyCommit", async () => {
    const page = await at(
      async (ctx, next) => {
        await write(ctx, next);
        if (ctx.path === "/turn") await ctx.session?.regenerate();
        if (ctx.path === "/stored")
          await new Promise((resolve) => ctx.session?.save(() => resolve(1)));
        if (ctx.path === "/hand") await ctx.session?.manuallyCommit();
        return ctx.session;
      },
      { sessions: ours() },
    );
    const first = broughtBy(await page("/stored"));
    const second = broughtBy(await page("/turn", first));
    expect(second).not.toBe(first);
    await page("/hand", second);
    expect(await (await page("/", second)).json()).toEqual({
      stored: true,
      turn: true,
      hand: true,
    });
    expect(await (await page("/", first)).json()).not.toHaveProperty("hand");
  });

  it("takes the place of what it holds where an object is assigned", async () => {
    const page = await at(
      (ctx) => {
        if (ctx.path === "/anew") ctx.session = { two: 2 };
        if (ctx.path === "/itself") ctx.session = { ...ctx.session, three: 3 };
        if (ctx.path === "/one" && ctx.session) ctx.session["one"] = 1;
        return ctx.session;
      },
      { sessions: ours() },
    );
    const cookie = broughtBy(await page("/one"));
    expect(await (await page("/anew", cookie)).json()).toEqual({ two: 2 });
    await page("/itself", cookie);
    expect(await (await page("/", cookie)).json()).toEqual({ two: 2, three: 3 });
  });

  it("refuses what has no meaning here, each with what to write instead", async () => {
    const app = new Koa();
    const store = redisStore(client);
    for (const option of ["genid", "valid", "encode", "decode", "externalKey", "ContextStore"]) {
      expect(() => createSession({ store, [option]: () => "" }, app)).toThrow(
        new RegExp(`${option}.*means nothing over a store of sojourn`),
      );
    }
    const page = await at(
      (ctx) => {
        if (ctx.session) ctx.session.maxAge = 1;
      },
      { sessions: ours() },
    );
    expect((await page("/")).status).toBe(500);
  });
});
