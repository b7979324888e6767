import { createHmac } from "node:crypto";
import { EventEmitter } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inherits } from "node:util";
import theirs from "express-session";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import ours, { Cookie, MemoryStore, Store } from "../../../src/drop-ins/express-session/index.ts";
import { type AnyRequest, browse, HOSTS, type Middleware } from "./support/hosts.ts";

type Make = (options: object) => Middleware;

const OPTIONS = { secret: "keyboard cat", resave: false, saveUninitialized: false };

const { prototype: SESSIONS_OF_THEIRS } = (
  theirs as unknown as { Session: { prototype: AnyRequest["session"] } }
).Session;

/** The same sentences are true of express-session itself: that is what "to the letter" means. */
const LIBRARIES: readonly (readonly [
  string,
  Make & { readonly MemoryStore: new () => MemoryStore },
])[] = [
  ["express-session", theirs as never],
  ["sojourn/express-session", ours as never],
];

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

  it("refuses options that mean nothing", () => {
    expect(() => session({ ...OPTIONS, genid: 1 })).toThrow(TypeError);
    expect(() => session({ ...OPTIONS, unset: "maybe" })).toThrow(TypeError);
    expect(() => session({ ...OPTIONS, secret: [] })).toThrow(TypeError);
  });
});

describe("sojourn/express-session", () => {
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
    for (const MemoryStore of [ours.MemoryStore, theirs.MemoryStore]) {
      const store = new MemoryStore() as MemoryStore;
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
    const browser = await browse(ours({ ...OPTIONS, store }), (request, response) => {
      request.session.views = (request.session.views ?? 0) + 1;
      request.session.save(() => response.end(String(request.session.views)));
    });
    for (const views of ["1", "2", "3", "4"]) expect((await browser.get()).text).toBe(views);
    expect(stored).toBe(4);
    expect(Object.getPrototypeOf(Object.getPrototypeOf(kept))).toBe(SESSIONS_OF_THEIRS);
  });

  it("calls a method of the store's sessions that the application replaces", async () => {
    const store = new theirs.MemoryStore();
    const prototype = (theirs as unknown as { Session: { prototype: AnyRequest["session"] } })
      .Session.prototype;
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
