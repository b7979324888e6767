import { describe, expect, it } from "vitest";
import { type CookieCacheOptions, cookieCache } from "../../src/cookies/cookie.ts";
import {
  createSessions,
  memoryStore,
  OptionsError,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { Browser } from "../laws/support/browser.ts";
import { MINUTE, SECOND, SetClock } from "../laws/support/clock.ts";
import { type Happening, listen } from "../laws/support/world.ts";
import { Switch, wrapped } from "../laws/support/wrapped-store.ts";
import { newKey } from "./support/cookie-world.ts";

const TOKEN = "__Host-Http-session";
const CACHE = "__Host-Http-session-cache";

/** A store behind a switch, and snapshots of 30 seconds. */
class CacheWorld {
  readonly clock = new SetClock();
  readonly memory = memoryStore();
  readonly switch = new Switch();
  readonly keys = [newKey()];
  readonly sessions: Sessions<Untyped>;
  readonly heard: Happening[];

  constructor() {
    this.sessions = this.process();
    this.heard = listen(this.sessions);
  }

  process(
    keys: readonly string[] = this.keys,
    audience?: string,
    memory = this.memory,
  ): Sessions<Untyped> {
    const store = wrapped(memory, this.switch.intercept);
    return createSessions<Untyped>({
      store: cookieCache(store, { maxStaleness: "30s" }),
      keys,
      ...(audience !== undefined && { audience }),
      clock: this.clock,
    }) as Sessions<Untyped>;
  }

  async signedIn(data: Record<string, unknown> = { n: 1 }): Promise<Browser> {
    const browser = new Browser(this.sessions);
    await browser.visit(async (session) => {
      await session.signIn("ada");
      for (const [key, value] of Object.entries(data)) session.set(key, value);
    });
    this.switch.calls.length = 0;
    return browser;
  }

  get reasons(): unknown[] {
    return this.heard.filter(({ name }) => name === "rejected").map((event) => event["reason"]);
  }
}

const read = (browser: Browser) =>
  browser.visit((session) => [session.userId ?? null, session.get("n") ?? null]);
const fresh = (browser: Browser) =>
  browser.request(async (request) => {
    const session = await browser.sessions.open(request, { fresh: true });
    return Response.json([session.userId ?? null, session.get("n") ?? null]);
  });

describe("a session cached in a cookie", () => {
  it("is read without asking the store, for maxStaleness, and sends nothing", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    world.clock.move(29 * SECOND);
    const cached = await read(browser);
    expect([cached.json, cached.cookies, world.switch.calls]).toEqual([["ada", 1], [], []]);
    world.clock.move(SECOND);
    const asked = await read(browser);
    expect([asked.json, world.switch.calls]).toEqual([["ada", 1], ["load"]]);
    expect(asked.cookies).toHaveLength(1);
    expect(asked.cookies[0]).toMatch(/^__Host-Http-session-cache=[\w-]+; .*Max-Age=30;/);
    expect((await read(browser)).json).toEqual(["ada", 1]);
    expect(world.switch.calls).toEqual(["load"]);
  });

  it("shows this client's own writes at once", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    for (let n = 2; n < 6; n += 1) {
      await browser.visit((session) => session.set("n", n));
      expect((await read(browser)).json).toEqual(["ada", n]);
    }
    await browser.visit((session) => session.update("n", (n) => n * 2));
    expect((await read(browser)).json).toEqual(["ada", 10]);
    expect(world.switch.count("load")).toBe(0);
    await browser.visit((session) => session.signOut());
    expect([...browser.jar.keys()]).toEqual([]);
    expect((await read(browser)).json).toEqual([null, null]);
  });

  it("loses no update, though each builds on what may be old", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn({ n: 0 });
    const copies = Array.from({ length: 8 }, () => browser.copy(world.process()));
    await Promise.all(
      copies.map((copy, at) =>
        copy.visit(async (session) => {
          session.set(`k${at}`, at);
          await session.update("n", (n) => n + 1);
        }),
      ),
    );
    const { json } = await browser.request(async (request) => {
      const session = await world.sessions.open(request, { fresh: true });
      return Response.json([...session.entries()]);
    });
    expect(Object.fromEntries(json as [string, unknown][])).toEqual({
      n: 8,
      ...Object.fromEntries(copies.map((_, at) => [`k${at}`, at])),
    });
  });

  it("consumes once among copies", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn({ code: "x" });
    const answers = await Promise.all(
      [browser.copy(), browser.copy(world.process())].map((copy) =>
        copy.visit(async (session) => (await session.consume("code")) ?? null),
      ),
    );
    expect(answers.map(({ json }) => json).sort()).toEqual([null, "x"].sort());
  });

  it("that has ended is read for maxStaleness at most, and never written", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    const copy = browser.copy();
    await browser.visit((session) => session.signOut());
    expect((await read(copy.copy())).json).toEqual(["ada", 1]);
    const write = await copy.copy().visit((session) => session.set("n", 2));
    expect(write.status).toBe(409);
    expect((await fresh(copy.copy())).json).toEqual([null, null]);
    world.clock.move(30 * SECOND);
    expect((await read(copy)).json).toEqual([null, null]);
    expect(copy.jar.has(CACHE)).toBe(false);
  });

  it("is compared with the store by fresh, before and after it was opened", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    const stale = browser.copy();
    await browser.visit((session) => session.set("n", 2));
    expect((await fresh(stale.copy())).json).toEqual(["ada", 2]);
    const answer = await stale.copy().visit(async (session, request) => {
      const before = session.get("n");
      session.set("m", 1);
      const same = await world.sessions.open(request, { fresh: true });
      return [before, same.get("n"), same.get("m"), same === session];
    });
    expect(answer.json).toEqual([1, 2, 1, true]);
    await world.sessions.revokeAll({ userId: "ada" });
    const ended = await stale.visit(async (session, request) => {
      const before = session.userId;
      await world.sessions.open(request, { fresh: true });
      return [before, session.userId ?? null, session.isEnded];
    });
    expect(ended.json).toEqual(["ada", null, true]);
    expect(world.reasons).toEqual(["revoked"]);
  });

  it("tells that what was changed comes too late, where fresh finds that it has ended", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    await world.sessions.revokeAll({ userId: "ada" });
    const { status } = await browser.visit(async (session, request) => {
      session.set("m", 1);
      await world.sessions.open(request, { fresh: true });
    });
    expect(status).toBe(409);
  });

  it("of another application, with the same keys, shows its session where none has an audience", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    const open = async (audience?: string) =>
      (await read(browser.copy(world.process(undefined, audience, memoryStore())))).json;
    expect([await open(), await open("admin")]).toEqual([
      ["ada", 1],
      [null, null],
    ]);
  });

  it("of another token is ignored", async () => {
    const world = new CacheWorld();
    const [ada, other] = [await world.signedIn({ n: 1 }), await world.signedIn({ n: 2 })];
    ada.jar.set(CACHE, other.jar.get(CACHE) ?? "");
    expect((await read(ada)).json).toEqual(["ada", 1]);
    expect(world.switch.calls).toEqual(["load"]);
    ada.jar.delete(TOKEN);
    expect((await read(ada)).json).toEqual([null, null]);
  });

  it("that was changed, or sealed under another key, is told and not believed", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    const genuine = browser.jar.get(CACHE) ?? "";
    for (const [text, reason] of [
      [
        `${genuine.slice(0, 100)}${genuine[100] === "A" ? "B" : "A"}${genuine.slice(101)}`,
        "altered",
      ],
      ["nonsense", "malformed"],
    ]) {
      browser.jar.set(CACHE, text ?? "");
      expect((await read(browser)).json).toEqual(["ada", 1]);
      expect(world.reasons.at(-1)).toBe(reason);
    }
    const other = browser.copy(world.process([newKey()]));
    expect((await read(other)).json).toEqual(["ada", 1]);
    expect(world.switch.calls).toEqual(["load", "load", "load"]);
  });

  it("moves its idle clock in the store, and lives on", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    for (let n = 0; n < 20; n += 1) {
      world.clock.move(20 * MINUTE);
      expect((await read(browser)).json).toEqual(["ada", 1]);
      await read(browser);
    }
    expect(world.switch.count("touch")).toBe(20);
  });

  it("that is too large has no snapshot, and an older one goes", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    expect(browser.jar.has(CACHE)).toBe(true);
    await browser.visit((session) => session.set("large", "x".repeat(4_000)));
    expect([...browser.jar.keys()]).toEqual([TOKEN]);
    world.switch.calls.length = 0;
    expect((await read(browser)).json).toEqual(["ada", 1]);
    expect(world.switch.calls).toEqual(["load"]);
  });

  it("is dropped where nobody knows what became of a write", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    world.switch.behave = (operation, send) =>
      operation === "load" || operation === "update" ? Promise.reject(new Error("down")) : send();
    const write = await browser.visit(async (session) => {
      session.set("n", 2);
      await session.save().catch(() => undefined);
      session.clear();
    });
    expect(write.status).toBe(503);
    world.switch.behave = (_operation, send) => send();
    expect((await fresh(browser)).json).toEqual(["ada", 1]);
  });

  it("keeps readers going through an outage, within maxStaleness", async () => {
    const world = new CacheWorld();
    const browser = await world.signedIn();
    world.switch.behave = () => Promise.reject(new Error("down"));
    expect((await read(browser)).json).toEqual(["ada", 1]);
    expect((await browser.visit((session) => session.set("n", 2))).status).toBe(503);
    world.clock.move(30 * SECOND);
    expect((await read(browser)).status).toBe(503);
  });

  it("costs a visitor nothing who has no session", async () => {
    const world = new CacheWorld();
    const { cookies } = await read(new Browser(world.sessions));
    expect([cookies, world.switch.calls]).toEqual([[], []]);
  });

  it("is listed and found in the store as ever", async () => {
    const world = new CacheWorld();
    await world.signedIn();
    expect(await world.sessions.list({ userId: "ada" })).toHaveLength(1);
  });
});

describe("cookieCache", () => {
  it.each<[string, () => unknown, string]>([
    ["no store", () => cookieCache({} as never, { maxStaleness: "1s" }), "cookieCache(store)"],
    ["no options", () => cookieCache(memoryStore(), undefined as never), "cookieCache"],
    [
      "no staleness",
      () => cookieCache(memoryStore(), {} as CookieCacheOptions),
      "cookieCache.maxStaleness",
    ],
    [
      "a long one",
      () => cookieCache(memoryStore(), { maxStaleness: "6m" }),
      "cookieCache.maxStaleness",
    ],
  ])("refuses %s", (_name, make, option) => {
    expect(make).toThrow(expect.objectContaining({ option }));
    expect(make).toThrow(OptionsError);
  });

  it("asks for keys at their first use", async () => {
    const options = { store: cookieCache(memoryStore(), { maxStaleness: "1s" }) };
    const sessions = createSessions(options as never);
    await expect(sessions.prepare()).rejects.toMatchObject({ option: "keys" });
  });
});
