import { createRequire } from "node:module";
import Koa, { type Context as KoaContext } from "koa";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type Context,
  type CreateSessionOptions,
  createSession as ours,
  type StoredSession,
} from "../../../src/drop-ins/koa-session/index.ts";
import type { TestClient } from "../../../src/testing/index.ts";
import { addressOf, broughtBy, browserAtKoa, closeServers, cookiesOf } from "../support/served.ts";

// The library that ours takes the place of, without its types: they would be there twice.
const theirs: typeof ours = createRequire(import.meta.url)("koa-session").default;

type Handler = (ctx: KoaContext) => unknown;

afterEach(async () => {
  vi.restoreAllMocks();
  await closeServers();
});

/** A store as koa-session's page describes one. */
class Shelf {
  readonly records = new Map<string, StoredSession>();
  readonly calls: unknown[][] = [];

  async get(key: string, maxAge: unknown, { rolling }: { rolling: unknown }) {
    this.calls.push(["get", key, maxAge, rolling]);
    return this.records.get(key);
  }

  async set(key: string, session: StoredSession, maxAge: unknown, about: { changed: boolean }) {
    this.calls.push(["set", key, maxAge, about.changed]);
    this.records.set(key, structuredClone(session));
  }

  async destroy(key: string) {
    this.calls.push(["destroy", key]);
    this.records.delete(key);
  }
}

describe.each([
  ["sojourn/koa-session", ours],
  ["koa-session", theirs],
])("%s", (_, library) => {
  const appOf = (handler: Handler, options: CreateSessionOptions = {}): Koa => {
    const app = new Koa();
    app.silent = true;
    app.keys = ["new", "old"];
    app.use(library(options, app));
    app.use(async (ctx) => {
      ctx.body = JSON.stringify((await handler(ctx)) ?? null);
    });
    return app;
  };
  const visit = async (handler: Handler, options?: CreateSessionOptions, cookie = "") =>
    fetch(await addressOf(appOf(handler, options).callback()), { headers: { cookie } });
  const write: Handler = (ctx) => {
    ctx.session = { views: 1 };
  };
  const read: Handler = (ctx) => ctx.session;

  describe("in a cookie", () => {
    it("keeps what the application stores, and when it ends, signed by app.keys", async () => {
      const before = Date.now();
      const response = await visit(write);
      const [session = "", signature = ""] = broughtBy(response).split("; ");
      const json = JSON.parse(Buffer.from(session.replace("koa.sess=", ""), "base64").toString());
      expect(json).toEqual({ views: 1, _expire: expect.any(Number), _maxAge: 86_400_000 });
      expect(json._expire).toBeGreaterThanOrEqual(before + 86_400_000);
      expect(signature).toMatch(/^koa\.sess\.sig=[\w-]{27}$/);
      expect(await (await visit(read, {}, broughtBy(response))).json()).toEqual({ views: 1 });
    });

    it("sends nothing to who stores nothing, and nothing again of what has not changed", async () => {
      expect(cookiesOf(await visit(read))).toEqual([]);
      expect(cookiesOf(await visit(() => "not asked"))).toEqual([]);
      const cookie = broughtBy(await visit(write));
      expect(cookiesOf(await visit(read, {}, cookie))).toEqual([]);
    });

    it("is gone by its own time, and tells the application", async () => {
      const heard: unknown[] = [];
      const cookie = broughtBy(await visit(write, { maxAge: 60_000 }));
      vi.spyOn(Date, "now").mockReturnValue(Date.now() + 60_001);
      const app = appOf(read);
      app.on("session:expired", ({ value }) => heard.push(value.views));
      const response = await fetch(await addressOf(app.callback()), { headers: { cookie } });
      expect(await response.json()).toEqual({});
      expect(heard).toEqual([1]);
    });

    it("is not believed where `valid` says so, which is told, too", async () => {
      const heard: unknown[] = [];
      const cookie = broughtBy(await visit(write));
      const app = appOf(read, { valid: (_ctx: Context, { views }: StoredSession) => views !== 1 });
      app.on("session:invalid", ({ key }) => heard.push(key));
      const response = await fetch(await addressOf(app.callback()), { headers: { cookie } });
      expect(await response.json()).toEqual({});
      expect(heard).toEqual([undefined]);
    });

    it("is sent with every response where it is rolling, and in its second half where it is renewed", async () => {
      const cookie = broughtBy(await visit(write, { maxAge: 60_000 }));
      expect(cookiesOf(await visit(read, { rolling: true }, cookie))).toHaveLength(2);
      expect(cookiesOf(await visit(read, { rolling: true }))).toEqual([]);
      expect(cookiesOf(await visit(read, { renew: true }, cookie))).toEqual([]);
      // The session says how long it lives, whatever the options say by now.
      vi.spyOn(Date, "now").mockReturnValue(Date.now() + 31_000);
      expect(cookiesOf(await visit(read, { renew: true }, cookie))).toHaveLength(2);
    });

    it('ends with the browser where maxAge is "session"', async () => {
      const response = await visit(write, { maxAge: "session" });
      expect(cookiesOf(response)[0]).not.toContain("expires");
      const tell: Handler = (ctx) => ctx.session?.maxAge;
      expect(await (await visit(tell, {}, broughtBy(response))).json()).toBe("session");
    });

    it("takes another maxAge from the application, and keeps it for later requests", async () => {
      const longer: Handler = (ctx) => {
        if (ctx.session) ctx.session.maxAge = 172_800_000;
      };
      const cookie = broughtBy(await visit(longer));
      const tell: Handler = (ctx) => [ctx.session?.maxAge, ctx.sessionOptions?.maxAge];
      expect(await (await visit(tell, {}, cookie)).json()).toEqual([172_800_000, 172_800_000]);
    });

    it("is taken away by null, and can be set to nothing else but an object", async () => {
      const cookie = broughtBy(await visit(write));
      const away: Handler = (ctx) => {
        ctx.session = null;
        return ctx.session;
      };
      const response = await visit(away, {}, cookie);
      expect(await response.json()).toBeNull();
      expect(cookiesOf(response)[0]).toBe(
        "koa.sess=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly",
      );
      expect((await visit((ctx) => Object.assign(ctx, { session: "text" }))).status).toBe(500);
    });

    it("travels as `encode` writes it, and is given up where `decode` throws", async () => {
      const options: CreateSessionOptions = {
        encode: (session) => encodeURIComponent(JSON.stringify(session)),
        decode: (text) => JSON.parse(decodeURIComponent(text)),
      };
      const cookie = broughtBy(await visit(write, options));
      expect(cookie).toContain("koa.sess=%7B%22views%22%3A1%2C");
      expect(await (await visit(read, options, cookie)).json()).toEqual({ views: 1 });
      const fail = (): never => {
        throw new TypeError("Not mine.");
      };
      const response = await visit(read, { decode: fail }, cookie);
      expect([response.status, cookiesOf(response)[0]?.startsWith("koa.sess=;")]).toEqual([
        500,
        true,
      ]);
    });

    it("is saved though a middleware behind it fails", async () => {
      const app = new Koa();
      app.keys = ["new"];
      app.use(async (ctx, next) => {
        await next().catch(() => {
          ctx.body = "caught";
        });
      });
      app.use(library(app));
      app.use((ctx) => {
        ctx.session = { views: 1 };
        ctx.throw(401);
      });
      const client = await browserAtKoa(app);
      expect(cookiesOf(await client.get("/"))).toHaveLength(2);
    });

    it("is there before its middleware", async () => {
      const app = new Koa();
      app.keys = ["new"];
      app.use(async (ctx, next) => {
        ctx.session = { views: 1 };
        await next();
      });
      app.use(library({}, app));
      const client = await browserAtKoa(app);
      expect(cookiesOf(await client.get("/"))).toHaveLength(2);
    });

    it("is saved by hand where autoCommit is off", async () => {
      const options = { autoCommit: false };
      expect(cookiesOf(await visit(write, options))).toEqual([]);
      const byHand: Handler = async (ctx) => {
        await write(ctx);
        await ctx.session?.manuallyCommit();
      };
      expect(cookiesOf(await visit(byHand, options))).toHaveLength(2);
    });

    it("shows what it holds, and no more", async () => {
      const tell: Handler = (ctx) => {
        ctx.session = { views: 1, _private: 2, call: () => undefined };
        const { session } = ctx;
        return [
          session?.isNew,
          session?.length,
          session?.populated,
          session?.externalKey ?? null,
          session,
        ];
      };
      expect(await (await visit(tell)).json()).toEqual([false, 1, true, null, { views: 1 }]);
    });
  });

  describe("in a store", () => {
    it("keeps its key in the cookie, and outlives it there by ten seconds", async () => {
      const store = new Shelf();
      const response = await visit(write, { store, prefix: "shop:", maxAge: 60_000 });
      const [, key = ""] = /koa\.sess=([^;]*)/.exec(broughtBy(response)) ?? [];
      expect(key).toMatch(/^shop:[\w-]{36}$/);
      expect(store.calls).toEqual([["set", key, 70_000, true]]);
      expect(store.records.get(key)).toMatchObject({ views: 1, _maxAge: 60_000 });
      const tell: Handler = (ctx) => [ctx.session?.externalKey, ctx.session];
      const told = await visit(tell, { store }, broughtBy(response));
      expect(await told.json()).toEqual([key, { views: 1 }]);
    });

    it("asks it nothing for a newcomer who stores nothing, and once for who comes back", async () => {
      const store = new Shelf();
      const cookie = broughtBy(await visit(write, { store }));
      store.calls.splice(0);
      expect(cookiesOf(await visit(read, { store }))).toEqual([]);
      expect(store.calls).toEqual([]);
      await visit(() => "not asked", { store }, cookie);
      expect(store.calls).toEqual([["get", expect.any(String), undefined, false]]);
    });

    it("tells of a key that nothing stands under, and gives another one", async () => {
      const store = new Shelf();
      const cookie = broughtBy(await visit(write, { store }));
      store.records.clear();
      const heard: unknown[] = [];
      const app = appOf(write, { store });
      app.on("session:missed", ({ key }) => heard.push(key));
      const response = await fetch(await addressOf(app.callback()), { headers: { cookie } });
      expect(heard).toHaveLength(1);
      expect([...store.records.keys()]).not.toEqual(heard);
      expect(broughtBy(response)).not.toBe(cookie);
    });

    it("gives another key and keeps what it holds, and forgets what is set to null", async () => {
      const store = new Shelf();
      const cookie = broughtBy(await visit(write, { store }));
      const [first = ""] = store.records.keys();
      const turned = await visit((ctx) => ctx.session?.regenerate(), { store }, cookie);
      const [second = ""] = store.records.keys();
      expect(second).not.toBe(first);
      expect(store.records.get(second)).toMatchObject({ views: 1 });
      expect(store.records.size).toBe(1);
      const away: Handler = (ctx) => {
        ctx.session = null;
      };
      await visit(away, { store }, broughtBy(turned));
      expect(store.records.size).toBe(0);
    });

    it("goes by a header where externalKey says so, and by a class of stores for each request", async () => {
      const store = new Shelf();
      const seen: unknown[] = [];
      class ContextStore {
        constructor(ctx: Context) {
          seen.push(ctx.path);
        }
        get = store.get.bind(store);
        set = store.set.bind(store);
        destroy = store.destroy.bind(store);
      }
      for (const method of ["get", "set", "destroy"] as const) {
        Object.assign(ContextStore.prototype, { [method]: store[method] });
      }
      const externalKey = {
        get: (ctx: Context) => ctx.get("x-key"),
        set: (ctx: Context, key: string) => ctx.set("x-key", key),
      };
      const response = await visit(write, { ContextStore, externalKey });
      expect(cookiesOf(response)).toEqual([]);
      expect(store.records.has(response.headers.get("x-key") ?? "")).toBe(true);
      expect(seen).toEqual(["/"]);
    });

    it("fails the request where the store does", async () => {
      const store = Object.assign(new Shelf(), { set: () => Promise.reject(new Error("Down.")) });
      expect((await visit(write, { store })).status).toBe(500);
    });

    it("saves by a callback, too, and calls beforeSave first", async () => {
      const store = new Shelf();
      const beforeSave = (_ctx: unknown, session: Record<string, unknown>): void => {
        session["saved"] = true;
      };
      const save: Handler = (ctx) =>
        new Promise((resolve) => ctx.session?.save(() => resolve("saved")));
      const response = await visit(save, { store, beforeSave });
      expect(await response.json()).toBe("saved");
      expect([...store.records.values()]).toEqual([expect.objectContaining({ saved: true })]);
    });
  });

  it("needs an application, and refuses options of another type", () => {
    const app = new Koa();
    // @ts-expect-error as in a JavaScript application
    expect(() => library({})).toThrow("app instance required: `session(opts, app)`");
    // @ts-expect-error as in a JavaScript application
    expect(() => library({ maxAge: "a day" }, app)).toThrow("Invalid input");
    // @ts-expect-error as in a JavaScript application
    expect(() => library({ store: {} }, app)).toThrow(/"store",\s*"get"/);
    // @ts-expect-error as in a JavaScript application
    expect(() => library({ ContextStore: () => new Shelf() }, app)).toThrow("must be a class");
  });

  it("hears of options that are changed later", async () => {
    const options: CreateSessionOptions = { store: new Shelf() };
    const client = await browserAtKoa(appOf((ctx) => ctx.session?.externalKey ?? null, options));
    expect(await (await client.get("/")).json()).toEqual(expect.any(String));
    options.store = undefined;
    expect(await (await client.get("/")).json()).toBeNull();
  });
});

describe("An application that changes one line", () => {
  const shop = (library: typeof ours, options: CreateSessionOptions): Koa => {
    const app = new Koa();
    app.keys = ["new", "old"];
    app.use(library(options, app));
    app.use((ctx) => {
      if (ctx.path === "/sign-in") ctx.session = { userId: "ada", cart: ["tea"] };
      if (ctx.path === "/add") ctx.session?.["cart"].push("cup");
      if (ctx.path === "/sign-out") ctx.session = null;
      ctx.body = JSON.stringify(ctx.session);
    });
    return app;
  };

  it.each([
    ["with its sessions in cookies", () => ({})],
    ["with its sessions in a store", () => ({ store: new Shelf() })],
  ])("keeps everybody signed in, %s: there, back, and there again", async (_, options) => {
    const { store } = { store: undefined, ...options() };
    const at = (library: typeof ours) => shop(library, { store, maxAge: 3_600_000 }).callback();
    let current = at(theirs);
    const client: TestClient = await browserAtKoa({
      callback: () => (req, res) => current(req, res),
    });
    await client.get("/sign-in");
    for (const library of [ours, theirs, ours]) {
      current = at(library);
      expect(await (await client.get("/")).json()).toMatchObject({ userId: "ada" });
      await client.get("/add");
    }
    current = at(theirs);
    const cart = ["tea", "cup", "cup", "cup"];
    expect(await (await client.get("/")).json()).toEqual({ userId: "ada", cart });
    current = at(ours);
    await client.get("/sign-out");
    current = at(theirs);
    expect(await (await client.get("/")).json()).toEqual({});
  });
});
