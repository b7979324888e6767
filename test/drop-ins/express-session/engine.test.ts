import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { SessionStore } from "../../../src/core/store.ts";
import session, {
  type EngineSessionOptions,
  type SessionMiddleware,
} from "../../../src/drop-ins/express-session/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { redisStore } from "../../../src/stores/redis/index.ts";
import { startRedis } from "../../support/servers/redis.ts";
import type { TestServer } from "../../support/servers/test-server.ts";
import { browse, type Handle, HOSTS, type Middleware } from "./support/hosts.ts";

const OPTIONS = { secret: "keyboard cat", resave: false, saveUninitialized: false };

let server: TestServer;
let client: ReturnType<typeof createClient>;

beforeAll(async () => {
  server = await startRedis();
  client = createClient({ url: `redis://127.0.0.1:${server.port}` });
  client.on("error", () => undefined);
  await client.connect();
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

type Made = SessionMiddleware & Middleware;

function overRedis(options: Partial<EngineSessionOptions> = {}): Made {
  return session({ ...OPTIONS, store: redisStore(client), ...options }) as Made;
}

const sets: Handle = (request, response) => {
  const [, verb, key = ""] = request.url?.split("/") ?? [];
  if (verb === "set") request.session[key] = 1;
  if (verb === "push") {
    request.session.list ??= [];
    request.session.list.push(key);
  }
  response.end(JSON.stringify({ ...request.session, cookie: undefined }));
};

/** A gate that a handler waits at, so that a test says in which order things happen. */
class Gate {
  readonly #reached = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<void>();
  readonly reached = this.#reached.promise;

  pass(): Promise<void> {
    this.#reached.resolve();
    return this.#opened.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}

describe("sojourn/express-session over a store of ours", () => {
  describe.each(Object.keys(HOSTS))("on %s", (host) => {
    it("keeps what a request sets, in depth, in the same signed cookie", async () => {
      const browser = await browse(overRedis(), sets, host);
      const { cookies } = await browser.get("/set/a");
      expect(cookies[0]).toMatch(/^connect\.sid=s%3A[\w-]{43}\.[^;]+; Path=\/; HttpOnly$/);
      await browser.get("/push/x");
      await browser.get("/push/y");
      expect(JSON.parse((await browser.get()).text)).toEqual({ a: 1, list: ["x", "y"] });
    });

    it("loses none of 50 parallel updates of different keys", async () => {
      const browser = await browse(overRedis(), sets, host);
      await browser.get("/set/first");
      const keys = Array.from({ length: 50 }, (_, number) => `key${number}`);
      await Promise.all(keys.map((key) => browser.twin().get(`/set/${key}`)));
      const kept = JSON.parse((await browser.get()).text);
      expect(Object.keys(kept).sort()).toEqual(["first", ...keys].sort());
    });

    it("answers 503, and not as the handler did, where the store cannot save", async () => {
      const store = memoryStore();
      const browser = await browse(session({ ...OPTIONS, store }) as Made, sets, host);
      await browser.get("/set/a");
      store.update = () => Promise.reject(new Error("full"));
      const { status, text } = await browser.get("/set/b");
      expect(status).toBe(503);
      expect(text).not.toContain('"b"');
    });
  });

  it.each(["destroy", "regenerate"])("lets nobody live after %s by a late writer", async (end) => {
    const gate = new Gate();
    const middleware = overRedis();
    const browser = await browse(middleware, async (request, response) => {
      if (request.url === "/late") {
        await gate.pass();
        request.session.late = true;
      } else if (request.url === "/end") await request.session[end]();
      else if (request.url === "/") request.session.a = 1;
      response.end(JSON.stringify(request.session ?? null));
    });
    await browser.get();
    const late = browser.twin();
    const former = browser.twin();
    const writing = late.get("/late");
    await gate.reached;
    await browser.get("/end");
    gate.open();
    expect((await writing).status).toBe(409);
    expect(late.cookie).toBe(former.cookie);
    expect(JSON.parse((await former.get("/look")).text).late).toBeUndefined();
  });

  it("keeps no id in the store by which a session could be opened", async () => {
    await client.flushDb();
    const browser = await browse(overRedis(), sets);
    const { cookies } = await browser.get("/set/a");
    const token = decodeURIComponent(cookies[0] ?? "").match(/s:([\w-]+)\./)?.[1] ?? "";
    expect(token).toHaveLength(43);
    for (const key of await client.keys("*")) expect(key).not.toContain(token);
  });

  it("stores nothing for a visitor who stores nothing, and sends no cookie", async () => {
    await client.flushDb();
    const browser = await browse(overRedis(), sets);
    expect((await browser.get()).cookies).toEqual([]);
    expect(await client.keys("*")).toEqual([]);
  });

  it("is one session with sessions.open(req): each sees what the other changes, stored once", async () => {
    let writes = 0;
    const store = counting(memoryStore(), () => {
      writes += 1;
    });
    const middleware = session({ ...OPTIONS, store }) as Made;
    const browser = await browse(middleware, async (request, response) => {
      const own = await middleware.sessions.open(request);
      if (request.url === "/set") {
        request.session.a = 1;
        own.set("b" as never, 2 as never);
      }
      const seen = [own.get("a" as never), request.session.b, own.id === request.sessionID];
      response.end(JSON.stringify(seen));
    });
    expect((await browser.get("/set")).text).toBe("[1,2,true]");
    expect((await browser.get()).text).toBe("[1,2,true]");
    expect(writes).toBe(1);
  });

  it("gives an empty session under a new id at regenerate, and the old one is dead", async () => {
    const browser = await browse(overRedis(), async (request, response) => {
      if (request.url === "/set") request.session.a = 1;
      if (request.url === "/regenerate") {
        const before = request.session;
        await request.session.regenerate();
        request.session.b = before.a;
      }
      response.end(JSON.stringify({ ...request.session, cookie: undefined }));
    });
    await browser.get("/set");
    const old = browser.twin();
    expect((await browser.get("/regenerate")).text).toBe('{"b":1}');
    expect(browser.cookie).not.toBe(old.cookie);
    expect((await browser.get()).text).toBe('{"b":1}');
    expect((await old.get()).text).toBe("{}");
  });

  it("reads what stands in the store at reload, and drops what was not saved", async () => {
    const gate = new Gate();
    const browser = await browse(overRedis(), async (request, response) => {
      if (request.url === "/reload") {
        request.session.mine = 1;
        await gate.pass();
        await request.session.reload();
      } else request.session.other = 1;
      response.end(JSON.stringify({ ...request.session, cookie: undefined }));
    });
    await browser.get("/first");
    const reloading = browser.twin().get("/reload");
    await gate.reached;
    await browser.get("/other");
    gate.open();
    expect((await reloading).text).toBe('{"other":1}');
  });

  it("calls back with what it fails with, and never as if it had been stored", async () => {
    const store = memoryStore();
    const browser = await browse(session({ ...OPTIONS, store }) as Made, (request, response) => {
      request.session.a = 1;
      request.session.save((error: Error & { code?: string }) => {
        response.statusCode = 500;
        response.end(error.code);
      });
    });
    store.create = () => Promise.reject(new Error("full"));
    expect((await browser.get()).text).toBe("ERR_SESSION_STORE");
  });

  it("counts whom passport has logged in as signed in, and whom it logs out as signed out", async () => {
    const middleware = overRedis();
    const browser = await browse(middleware, async (request, response) => {
      if (request.url === "/login") {
        await request.session.regenerate();
        request.session.passport = { user: "ann" };
        await request.session.save();
      } else if (request.url === "/logout") delete request.session.passport.user;
      response.end(JSON.stringify(request.session.passport ?? null));
    });
    await browser.get("/login");
    expect(await middleware.sessions.list({ userId: "ann" })).toHaveLength(1);
    const phone = browser.twin();
    expect((await phone.get()).text).toBe('{"user":"ann"}');
    await browser.get("/logout");
    expect(await middleware.sessions.list({ userId: "ann" })).toEqual([]);
    expect((await phone.get()).text).toBe("null");
  });

  it("ends by revokeAll whom passport has logged in", async () => {
    const middleware = overRedis();
    const browser = await browse(middleware, (request, response) => {
      if (request.url === "/login") request.session.passport = { user: { id: 7 } };
      response.end(JSON.stringify(request.session.passport ?? null));
    });
    await browser.get("/login");
    expect(await middleware.sessions.revokeAll({ userId: "7" })).toBe(1);
    expect((await browser.get()).text).toBe("null");
  });

  it("takes the user from where the application keeps it", async () => {
    const userId = (data: object): string | undefined => (data as { account?: string }).account;
    const middleware = overRedis({ sojourn: { userId } });
    const browser = await browse(middleware, (request, response) => {
      request.session.account = "bob";
      response.end();
    });
    await browser.get();
    expect(await middleware.sessions.list({ userId: "bob" })).toHaveLength(1);
  });

  it("leaves a sign-in by sessions.open(req) alone", async () => {
    const middleware = overRedis();
    const browser = await browse(middleware, async (request, response) => {
      const own = await middleware.sessions.open(request);
      if (request.url === "/login") await own.signIn("eve");
      request.session.seen = 1;
      response.end(String(own.userId));
    });
    await browser.get("/login");
    expect((await browser.get()).text).toBe("eve");
  });

  it("goes on with sessions whose ids express-session has drawn", async () => {
    const middleware = overRedis({ secret: ["new", "old"] });
    const browser = await browse(middleware, sets);
    await browser.get("/set/a");
    expect(browser.cookie).toMatch(/^connect\.sid=s%3A/);
    const turned = await browse(overRedis({ secret: ["newest", "new"] }), sets);
    turned.cookie = browser.cookie;
    expect(JSON.parse((await turned.get()).text)).toEqual({ a: 1 });
  });

  it("counts what its array of secrets holds at each request", async () => {
    const secret = ["old"];
    const browser = await browse(overRedis({ secret }), sets);
    await browser.get("/set/a");
    secret.unshift("new");
    expect(JSON.parse((await browser.get()).text)).toEqual({ a: 1 });
    secret.pop();
    expect(JSON.parse((await browser.get()).text)).toEqual({});
  });

  it("stores what JSON makes of a value, as it always was", async () => {
    const browser = await browse(overRedis(), (request, response) => {
      if (request.url === "/set") {
        Object.assign(request.session, { at: new Date(0), act: () => 1, none: undefined });
      }
      response.end(JSON.stringify({ ...request.session, cookie: undefined }));
    });
    await browser.get("/set");
    expect((await browser.get()).text).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  it("destroys, or ignores, a session that is unset", async () => {
    for (const unset of ["destroy", "keep"] as const) {
      const middleware = overRedis({ unset });
      const browser = await browse(middleware, (request, response) => {
        request.session.a = request.url;
        if (request.url === "/unset") request.session = null;
        response.end(String(request.session?.a));
      });
      await browser.get("/first");
      const id = browser.twin();
      await browser.get("/unset");
      const own = await browse(middleware, (request, response) => {
        response.end(String(request.session.a));
      });
      own.cookie = id.cookie;
      expect((await own.get()).text).toBe(unset === "keep" ? "/first" : "undefined");
    }
  });

  it("sends the cookie anew by the same rules, and remembers what it was told of its life", async () => {
    const browser = await browse(overRedis(), (request, response) => {
      if (request.url === "/remember") request.session.cookie.maxAge = 60_000;
      if (request.url === "/set") request.session.a = 1;
      response.end(String(request.session.cookie.originalMaxAge));
    });
    expect((await browser.get("/set")).cookies[0]).not.toContain("Expires");
    expect((await browser.get("/remember")).cookies[0]).toContain("; Expires=");
    const { cookies, text } = await browser.get();
    expect([cookies, text]).toEqual([[], "60000"]);
  });

  it("refuses or tells what it does not do", async () => {
    expect(() => overRedis({ genid: () => "x" })).toThrow(/genid/);
    const told: string[] = [];
    const hear = ({ message }: Error): unknown => told.push(message);
    process.on("warning", hear);
    onTestFinished(() => void process.off("warning", hear));
    overRedis({ resave: true, saveUninitialized: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.some((sentence) => sentence.includes("resave: true"))).toBe(true);
    expect(told.some((sentence) => sentence.includes("saveUninitialized: true"))).toBe(true);
  });

  it("ends sessions by their ids at req.sessionStore, and overwrites none", async () => {
    const browser = await browse(overRedis(), (request, response) => {
      request.session.a ??= 1;
      if (request.url === "/end") {
        request.sessionStore.destroy(request.sessionID, () => response.end());
      } else {
        request.sessionStore.set(request.sessionID, {}, (error: Error) =>
          response.end(error.message),
        );
      }
    });
    expect((await browser.get()).text).toContain("overwritten");
    const twin = browser.twin();
    await browser.get("/end");
    expect((await twin.get()).cookies).toHaveLength(1);
  });
});

/** A store that tells of each write. */
function counting(store: SessionStore, wrote: () => void): SessionStore {
  for (const name of ["create", "update"] as const) {
    const really = store[name].bind(store) as (...args: unknown[]) => unknown;
    Object.assign(store, {
      [name]: (...args: unknown[]) => {
        wrote();
        return really(...args);
      },
    });
  }
  return store;
}
