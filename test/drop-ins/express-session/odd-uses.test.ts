import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import session, {
  type EngineSessionOptions,
  type SessionMiddleware,
} from "../../../src/drop-ins/express-session/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { type AnyRequest, browse, type Middleware } from "./support/hosts.ts";

const OPTIONS = { secret: "keyboard cat", resave: false, saveUninitialized: false };

type Made = SessionMiddleware & Middleware;

function made(options: Partial<EngineSessionOptions> = {}): Made {
  return session({ ...OPTIONS, store: memoryStore(), ...options }) as Made;
}

/** What nobody has caught, until the test is over. */
function uncaught(): unknown[] {
  const found: unknown[] = [];
  const note = (error: unknown): unknown => found.push(error);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  return found;
}

describe("what applications do with sojourn/express-session over a store of ours", () => {
  it("shows its values where it is printed, by itself or in its request", async () => {
    const browser = await browse(made(), (request, response) => {
      request.session.colour = "blue";
      const { session } = request;
      response.end([inspect(session), inspect({ session }), inspect(request)].join("\0"));
    });
    const { status, text } = await browser.get();
    expect(status).toBe(200);
    const printed = text.split("\0");
    expect(printed).toHaveLength(3);
    for (const each of printed) expect(each).toContain("colour: 'blue'");
  });

  it.each(["save", "reload", "destroy", "regenerate"])(
    "takes null for the callback of %s, as of none",
    async (method) => {
      const found = uncaught();
      const browser = await browse(made(), async (request, response) => {
        request.session.a = 1;
        await request.session.save();
        await request.session[method](null);
        response.end("ok");
      });
      expect((await browser.get()).text).toBe("ok");
      expect(found).toEqual([]);
    },
  );

  it("takes null for the callback of a method of req.sessionStore", async () => {
    const found = uncaught();
    const browser = await browse(made(), async (request, response) => {
      await request.sessionStore.destroy(request.sessionID, null);
      await request.sessionStore.regenerate(request, null);
      response.end("ok");
    });
    expect((await browser.get()).text).toBe("ok");
    expect(found).toEqual([]);
  });

  it("leaves to the session object what it held, where req.sessionStore begins another one", async () => {
    const browser = await browse(made(), (request, response) => {
      const before = request.session;
      before.cart = [1];
      request.sessionStore.generate(request);
      const begun = Object.keys(request.session);
      Object.assign(request.session, { kept: before.cart });
      response.end(JSON.stringify([begun, before.cart, request.session.kept]));
    });
    expect((await browser.get()).text).toBe('[["cookie"],[1],[1]]');
  });

  it("hands what userId throws to the error handler, whenever it does", async () => {
    const found = uncaught();
    for (const userId of [failing, failingOnceSet]) {
      const browser = await browse(made({ sojourn: { userId } }), (request, response) => {
        request.session.a = 1;
        response.end("ok");
      });
      const answer = await browser.get("/", { signal: AbortSignal.timeout(30_000) });
      expect(answer).toMatchObject({ status: 500, text: "failed: no account" });
    }
    expect(found).toEqual([]);
  });

  it("knows at once whom passport logs in by a database's own kind of id", async () => {
    for (const user of [new ObjectId("ada"), { _id: new ObjectId("ada") }]) {
      const middleware = made();
      const browser = await browse(middleware, (request, response) => {
        if (request.url === "/login") request.session.passport = { user };
        response.end();
      });
      await browser.get("/login");
      expect(await middleware.sessions.list({ userId: "ada" })).toHaveLength(1);
      expect((await browser.get()).cookies).toEqual([]);
    }
  });

  it.each([
    ["maxAge", (cookie: Cookie) => Object.assign(cookie, { maxAge: 60_000 })],
    ["expires", (cookie: Cookie) => Object.assign(cookie, { expires: new Date(2e12) })],
  ])("stores nothing for a visitor of whom only the cookie's %s is set", async (_, change) => {
    const store = memoryStore();
    const browser = await browse(made({ store }), (request, response) => {
      change(request.session.cookie);
      response.end();
    });
    expect((await browser.get()).cookies).toEqual([]);
  });

  it("lives on where the cookie's expires was no date", async () => {
    const browser = await browse(made(), (request, response) => {
      request.session.a = 1;
      if (request.url === "/wrong") request.session.cookie.expires = "tomorrow";
      response.end(String(request.session.cookie.originalMaxAge));
    });
    await browser.get();
    expect((await browser.get("/wrong")).status).toBe(500);
    expect(await browser.get()).toMatchObject({ status: 200, text: "null" });
  });

  it("takes a stored lifetime that is no number for none", async () => {
    const middleware = made();
    const browser = await browse(middleware, async (request, response) => {
      const own = await middleware.sessions.open(request);
      own.set("cookie" as never, { originalMaxAge: "long" } as never);
      await own.save();
      response.end(String(request.session.cookie.originalMaxAge));
    });
    await browser.get();
    expect(await browser.get()).toMatchObject({ status: 200, text: "null" });
  });

  it("keeps of an answer of 500 what was saved before it, and nothing else", async () => {
    const browser = await browse(made(), async (request, response) => {
      if (request.url === "/fail") {
        request.session.saved = 1;
        await request.session.save();
        request.session.lost = 1;
        response.statusCode = 500;
      } else request.session.first = 1;
      response.end(Object.keys(request.session).join());
    });
    await browser.get();
    expect((await browser.get("/fail")).text).toBe("cookie,first,saved,lost");
    expect((await browser.get()).text).toBe("cookie,first,saved");
  });

  it.each(["destroy", "regenerate"])(
    "ends the session by %s after the response, too",
    async (end) => {
      const done = Promise.withResolvers<unknown>();
      const middleware = made();
      const browser = await browse(middleware, async (request, response) => {
        const { session } = request;
        if (request.url === "/end") {
          response.end();
          const ended = session[end]() as Promise<void>;
          await ended.then(() => done.resolve(request.session?.user), done.reject);
          return;
        }
        if (request.url === "/login") session.user = "ann";
        response.end(String(session.user));
      });
      await browser.get("/login");
      await browser.get("/end");
      expect(await done.promise).toBeUndefined();
      expect((await browser.get()).text).toBe("undefined");
    },
  );

  it("does not say that it has saved what came after the response", async () => {
    const saved = Promise.withResolvers<unknown>();
    const browser = await browse(made(), (request, response) => {
      const { session } = request;
      session.a = 1;
      if (request.url === "/late") {
        response.on("finish", () => {
          session.late = 1;
          session.save(saved.resolve);
        });
      }
      response.end();
    });
    await browser.get();
    await browser.get("/late");
    expect(await saved.promise).toMatchObject({ code: "ERR_SESSION_HEADERS_SENT" });
  });

  it("lets touch change nothing of how long the cookie was to live", async () => {
    const browser = await browse(made({ cookie: { maxAge: 60_000 } }), (request, response) => {
      const ages = new Set<number>();
      // Long enough for the clock to go on between two of them.
      for (const until = Date.now() + 30; Date.now() < until; ) {
        ages.add(request.session.touch().cookie.originalMaxAge);
      }
      response.end(JSON.stringify([...ages]));
    });
    expect((await browser.get()).text).toBe("[60000]");
  });

  it("opens the session of a WebSocket, which has no response", async () => {
    const middleware = made();
    const browser = await browse(middleware, (request, response) => {
      request.session.a = 1;
      response.end();
    });
    await browser.get();
    const request = new IncomingMessage(new Socket());
    Object.assign(request, { url: "/", headers: { cookie: browser.cookie, host: "localhost" } });
    const { session: opened } = await openedBy(middleware, request);
    expect(opened.a).toBe(1);
    opened.b = 2;
    await opened.save();
    opened.b = 3;
    await opened.reload();
    expect((request as AnyRequest).session.b).toBe(2);
  });

  it("answers hasOwnProperty, and methods that the application has added, by what it holds", async () => {
    const prototype = session.Session.prototype as unknown as Record<string, unknown>;
    prototype["isAda"] = function (this: { user?: string }): boolean {
      return this.user === "ada";
    };
    onTestFinished(() => void delete prototype["isAda"]);
    const browser = await browse(made(), ({ session: own }, response) => {
      own.user = "ada";
      response.end(
        // biome-ignore lint/suspicious/noPrototypeBuiltins: so do applications.
        JSON.stringify([own.hasOwnProperty("user"), own.hasOwnProperty("cart"), own.isAda()]),
      );
    });
    expect((await browser.get()).text).toBe("[true,false,true]");
  });

  it("stores nothing of a property that is not enumerable", async () => {
    const browser = await browse(made(), ({ session: own }, response) => {
      const before = own.hidden;
      Object.defineProperty(own, "hidden", { value: "password", configurable: true });
      own.a = 1;
      response.end(JSON.stringify([before, own.hidden, own]));
    });
    await browser.get();
    const [before, now, seen] = JSON.parse((await browser.get()).text);
    expect([before, now]).toEqual([null, "password"]);
    expect(seen).not.toHaveProperty("hidden");
  });

  it("stores what was to be saved before it is read again, though nobody waited for that", async () => {
    const browser = await browse(made(), async ({ session: own }, response) => {
      if (own.a === undefined) {
        own.a = 1;
        await Promise.all([own.save(), own.reload()]);
      }
      response.end();
    });
    const { status, cookies } = await browser.get();
    expect([status, cookies.length]).toEqual([200, 1]);
  });

  it("stores whom passport logs in before the session is read again, though nobody waited", async () => {
    const middleware = made();
    const browser = await browse(middleware, async ({ session: own }, response) => {
      const before = own.passport?.user;
      own.passport = { user: "ada" };
      await Promise.all([own.save(), own.reload()]);
      response.end(before);
    });
    expect((await browser.get()).status).toBe(200);
    expect((await browser.get()).text).toBe("ada");
    expect(await middleware.sessions.list({ userId: "ada" })).toHaveLength(1);
  });

  it("lets req.sessionID be set, as a second session of the same request does", async () => {
    const without = (request: AnyRequest, _response: unknown, next: () => void): void => {
      delete request.session;
      next();
    };
    const browser = await browse(
      [made({ name: "first" }), without as never, made({ name: "second" })],
      (request, response) => {
        request.session.n = (request.session.n ?? 0) + 1;
        const { n, id } = request.session;
        const isKnown = request.sessionID === id;
        request.sessionID = "another";
        response.end(JSON.stringify([n, isKnown, request.sessionID]));
      },
    );
    expect((await browser.get()).text).toBe('[1,true,"another"]');
    expect((await browser.get()).text).toBe('[2,true,"another"]');
  });

  it("says so where req.session is replaced by what is no session", async () => {
    const middleware = made();
    const browser = await browse(middleware, (request, response) => {
      if (request.url === "/replace") request.session = { passport: { user: "eve" } };
      else request.session.a = 1;
      response.end("ok");
    });
    await browser.get();
    const { status, text } = await browser.get("/replace");
    expect([status, text]).toEqual([500, expect.stringContaining("Object.assign(req.session")]);
    expect(await middleware.sessions.list({ userId: "eve" })).toEqual([]);
  });
});

/** As ws has it in its examples. */
function openedBy(middleware: Made, request: IncomingMessage): Promise<AnyRequest> {
  return new Promise((resolve, reject) => {
    const next = (error?: unknown): void =>
      error === undefined ? resolve(request as AnyRequest) : reject(error);
    Reflect.apply(middleware, undefined, [request, {}, next]);
  });
}

interface Cookie {
  maxAge: number;
  expires: Date;
}

/** As MongoDB's driver has one. */
class ObjectId {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get id(): Buffer {
    return Buffer.from(this.#text);
  }

  get _id(): this {
    return this;
  }

  toJSON(): string {
    return this.#text;
  }
}

function failing(): never {
  throw new Error("no account");
}

function failingOnceSet(data: object): string | undefined {
  return "a" in data ? failing() : undefined;
}
