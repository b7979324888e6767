import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { EventEmitter } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inherits, promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { RedisStore } from "connect-redis";
import theirs from "express-session";
import { createClient } from "redis";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import ours, { Cookie, MemoryStore, Store } from "../../../src/drop-ins/express-session/index.ts";
import { startRedis } from "../../support/servers/redis.ts";
import { type AnyRequest, type Browser, browse, HOSTS, type Middleware } from "./support/hosts.ts";

type Make = (options: object) => Middleware;

type AnySession = AnyRequest["session"];

const OPTIONS = { secret: "keyboard cat", resave: false, saveUninitialized: false };

interface Library extends Make {
  readonly MemoryStore: new () => MemoryStore;
  readonly Session: new (request: AnyRequest, data?: object) => AnySession;
  readonly Cookie: new (options?: object) => object;
}

const { prototype: SESSIONS_OF_THEIRS } = (theirs as unknown as Library).Session;

/** The same sentences are true of express-session itself: that is what "to the letter" means. */
const LIBRARIES: readonly (readonly [string, Library])[] = [
  ["express-session", theirs as never],
  ["sojourn/express-session", ours as never],
];

/** connect-redis over a Redis of its own. */
async function redisOfTheirs(): Promise<theirs.Store> {
  const server = await startRedis();
  const client = await createClient({ url: `redis://127.0.0.1:${server.port}` }).connect();
  onTestFinished(async () => {
    client.destroy();
    await server.stop();
  });
  return new RedisStore({ client });
}

/** What happens at each request of a scene, and what the store makes of what it has stored. */
interface Scene {
  readonly handle: (request: AnyRequest, library: Library) => unknown;
  readonly createSession?: (request: AnyRequest, data: object, library: Library) => AnySession;
  readonly prepare?: (store: MemoryStore) => unknown;
  readonly visit?: (browser: Browser) => Promise<unknown>;
}

const saved = (session: AnySession): Promise<unknown> =>
  new Promise((resolve) => session.save(resolve));

const reloaded = (session: AnySession): Promise<unknown> =>
  new Promise((resolve) => session.reload(resolve));

/** A session that the handler makes by itself, under an id of its own. */
function handMade(
  request: AnyRequest,
  library: Library,
  id: string,
  data: object = { ...request.session },
): AnySession {
  const { sessionID } = request;
  request.sessionID = id;
  const made = new library.Session(request, data);
  request.sessionID = sessionID;
  return Object.assign(made, { cookie: new library.Cookie() });
}

/** A store's own kind of session, with the methods that are asked for and nothing of the library's. */
function bareSession(prototype: object | null, request: AnyRequest, data: object): AnySession {
  const store = request.sessionStore;
  const methods: Record<string, (this: AnySession, done: (error?: unknown) => void) => unknown> = {
    touch: () => undefined,
    save(done) {
      store.set(this.id, this, done);
    },
    reload(done) {
      store.get(this.id, (_error: unknown, found: object) => {
        store.createSession(request, found);
        done();
      });
    },
  };
  const made = Object.create(prototype, { id: { value: request.sessionID } });
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(made, name, { value, configurable: true, writable: true });
  }
  return Object.assign(made, data);
}

/** What a library asks of its store in a scene, and what it answers. */
async function played(library: Library, scene: Scene): Promise<readonly string[]> {
  const told: string[] = [];
  const store = new library.MemoryStore();
  const { createSession = null } = scene;
  if (createSession !== null) {
    store.createSession = (request, data) => {
      const made = createSession(request as unknown as AnyRequest, data, library);
      return Object.assign(request, { session: made }).session;
    };
  }
  scene.prepare?.(store);
  for (const name of ["set", "touch", "destroy"] as const) {
    const asked = store[name].bind(store) as (...args: unknown[]) => void;
    store[name] = (sid: string, session: unknown, ...rest: unknown[]) => {
      const { cookie: _, ...data } = Object(session);
      told.push(`${name} ${sid} ${JSON.stringify(data)}`);
      asked(sid, session, ...rest);
    };
  }
  let ids = 0;
  const genid = (): string => `id${++ids}`;
  const browser = await browse(library({ ...OPTIONS, store, genid }), async (request, response) => {
    await scene.handle(request, library);
    response.end();
  });
  const visit = scene.visit ?? ((visitor) => visitor.get("/second"));
  told.push(`${(await browser.get("/first")).status}`);
  await visit(browser);
  told.push(`${(await browser.get("/last")).status}`);
  return told;
}

const counts = (request: AnyRequest, response: { end(text: string): unknown }): void => {
  if (request.url?.startsWith("/read") !== true) {
    request.session.views = (request.session.views ?? 0) + 1;
  }
  response.end(String(request.session.views ?? "none"));
};

describe.each(LIBRARIES)("%s over a connect store", (_name, session) => {
  describe.each(Object.keys(HOSTS))("on %s", (host) => {
    it("keeps what a request sets for the next one", async () => {
      const browser = await browse(session(OPTIONS), counts, host);
      await browser.get();
      expect((await browser.get()).text).toBe("2");
      expect((await browser.get("/read")).text).toBe("2");
    });

    it("sends a cookie that is signed by HMAC-SHA-256 of its id", async () => {
      let sid = "";
      const browser = await browse(
        session(OPTIONS),
        (request, response) => {
          request.session.a = 1;
          sid = request.sessionID;
          response.end();
        },
        host,
      );
      const { cookies } = await browser.get();
      const mac = createHmac("sha256", "keyboard cat")
        .update(sid)
        .digest("base64")
        .replace("=", "");
      const value = encodeURIComponent(`s:${sid}.${mac}`);
      expect(cookies).toEqual([`connect.sid=${value}; Path=/; HttpOnly`]);
    });

    it("gives a visitor with a forged cookie a new session", async () => {
      const browser = await browse(session(OPTIONS), counts, host);
      await browser.get();
      browser.cookie = `${browser.cookie.slice(0, -2)}AA`;
      expect((await browser.get()).text).toBe("1");
    });

    it("answers as the handler did though the store cannot save", async () => {
      const store = new session.MemoryStore();
      store.set = (_sid, _session, callback) => {
        setImmediate(() => callback?.(new Error("full")));
      };
      const browser = await browse(session({ ...OPTIONS, store }), counts, host);
      expect(await browser.get()).toMatchObject({ status: 200, text: "1" });
    });
  });

  it("signs by the first secret and believes each", async () => {
    const store = new session.MemoryStore();
    const old = await browse(session({ ...OPTIONS, store, secret: "old" }), counts);
    await old.get();
    const turned = await browse(session({ ...OPTIONS, store, secret: ["new", "old"] }), counts);
    turned.cookie = old.cookie;
    expect((await turned.get()).text).toBe("2");
    const alone = await browse(session({ ...OPTIONS, store, secret: "new" }), counts);
    alone.cookie = old.cookie;
    expect((await alone.get()).text).toBe("1");
  });

  it("counts what its array of secrets holds at each request", async () => {
    const secret = ["old"];
    const browser = await browse(session({ ...OPTIONS, secret }), counts);
    await browser.get();
    secret.unshift("new");
    expect((await browser.get()).text).toBe("2");
    secret.pop();
    expect((await browser.get()).text).toBe("1");
  });

  it("believes no cookie that a Buffer signed before it was overwritten in place", async () => {
    const secret = Buffer.from("keyboard cat");
    const browser = await browse(session({ ...OPTIONS, secret }), counts);
    const signed = (await browser.get()).cookies;
    expect((await browser.get()).text).toBe("2");
    secret.fill(0);
    const { text, cookies } = await browser.get();
    expect(text).toBe("1");
    expect(cookies).not.toEqual(signed);
  });

  it("stores an empty session only where saveUninitialized says so", async () => {
    for (const saveUninitialized of [true, false]) {
      const store = new session.MemoryStore();
      const browser = await browse(session({ ...OPTIONS, store, saveUninitialized }), counts);
      const { cookies } = await browser.get("/read");
      expect(cookies.length).toBe(saveUninitialized ? 1 : 0);
      expect(Object.keys(store.sessions).length).toBe(saveUninitialized ? 1 : 0);
    }
  });

  it("stores what has not changed where resave says so, and touches it otherwise", async () => {
    for (const resave of [true, false]) {
      const asked: string[] = [];
      const store = new session.MemoryStore();
      const browser = await browse(session({ ...OPTIONS, store, resave }), counts);
      await browser.get();
      const { set, touch } = store;
      store.set = (...args) => {
        asked.push("set");
        set.apply(store, args);
      };
      store.touch = (...args) => {
        asked.push("touch");
        touch.apply(store, args);
      };
      await browser.get("/read");
      expect(asked).toEqual([resave ? "set" : "touch"]);
    }
  });

  it("sends the cookie with each response where rolling says so", async () => {
    const still = await browse(session({ ...OPTIONS, cookie: { maxAge: 60_000 } }), counts);
    await still.get();
    expect((await still.get("/read")).cookies).toEqual([]);
    const rolling = await browse(session({ ...OPTIONS, rolling: true }), counts);
    await rolling.get();
    expect((await rolling.get("/read")).cookies).toHaveLength(1);
  });

  it("destroys what is unset only where unset says so", async () => {
    for (const unset of ["destroy", "keep"]) {
      const store = new session.MemoryStore();
      const browser = await browse(session({ ...OPTIONS, store, unset }), (request, response) => {
        if (request.url === "/unset") request.session = null;
        else request.session.a = 1;
        response.end();
      });
      await browser.get();
      await browser.get("/unset");
      expect(Object.keys(store.sessions).length).toBe(unset === "destroy" ? 0 : 1);
    }
  });

  it("regenerates, saves, reloads, touches and destroys by callbacks", async () => {
    const browser = await browse(session(OPTIONS), (request, response) => {
      const before = request.sessionID;
      request.session.a = 1;
      request.session.regenerate(() => {
        const isNew = request.sessionID !== before && request.session.a === undefined;
        request.session.b = 2;
        const chained = request.session.touch().save(() => {
          request.session.b = 3;
          request.session.reload(() => {
            const { b } = request.session;
            request.session.destroy(() => {
              response.end(JSON.stringify([isNew, typeof chained, b, typeof request.session]));
            });
          });
        });
      });
    });
    expect((await browser.get()).text).toBe('[true,"object",2,"undefined"]');
  });

  it.each([
    ["a Proxy over it", (own: object) => new Proxy(own, {})],
    ["what inherits from it", (own: object) => Object.assign(Object.create(own), own)],
  ])("takes for the session %s", async (_kind, stand) => {
    const browser = await browse(session(OPTIONS), (request, response) => {
      if (request.url === "/read") {
        response.end(String(request.session.colour));
        return;
      }
      request.session = stand(request.session);
      request.session.colour = "blue";
      if (request.url === "/save") request.session.save(() => response.end("saved"));
      else if (request.url === "/reload") {
        request.session.reload(() => response.end(String(request.session.colour)));
      } else response.end(String(request.session.id === request.sessionID));
    });
    expect((await browser.get("/set")).text).toBe("true");
    expect((await browser.get("/read")).text).toBe("blue");
    expect((await browser.get("/save")).text).toBe("saved");
    expect((await browser.get("/reload")).text).toBe("blue");
  });

  it("ends an answer once, though the store answers twice", async () => {
    const found = vi.fn();
    const store = new session.MemoryStore();
    store.set = (_sid, _session, callback) => {
      callback?.();
      callback?.();
    };
    const browser = await browse(session({ ...OPTIONS, store }), (request, response) => {
      response.on("error", found);
      request.session.a = 1;
      response.end("once");
    });
    expect((await browser.get()).text).toBe("once");
    expect(found).not.toHaveBeenCalled();
  });

  it("sends a cookie without attributes where a plain object stands for it", async () => {
    const browser = await browse(session(OPTIONS), (request, response) => {
      request.session.cookie = { path: "/" };
      request.session.a = 1;
      response.end("ok");
    });
    const { cookies } = await browser.get();
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatch(/^connect\.sid=[^;]+$/);
  });

  it("stores anew what a session does not take from its record", async () => {
    const store = new session.MemoryStore();
    const browser = await browse(session({ ...OPTIONS, store }), (request, response) => {
      if (request.url === "/") request.session.a = 1;
      response.end("ok");
    });
    await browser.get();
    const [sid = ""] = Object.keys(store.sessions);
    store.sessions[sid] = JSON.stringify({ ...JSON.parse(store.sessions[sid] ?? ""), save: 1 });
    await browser.get("/read");
    expect(JSON.parse(store.sessions[sid] ?? "")).not.toHaveProperty("save");
  });

  it("destroys what is unset by null, and not what is unset by false", async () => {
    const store = new session.MemoryStore();
    const options = { ...OPTIONS, store, unset: "destroy" };
    const browser = await browse(session(options), (request, response) => {
      if (request.url === "/") request.session.a = 1;
      else request.session = request.url === "/false" ? false : null;
      response.end("ok");
    });
    await browser.get();
    await browser.get("/false");
    expect(Object.keys(store.sessions)).toHaveLength(1);
    await browser.get("/null");
    expect(Object.keys(store.sessions)).toHaveLength(0);
  });

  it("calls back without arguments when a session is reloaded", async () => {
    const browser = await browse(session(OPTIONS), (request, response) => {
      request.session.a = 1;
      request.session.save(() => {
        request.session.reload((...given: unknown[]) => response.end(String(given.length)));
      });
    });
    expect((await browser.get()).text).toBe("0");
  });

  it("hands on what the store fails with, but for ENOENT", async () => {
    const store = new session.MemoryStore();
    const browser = await browse(session({ ...OPTIONS, store }), counts);
    await browser.get();
    for (const [code, status] of [
      ["ENOENT", 200],
      ["EIO", 500],
    ] as const) {
      store.get = (_sid, callback) => callback(Object.assign(new Error("gone"), { code }));
      expect((await browser.get("/read")).status).toBe(status);
    }
  });

  it("gives no session while its store is disconnected", async () => {
    const store = new session.MemoryStore();
    const browser = await browse(session({ ...OPTIONS, store }), (request, response) => {
      response.end(typeof request.session);
    });
    store.emit("disconnect");
    expect((await browser.get()).text).toBe("undefined");
    store.emit("connect");
    expect((await browser.get()).text).toBe("object");
  });

  it("writes the attributes of the cookie as they are asked for", async () => {
    const cookie = () => ({
      domain: "shop.example",
      path: "/",
      httpOnly: false,
      sameSite: "strict",
      priority: "high",
      partitioned: true,
    });
    const browser = await browse(session({ ...OPTIONS, name: "sid", cookie }), counts);
    const { cookies } = await browser.get();
    const [line = ""] = cookies;
    expect(line.replace(/^sid=[^;]+/, "sid")).toBe(
      "sid; Domain=shop.example; Path=/; Partitioned; Priority=High; SameSite=Strict",
    );
  });

  it("makes secure and sameSite what the connection is, where they are auto", async () => {
    const options = { ...OPTIONS, proxy: true, cookie: { secure: "auto", sameSite: "auto" } };
    const browser = await browse(session(options), counts);
    expect((await browser.get()).cookies[0]).toMatch(/HttpOnly; SameSite=Lax$/);
    const secure = browser.twin();
    secure.cookie = "";
    const headers = { "x-forwarded-proto": "https" };
    const { cookies } = await secure.get("/", { headers });
    expect(cookies[0]).toMatch(/HttpOnly; Secure; SameSite=None$/);
  });

  it("gives no session outside the path of its cookie", async () => {
    const options = { ...OPTIONS, cookie: { path: "/admin" } };
    const browser = await browse(session(options), (request, response) => {
      response.end(typeof request.session);
    });
    expect((await browser.get("/shop")).text).toBe("undefined");
    expect((await browser.get("/admin/x")).text).toBe("object");
  });

  it("holds the last byte of an answer until the store has it", async () => {
    const store = new session.MemoryStore();
    const { set } = store;
    let isStored = false;
    store.set = (sid, data, callback) => {
      setImmediate(() => {
        isStored = true;
        set.call(store, sid, data, callback);
      });
    };
    const browser = await browse(session({ ...OPTIONS, store }), (request, response) => {
      request.session.a = 1;
      response.setHeader("Content-Length", 5);
      response.end("whole");
    });
    expect((await browser.get()).text).toBe("whole");
    expect(isStored).toBe(true);
  });

  it.each([
    ["connect-redis", redisOfTheirs],
    ["a store that inherits from express-session's own", async () => new theirs.MemoryStore()],
  ])("gives who returns a session and cookie of its own classes, over %s", async (_kind, make) => {
    const { prototype } = session.Session;
    onTestFinished(() => void Reflect.deleteProperty(prototype, "count"));
    Object.defineProperty(prototype, "count", {
      configurable: true,
      value(this: AnySession) {
        this.views = (this.views ?? 0) + 1;
        return this instanceof session.Session && this.cookie instanceof session.Cookie;
      },
    });
    const store = await make();
    const browser = await browse(session({ ...OPTIONS, store }), async (request, response) => {
      const found = [request.session.count()];
      await saved(request.session);
      await reloaded(request.session);
      found.push(request.session.count());
      store.load(request.sessionID, (_error, loaded) => {
        found.push((loaded as AnySession).count());
        response.end(`${found} ${request.session.views}`);
      });
    });
    expect((await browser.get()).text).toBe("true,true,true 2");
    expect((await browser.get()).text).toBe("true,true,true 4");
  });

  it("leaves its sessions to a store that makes them", async () => {
    class Own extends theirs.MemoryStore {
      override createSession(...args: Parameters<theirs.Store["createSession"]>) {
        return Object.assign(super.createSession(...args), { own: true });
      }
    }
    const browser = await browse(session({ ...OPTIONS, store: new Own() }), (request, response) => {
      const isTheirs = request.session instanceof (theirs as unknown as Library).Session;
      if (request.url === "/") request.session.a = 1;
      response.end(`${isTheirs && request.session.own}`);
    });
    await browser.get();
    expect((await browser.get("/again")).text).toBe("true");
  });

  it("refuses options that mean nothing", () => {
    expect(() => session({ ...OPTIONS, genid: 1 })).toThrow(TypeError);
    expect(() => session({ ...OPTIONS, unset: "maybe" })).toThrow(TypeError);
    expect(() => session({ ...OPTIONS, secret: [] })).toThrow(TypeError);
  });
});

const SCENES: Readonly<Record<string, Scene>> = {
  "saves a copy of its session under another id": {
    async handle(request, library) {
      request.session[request.url ?? ""] = 1;
      await saved(handMade(request, library, "copy"));
    },
  },
  "saves another session while its own is new": {
    handle: (request, library) => saved(handMade(request, library, "other", { mine: 1 })),
  },
  "saves a session that it has made by hand, and the store fails once": {
    prepare(store) {
      const { set } = store;
      store.set = (_sid, _session, callback) => {
        store.set = set;
        callback?.(new Error("full"));
      };
    },
    async handle(request, library) {
      request.session = handMade(request, library, request.sessionID, { hand: request.url });
      await saved(request.session);
    },
  },
  "saves a session that it has let the store make": {
    async handle(request) {
      request.sessionStore.createSession(request, { cookie: {}, hand: request.url });
      await saved(request.session);
    },
  },
  "puts two sessions in each other's place": {
    async handle(request, library) {
      const before = request.session;
      request.session = handMade(request, library, request.sessionID, { hand: 1 });
      before.n = request.url;
      await saved(before);
      await saved(request.session);
      request.session = before;
    },
  },
  "saves and reloads a session that has a class of the store's own, without a request": {
    createSession: (request, data) => bareSession({}, request, data),
    async handle(request) {
      request.session.n = request.url;
      await saved(request.session);
      await reloaded(request.session);
      request.session.m = request.url;
      await saved(request.session);
    },
  },
  "saves a session that the store has given no prototype": {
    createSession: (request, data) => bareSession(null, request, data),
    async handle(request) {
      request.session.n = request.url;
      await saved(request.session);
    },
  },
  "saves a Proxy over a session that takes no other prototype": {
    createSession: (request, data) =>
      new Proxy(bareSession({}, request, data), {
        setPrototypeOf() {
          throw new TypeError("It has one.");
        },
      }),
    async handle(request) {
      request.session.n = request.url;
      await saved(request.session);
    },
  },
  "saves a session of a class that inherits from the library's and saves in its own way": {
    createSession(request, data, library) {
      class Own extends library.Session {
        save(done: (error?: unknown) => void): void {
          request.sessionStore.set(this["id"], this, done);
        }
      }
      return Object.assign(new Own(request, data), { cookie: new library.Cookie() });
    },
    async handle(request) {
      request.session.n = request.url;
      await saved(request.session);
    },
  },
  "gets a session that nothing can be added to": {
    createSession: (request, data) => Object.freeze(bareSession({}, request, data)),
    handle: (request) => {
      if (request.url === "/first") request.session.n = 1;
    },
  },
};

/** Of no class that is known here, as are those of other realms and of libraries. */
const AnotherPromise: PromiseConstructor = runInNewContext("Promise");

/** Methods of a store's sessions as some write them: they give promises, take options and call back by more. */
const PROMISING = {
  destroy(this: AnySession, done?: () => void) {
    const { req } = this;
    delete req.session;
    return new AnotherPromise((resolve) => {
      req.sessionStore.destroy(this.id, () => {
        done?.();
        resolve("destroyed");
      });
    });
  },
  async regenerate(this: AnySession, options: object, done?: (...given: unknown[]) => void) {
    await new Promise((resolve) => this.req.sessionStore.regenerate(this.req, resolve));
    done?.(null, options);
    return "regenerated";
  },
  reload(this: AnySession, done: (...given: unknown[]) => void) {
    this.req.sessionStore.get(this.id, (error: unknown, data: object) => {
      this.req.sessionStore.createSession(this.req, data);
      done.call(data, error, "one", "two");
    });
  },
};

/** One session object of the library's for all requests. */
function cachedSession(): Required<Pick<Scene, "createSession">> {
  let kept: AnySession;
  return {
    createSession(request, data, library) {
      kept ??= Object.assign(new library.Session(request, data), { cookie: new library.Cookie() });
      return kept;
    },
  };
}

describe("a request to sojourn/express-session asks the store for what it asks at express-session", () => {
  it.each(Object.entries(SCENES))("when it %s", async (_name, scene) => {
    const asked = await played(theirs as unknown as Library, scene);
    expect(asked.length).toBeGreaterThan(2);
    expect(await played(ours as unknown as Library, scene)).toEqual(asked);
  });

  it.each<readonly [string, (session: AnySession) => unknown]>([
    ["the promise of a destroy of its own", (session) => session.destroy()],
    ["the promise of a regenerate of its own", (session) => session.regenerate({ a: 1 })],
    [
      "all that a regenerate of its own is called with",
      (session) =>
        new Promise((resolve) => session.regenerate({ a: 1 }, (...all: unknown[]) => resolve(all))),
    ],
    [
      "all that a reload of its own calls back with",
      (session) => new Promise((resolve) => session.reload((...all: unknown[]) => resolve(all))),
    ],
  ])("when a store's session gives %s", async (_name, ask) => {
    const heard = async (library: Library): Promise<readonly unknown[]> => {
      const answers: unknown[] = [];
      const asked = await played(library, {
        createSession(request, data) {
          const made = bareSession({ ...PROMISING }, request, data);
          Reflect.deleteProperty(made, "reload");
          return Object.defineProperty(made, "req", { value: request });
        },
        async handle(request) {
          request.session.n = request.url;
          if (request.url === "/second") answers.push(await ask(request.session));
        },
      });
      return [...answers, ...asked];
    };
    const asked = await heard(theirs as unknown as Library);
    expect(asked[0]).toBeDefined();
    expect(await heard(ours as unknown as Library)).toEqual(asked);
  });

  it("when several of them have one session object at once", async () => {
    const scene = (): Scene => {
      const slowIsIn = Promise.withResolvers<void>();
      const fastIsOut = Promise.withResolvers<void>();
      return {
        ...cachedSession(),
        async handle(request) {
          if (request.url === "/slow") {
            slowIsIn.resolve();
            await fastIsOut.promise;
          }
          request.session.n = request.url;
          await saved(request.session);
        },
        async visit(browser) {
          const slow = browser.get("/slow");
          await slowIsIn.promise;
          await browser.get("/fast");
          fastIsOut.resolve();
          await slow;
        },
      };
    };
    const asked = await played(theirs as unknown as Library, scene());
    expect(asked.length).toBeGreaterThan(4);
    expect(await played(ours as unknown as Library, scene())).toEqual(asked);
  });

  it("when two middlewares give a request two sessions", async () => {
    const calls = async (library: Library): Promise<readonly string[]> => {
      const told: string[] = [];
      const make = (name: string): Middleware => {
        const store = new library.MemoryStore();
        const { set } = store;
        store.set = (...args) => {
          told.push(`${name} ${JSON.stringify({ ...args[1], cookie: null })}`);
          set.apply(store, args);
        };
        return library({ ...OPTIONS, saveUninitialized: true, store, name, genid: () => name });
      };
      let first: AnySession;
      const between = (request: AnyRequest, _response: unknown, next: () => void): void => {
        first = request.session;
        Object.assign(request, { session: undefined });
        next();
      };
      const browser = await browse(
        [make("a"), between as Middleware, make("b")],
        async (_request, response) => {
          first.n = 1;
          await saved(first);
          response.end();
        },
      );
      await browser.get();
      return told;
    };
    const asked = await calls(theirs as unknown as Library);
    expect(asked.length).toBeGreaterThan(1);
    expect(await calls(ours as unknown as Library)).toEqual(asked);
  });
});

describe("sojourn/express-session", () => {
  it("shows nothing of its own on a request or a session", async () => {
    const browser = await browse(ours(OPTIONS), (request, response) => {
      const shown = [request, request.session].flatMap((each) =>
        Object.getOwnPropertySymbols({ ...each }),
      );
      response.end(
        shown
          .map(String)
          .filter((name) => name.includes("watcher"))
          .join(),
      );
    });
    expect((await browser.get()).text).toBe("");
  });

  it("gives a promise where no callback is passed", async () => {
    const browser = await browse(ours(OPTIONS), async (request, response) => {
      request.session.a = 1;
      await request.session.save();
      request.session.a = 2;
      await request.session.reload();
      const { a } = request.session;
      await request.session.regenerate();
      const isNew = request.session.a === undefined;
      await request.session.destroy();
      response.end(JSON.stringify([a, isNew, request.session === undefined]));
    });
    expect((await browser.get()).text).toBe("[1,true,true]");
  });

  it("rejects the promise where the store fails, and harms nobody who does not look", async () => {
    const store = new MemoryStore();
    store.set = (_sid, _session, callback) => callback?.(new Error("full"));
    const browser = await browse(ours({ ...OPTIONS, store }), async (request, response) => {
      void request.session.save();
      const error = await request.session.save().catch((thrown: Error) => thrown);
      response.end(error.message);
    });
    expect((await browser.get()).text).toBe("full");
  });

  it("throws what a store throws, though no callback was passed", async () => {
    for (const [name, make, made] of [
      ["express-session", theirs, theirs.MemoryStore],
      ["ours", ours, ours.MemoryStore],
      ["ours, over theirs", ours, theirs.MemoryStore],
    ] as unknown as (readonly [string, Make, typeof MemoryStore])[]) {
      const store = new made();
      store.set = () => {
        throw new Error("no connection");
      };
      const browser = await browse(make({ ...OPTIONS, store }), (request, response) => {
        request.session.a = 1;
        request.session.save();
        response.end("stored");
      });
      expect(await browser.get(), name).toMatchObject({
        status: 500,
        text: "failed: no connection",
      });
    }
  });

  it("is a base for stores by class and by util.inherits", async () => {
    class ByClass extends Store {
      readonly kept = new Map<string, string>();
      override get(sid: string, callback: (error: unknown, session?: never) => void): void {
        callback(null, JSON.parse(this.kept.get(sid) ?? "null") as never);
      }
      override set(sid: string, session: object, callback?: () => void): void {
        this.kept.set(sid, JSON.stringify(session));
        callback?.();
      }
      override destroy(sid: string, callback?: () => void): void {
        this.kept.delete(sid);
        callback?.();
      }
    }
    function ByInherits(this: MemoryStore): void {
      (MemoryStore as unknown as () => void).call(this);
    }
    inherits(ByInherits, MemoryStore);
    for (const Kind of [ByClass, ByInherits]) {
      const store = Reflect.construct(Kind, []) as Store;
      expect(store).toBeInstanceOf(EventEmitter);
      expect(store).toBeInstanceOf(Store);
      const browser = await browse(ours({ ...OPTIONS, store }), counts);
      await browser.get();
      expect((await browser.get()).text).toBe("2");
    }
  });

  it("takes stores that are made for express-session, and are handed the function", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sessions-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const makeFileStore = createRequire(import.meta.url)("session-file-store");
    const FileStore = makeFileStore(ours);
    const store = new FileStore({ path: folder, logFn: () => undefined, reapInterval: -1 });
    const browser = await browse(ours({ ...OPTIONS, store }), counts);
    await browser.get();
    expect((await browser.get()).text).toBe("2");
  });

  it("goes on with express-session's sessions, and express-session with its own", async () => {
    const store = new theirs.MemoryStore();
    const before = await browse(theirs({ ...OPTIONS, store }) as Middleware, counts);
    await before.get();
    const swapped = await browse(ours({ ...OPTIONS, store }), counts);
    swapped.cookie = before.cookie;
    expect((await swapped.get()).text).toBe("2");
    const back = await browse(theirs({ ...OPTIONS, store }) as Middleware, counts);
    back.cookie = swapped.cookie;
    expect((await back.get()).text).toBe("3");
  });

  it("gives promises over a store that makes express-session's own sessions", async () => {
    const store = new theirs.MemoryStore();
    const { createSession } = store;
    store.createSession = (...args) => createSession.apply(store, args);
    const browser = await browse(ours({ ...OPTIONS, store }), async (request, response) => {
      if (request.url === "/") {
        request.session.a = 1;
        response.end();
        return;
      }
      request.session.a = 2;
      await request.session.save();
      await request.session.reload();
      response.end(String(request.session.a));
    });
    await browser.get();
    expect((await browser.get("/second")).text).toBe("2");
  });

  it("stores what a Proxy over the session shows, whoever has made that session", async () => {
    const makesTheirs = new theirs.MemoryStore() as unknown as MemoryStore;
    const { createSession } = makesTheirs;
    makesTheirs.createSession = (...args) => createSession.apply(makesTheirs, args);
    for (const store of [new ours.MemoryStore(), makesTheirs]) {
      const browser = await browse(ours({ ...OPTIONS, store }), (request, response) => {
        request.session.a = "secret";
        request.session = new Proxy(request.session, {
          get: (target, key) => (key === "a" ? "***" : Reflect.get(target, key)),
        });
        request.session.save(() => response.end());
      });
      await browser.get();
      await browser.get("/second");
      expect(Object.values(store.sessions).map((text) => JSON.parse(text).a)).toEqual(["***"]);
    }
  });

  describe.each([
    ["a method of its own", (made: AnyRequest["session"]) => ({ save: made.save })],
    ["none", () => ({})],
  ])("over a store whose sessions have %s", (_methods, methodsOf) => {
    it.each(LIBRARIES)("stores once what %s's handler has saved", async (_library, make) => {
      const store = new theirs.MemoryStore();
      const { createSession } = store;
      store.createSession = function (this: typeof store, request, data) {
        const made = createSession.call(this, request, data) as AnyRequest["session"];
        for (const [name, value] of Object.entries(methodsOf(made))) {
          Object.defineProperty(made, name, { value, writable: true, configurable: true });
        }
        return made;
      };
      const set = vi.spyOn(store, "set");
      const browser = await browse(make({ ...OPTIONS, store }), (request, response) => {
        request.session.views = (request.session.views ?? 0) + 1;
        request.session.save(() => response.end(String(request.session.views)));
      });
      for (const views of ["1", "2", "3"]) expect((await browser.get()).text).toBe(views);
      expect(set).toHaveBeenCalledTimes(3);
    });
  });

  it("rejects where a method of the store's own tells its callback alone of a failure", async () => {
    const store = new MemoryStore();
    const methods = {
      async destroy(done: (error: Error) => void) {
        done(new Error("full"));
      },
    };
    store.createSession = (request, data) => {
      const made = bareSession(methods, request as unknown as AnyRequest, data);
      return Object.assign(request, { session: made }).session;
    };
    const browser = await browse(ours({ ...OPTIONS, store }), async (request, response) => {
      request.session.a = 1;
      if (request.url === "/") response.end();
      else response.end(await request.session.destroy().catch((error: Error) => error.message));
    });
    await browser.get();
    expect((await browser.get("/again")).text).toBe("full");
  });

  it("watches over a session object that its store hands out again and again", async () => {
    const store = new theirs.MemoryStore();
    const kept = Object.create(SESSIONS_OF_THEIRS, {
      req: { writable: true },
      id: { writable: true },
    });
    store.createSession = (request, data) => {
      Object.assign(
        kept,
        data,
        { cookie: new Cookie() },
        { req: request, id: (request as AnyRequest).sessionID },
      );
      return Object.assign(request, { session: kept }).session;
    };
    const { set } = store;
    let stored = 0;
    store.set = (...args) => {
      stored += 1;
      set.apply(store, args);
    };
    const saves = new Set<unknown>();
    const browser = await browse(ours({ ...OPTIONS, store }), (request, response) => {
      if (request.session === kept) saves.add(kept.save);
      request.session.views = (request.session.views ?? 0) + 1;
      request.session.save(() => response.end(String(request.session.views)));
    });
    for (const views of ["1", "2", "3", "4"]) expect((await browser.get()).text).toBe(views);
    expect(stored).toBe(4);
    expect(saves.size).toBe(1);
    expect(Object.getPrototypeOf(kept)).toBe(SESSIONS_OF_THEIRS);
  });

  it("calls a method of its sessions that the application replaces, over a store of theirs", async () => {
    const store = new theirs.MemoryStore();
    const { prototype } = (ours as unknown as Library).Session;
    const { save } = prototype;
    onTestFinished(() => void Object.defineProperty(prototype, "save", { value: save }));
    const browser = await browse(ours({ ...OPTIONS, store }), counts);
    await browser.get();
    await browser.get();
    let calls = 0;
    Object.defineProperty(prototype, "save", {
      value(this: unknown, callback: unknown) {
        calls += 1;
        return save.call(this, callback);
      },
    });
    expect((await browser.get()).text).toBe("3");
    expect(calls).toBe(1);
  });

  it("says once that options are left to their old defaults", async () => {
    const { NO_DEPRECATION: before } = process.env;
    process.env["NO_DEPRECATION"] = "";
    const told: string[] = [];
    const hear = ({ message }: Error): unknown => told.push(message);
    process.on("warning", hear);
    ours({ secret: "s" });
    ours({ secret: "s" });
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", hear);
    if (before === undefined) delete process.env["NO_DEPRECATION"];
    else process.env["NO_DEPRECATION"] = before;
    expect(told).toEqual([
      "express-session: undefined resave option; provide resave option",
      "express-session: undefined saveUninitialized option; provide saveUninitialized option",
    ]);
  });

  it("warns of each MemoryStore in production, whoever has made it, and of no other store", async () => {
    class Own extends MemoryStore {}
    vi.stubEnv("NODE_ENV", "production");
    onTestFinished(() => void vi.unstubAllEnvs());
    const told: string[] = [];
    const hear = ({ message }: Error): unknown => told.push(message);
    process.on("warning", hear);
    const another = Reflect.construct(Store, []);
    for (const store of [undefined, new MemoryStore(), new Own(), another]) {
      ours({ ...OPTIONS, store });
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", hear);
    expect(told.map((message) => message.includes("MemoryStore"))).toEqual([true, true, true]);
  });

  it.each([
    ["express-session", import.meta.resolve("express-session")],
    ["ours", new URL("../../../src/drop-ins/express-session/index.ts", import.meta.url).href],
  ])(
    "lets a process live that throws deprecations, and heeds its silence: %s",
    async (_name, at) => {
      const told = async (flag: string): Promise<string> => {
        const code = `(await import("${at}")).default({ secret: "s" })`;
        const env = { ...process.env, NO_DEPRECATION: "" };
        const args = [flag, "--input-type=module", "--eval", code];
        return (await promisify(execFile)(process.execPath, args, { env })).stderr;
      };
      expect(await told("--throw-deprecation")).toContain("undefined resave option");
      expect(await told("--no-deprecation")).not.toContain("option");
    },
  );

  it("counts a cookie's life in milliseconds from when it is said", () => {
    let now = 0;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => ++now);
    const cookie = new Cookie({ maxAge: 60_000 });
    clock.mockRestore();
    expect(cookie.originalMaxAge).toBe(60_000);
    expect(cookie.expires).toBeInstanceOf(Date);
    cookie.expires = false;
    expect(cookie.serialize("sid", "x")).toBe("sid=x; Path=/; HttpOnly");
  });
});
