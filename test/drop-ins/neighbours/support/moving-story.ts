import express, { type RequestHandler } from "express";
import expressSession from "express-session";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SessionStore } from "../../../../src/core/store.ts";
import session from "../../../../src/drop-ins/express-session/index.ts";
import { movingStore } from "../../../../src/drop-ins/express-session/moving/index.ts";
import { memoryStore } from "../../../../src/stores/memory/index.ts";
import type { TestClient } from "../../../../src/testing/index.ts";
import { cookieOf, type Site, serveSite } from "./site.ts";
import type { Theirs } from "./theirs.ts";

const SECRET = "keyboard cat";
const SETTINGS = { secret: SECRET, resave: false, saveUninitialized: false };
/** What is not the application's: the cookie, our stamp, and a key of session-file-store's. */
const NOT_DATA = ["cookie", "sojourn.moving", "__lastAccess"];

type Kept = Record<string, unknown>;

/** Lets a request wait, and tells when it does. */
class Gate {
  readonly reached: Promise<void>;
  readonly opened: Promise<void>;
  #reach: () => void = () => undefined;
  #open: () => void = () => undefined;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  async wait(): Promise<void> {
    this.#reach();
    await this.opened;
  }

  open(): void {
    this.#open();
  }
}

function application(middleware: RequestHandler, gates: Map<string, Gate>): express.Express {
  const app = express().use(middleware);
  app.post("/sign-in/:user", (request, response, next) => {
    request.session.regenerate((error) => {
      if (error) return void next(error);
      Object.assign(request.session, { passport: { user: request.params.user } });
      response.send("ok");
    });
  });
  app.post("/sign-out", (request, response, next) => {
    request.session.destroy((error) => (error ? next(error) : response.send("ok")));
  });
  app.post("/set/:key/:value", async (request, response) => {
    const { key, value } = request.params;
    await gates.get(key)?.wait();
    Object.assign(request.session, { [key]: value });
    response.send("ok");
  });
  app.post("/remove/:key", (request, response) => {
    delete (request.session as unknown as Kept)[request.params.key];
    response.send("ok");
  });
  app.get("/", (request, response) => {
    const kept = JSON.parse(JSON.stringify(request.session)) as Kept;
    for (const key of NOT_DATA) delete kept[key];
    response.json(kept);
  });
  return app;
}

/** A process that moves sessions. */
function managed(theirs: Theirs, ours: SessionStore) {
  const store = movingStore(theirs.store, ours, { secret: SECRET });
  return session({ ...SETTINGS, store });
}

/** What holds while sessions move, over one kind of store made for express-session. */
export function movingStory(name: string, open: () => Promise<Theirs>): void {
  describe(`sessions that move from ${name}`, () => {
    let theirs: Theirs;
    let gates: Map<string, Gate>;
    let ours: ReturnType<typeof memoryStore>;
    let sessions: ReturnType<typeof managed>["sessions"];
    let old: Site;
    let young: Site;
    let browser: TestClient;
    beforeAll(async () => {
      theirs = await open();
    });
    afterAll(() => theirs.close());
    beforeEach(async () => {
      gates = new Map();
      ours = memoryStore();
      const middleware = managed(theirs, ours);
      ({ sessions } = middleware);
      old = await serveSite(() =>
        application(expressSession({ ...SETTINGS, store: theirs.store }), gates),
      );
      young = await serveSite(() => application(middleware, gates));
      browser = old.browser();
      return async () => {
        await Promise.all([old.close(), young.close()]);
        await sessions.close();
      };
    });

    /** The same browser, at either process: cookies know no ports. */
    async function ask(site: Site, path: string, method = "POST"): Promise<string> {
      const response = await browser.fetch(site.origin + path, { method });
      const body = await response.text();
      if (!response.ok) throw new Error(`${response.status}: ${body}`);
      return body;
    }
    const seen = async (site: Site): Promise<Kept> => JSON.parse(await ask(site, "/", "GET"));
    /** What somebody sees who has had the cookie all the while. */
    async function seenBy(site: Site, cookie: string | undefined): Promise<Kept> {
      const response = await fetch(site.origin, { headers: { cookie: `connect.sid=${cookie}` } });
      return (await response.json()) as Kept;
    }

    it("keeps signed in who was signed in before, at both, whatever they change", async () => {
      await ask(old, "/sign-in/ada");
      await ask(old, "/set/cart/tea");
      const cookie = cookieOf(browser);
      expect(await seen(young)).toEqual({ passport: { user: "ada" }, cart: "tea" });
      await ask(young, "/set/cart/coffee");
      await ask(old, "/set/note/hello");
      await ask(young, "/set/size/large");
      const all = { passport: { user: "ada" }, cart: "coffee", note: "hello", size: "large" };
      expect(await seen(young)).toEqual(all);
      expect(await seen(old)).toEqual(all);
      expect(cookieOf(browser)).toBe(cookie);
    });

    it("keeps signed in who signs in at either, at both", async () => {
      await ask(young, "/sign-in/ada");
      expect(await seen(old)).toEqual({ passport: { user: "ada" } });
      await ask(old, "/sign-in/bob");
      expect(await seen(young)).toEqual({ passport: { user: "bob" } });
    });

    it("takes along what has been removed over there", async () => {
      await ask(young, "/set/cart/tea");
      await ask(old, "/remove/cart");
      await ask(young, "/set/size/large");
      expect([await seen(young), await seen(old)]).toEqual([{ size: "large" }, { size: "large" }]);
    });

    it("loses none of ours, beside a late write over there", async () => {
      await ask(old, "/set/start/yes");
      const gate = new Gate();
      gates.set("late", gate);
      const late = ask(old, "/set/late/yes");
      await gate.reached;
      const keys = Array.from({ length: 20 }, (_, index) => `key${index}`);
      await Promise.all(keys.map((key) => ask(young, `/set/${key}/yes`)));
      gate.open();
      await late;
      const all = Object.fromEntries(["start", "late", ...keys].map((key) => [key, "yes"]));
      expect(await seen(young)).toEqual(all);
      expect(await seen(old)).toEqual(all);
    });

    it("signs out at both, at whichever it was asked for", async () => {
      for (const site of [young, old]) {
        await ask(old, "/sign-in/ada");
        await ask(young, "/set/cart/tea");
        const cookie = cookieOf(browser);
        await ask(site, "/sign-out");
        // The old one first: the young ones remove there what they find ended here.
        expect([await seenBy(old, cookie), await seenBy(young, cookie)]).toEqual([{}, {}]);
        browser.clear();
      }
    });

    it("stays signed out when a late write over there puts the session back", async () => {
      await ask(old, "/sign-in/ada");
      await ask(young, "/set/cart/tea");
      const cookie = cookieOf(browser);
      const gate = new Gate();
      gates.set("late", gate);
      const late = ask(old, "/set/late/yes");
      await gate.reached;
      await ask(young, "/sign-out");
      gate.open();
      await late;
      expect(await seenBy(young, cookie)).toEqual({});
      // It was removed there too, as soon as it was seen.
      expect(await seenBy(old, cookie)).toEqual({});
    });

    it("lists passport's users, and signs them out everywhere at both", async () => {
      await ask(old, "/sign-in/ada");
      await ask(young, "/set/cart/tea");
      const cookie = cookieOf(browser);
      expect(await sessions.list({ userId: "ada" })).toHaveLength(1);
      // Another process, to which the visitor has never come.
      const other = managed(theirs, ours).sessions;
      expect(await other.revokeAll({ userId: "ada" })).toBe(1);
      expect([await seenBy(old, cookie), await seenBy(young, cookie)]).toEqual([{}, {}]);
    });

    it("goes back, and forward again, with all that was changed meanwhile", async () => {
      await ask(young, "/sign-in/ada");
      await ask(young, "/set/first/yes");
      // Rolled back, nobody comes to the young ones for a while.
      await ask(old, "/set/second/yes");
      await ask(old, "/remove/first");
      const cookie = cookieOf(browser);
      expect(await seen(young)).toEqual({ passport: { user: "ada" }, second: "yes" });
      await ask(old, "/sign-out");
      expect(await seenBy(young, cookie)).toEqual({});
    });

    it("takes over who has not come, where the store can list them, for ours alone", async () => {
      await ask(old, "/sign-in/ada");
      const moved = await movingStore(theirs.store, ours, { secret: SECRET }).moveAll();
      const alone = session({ ...SETTINGS, store: ours });
      const last = await serveSite(() => application(alone, gates));
      const isListed = moved !== undefined;
      expect(isListed).toBe(!name.includes("pg"));
      expect(await seen(last)).toEqual(isListed ? { passport: { user: "ada" } } : {});
      await last.close();
      await alone.sessions.close();
    });
  });
}
