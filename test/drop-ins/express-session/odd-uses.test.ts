import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import session, {
  type EngineSessionOptions,
  type SessionMiddleware,
} from "../../../src/drop-ins/express-session/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { browse, type Middleware } from "./support/hosts.ts";

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

  it("hands what userId throws to the error handler, whenever it does", async () => {
    const found = uncaught();
    for (const userId of [failing, failingOnceSet]) {
      const browser = await browse(made({ sojourn: { userId } }), (request, response) => {
        request.session.a = 1;
        response.end("ok");
      });
      const answer = await browser.get("/", { signal: AbortSignal.timeout(3_000) });
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
