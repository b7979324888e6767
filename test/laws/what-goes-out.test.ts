import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createSessions, type Session, type SessionStore, type Untyped } from "../../src/index.ts";
import { Browser } from "./support/browser.ts";
import { MINUTE } from "./support/clock.ts";
import { times, World } from "./support/world.ts";
import { Switch, wrapped, yielding } from "./support/wrapped-store.ts";

describe("what caches are told", () => {
  const facts = async (
    world: World,
    browser: Browser,
    act: (session: Session<Untyped>) => unknown,
    headers: Record<string, string> = {},
  ): Promise<(string | null)[]> => {
    const answer = await browser.visit(async (session) => {
      await act(session);
      return new Response("", { headers });
    });
    expect(world).toBeDefined();
    return [answer.headers.get("cache-control"), answer.headers.get("vary")];
  };
  const ACCESS: Record<string, (session: Session<Untyped>) => unknown> = {
    nothing: () => undefined,
    get: (session) => session.get("n"),
    has: (session) => session.has("n"),
    entries: (session) => [...session.entries()],
    id: (session) => session.id,
    userId: (session) => session.userId,
    take: (session) => session.take("note"),
    takeAll: (session) => session.takeAll(),
  };

  it.each(Object.keys(ACCESS))(
    "whoever opens a signed-in session and reads %s [CVE-2023-30861, CVE-2026-27205]",
    async (name) => {
      const world = new World();
      const browser = await world.signedIn();
      const act = ACCESS[name] ?? (() => undefined);
      expect(await facts(world, browser, act)).toEqual(["private", "Cookie"]);
      expect(await facts(world, world.browser(), act)).toEqual([null, "Cookie"]);
    },
  );

  it("a response with our cookie is not to be stored [ASVS 14.2.2, ASVS 14.3.2, WSTG-SESS-04]", async () => {
    const world = new World();
    const browser = world.browser();
    for (const act of [
      (session: Session<Untyped>) => session.set("n", 1),
      (session: Session<Untyped>) => session.signIn("ada"),
      (session: Session<Untyped>) => session.regenerate(),
      (session: Session<Untyped>) => session.signOut(),
    ]) {
      expect(await facts(world, browser, act)).toEqual(["no-store", "Cookie"]);
    }
  });

  it("a response with our cookie is not to be stored, whatever the application says [CVE-2026-24472, CVE-2026-44457]", async () => {
    const world = new World();
    for (const rule of ["public", "public, max-age=0", "s-maxage=60", "private", "max-age=60"]) {
      const headers = { "cache-control": rule, "cdn-cache-control": rule, vary: "Accept" };
      const act = (session: Session<Untyped>) => session.signIn("ada");
      expect(await facts(world, world.browser(), act, headers)).toEqual([
        "no-store",
        "Accept, Cookie",
      ]);
    }
  });

  it("a signed-in page stays the visitor's own, whatever the application says [ASVS 14.2.2]", async () => {
    const [world, strict] = [new World(), new World({ cacheControl: "no-store" })];
    const headers = { "cache-control": "public, max-age=60" };
    expect(await facts(world, await world.signedIn(), () => 0, headers)).toEqual([
      "private, max-age=60",
      "Cookie",
    ]);
    expect(await facts(strict, await strict.signedIn(), () => 0, headers)).toEqual([
      "no-store",
      "Cookie",
    ]);
    const anonymous = world.browser();
    expect(await facts(world, anonymous, () => 0, headers)).toEqual([
      "public, max-age=60",
      "Cookie",
    ]);
  });

  it("what the application says to the visitor's own browser stays, and Vary is added to", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const read = (headers: Record<string, string>) => facts(world, browser, () => 0, headers);
    expect(await read({ "cache-control": "private, max-age=60", vary: "Accept" })).toEqual([
      "private, max-age=60",
      "Accept, Cookie",
    ]);
    expect((await read({ vary: "accept, COOKIE" }))[1]).toBe("accept, COOKIE");
    expect((await read({ vary: "*" }))[1]).toBe("*");
  });

  it("a signed-in page is not to be stored where an option says so [ASVS 14.3.2]", async () => {
    const world = new World({ cacheControl: "no-store" });
    const browser = await world.signedIn();
    expect(await facts(world, browser, () => 0)).toEqual(["no-store", "Cookie"]);
  });

  it("a response that signs out was signed in before", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const stale = browser.copy();
    await browser.visit((session) => session.signOut());
    expect(await facts(world, stale, () => 0)).toEqual([null, "Cookie"]);
  });

  it("other cookies of the response stay", async () => {
    const world = new World();
    const answer = await world.browser().visit((session) => {
      session.set("n", 1);
      const response = new Response("");
      response.headers.append("set-cookie", "theirs=1");
      response.headers.append("set-cookie", "more=2");
      return response;
    });
    expect(answer.cookies).toHaveLength(3);
    expect(answer.cookies.slice(0, 2)).toEqual(["theirs=1", "more=2"]);
  });
});

describe("a prefetch changes nothing", () => {
  const WRITES: Record<string, (session: Session<Untyped>) => unknown> = {
    set: (session) => session.set("n", 2),
    delete: (session) => session.delete("n"),
    clear: (session) => session.clear(),
    flash: (session) => session.flash("note", "x"),
    persistent: (session) => {
      session.persistent = true;
    },
    "a change in place": (session) => session.get("list").push(2),
    update: (session) => session.update("n", (n) => n + 1),
    consume: (session) => session.consume("n"),
    signIn: (session) => session.signIn("eve"),
    signOut: (session) => session.signOut(),
    regenerate: (session) => session.regenerate(),
    destroy: (session) => session.destroy(),
  };
  const HINTS: readonly Record<string, string>[] = [
    { "sec-purpose": "prefetch" },
    { "sec-purpose": "prefetch;prerender" },
    { "sec-purpose": "prefetch;anonymous-client-ip" },
    { purpose: "Prefetch" },
    { "x-moz": "prefetch" },
    { "x-purpose": "preview" },
  ];

  it.each(Object.keys(WRITES))("%s is an error, not a silence", async (name) => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1, list: [1] });
    world.switch.forget();
    for (const headers of HINTS.slice(0, 5)) {
      const answer = await browser.visit(
        async (session) => {
          await WRITES[name]?.(session);
        },
        { headers },
      );
      expect(answer).toMatchObject({ status: 503, cookies: [] });
    }
    expect(new Set(world.switch.calls)).toEqual(new Set(["load"]));
    const { json } = await browser.visit((s) => [s.userId, s.get("n"), s.get("list")]);
    expect(json).toEqual(["ada", 1, [1]]);
  });

  it("a page that may wait is not one", async () => {
    const world = new World();
    const browser = await world.returning();
    const headers = { purpose: "prefetching-things" };
    expect((await browser.visit((session) => session.get("seen"), { headers })).status).toBe(200);
  });
});

describe("the request that leads to a session", () => {
  it("may be wrapped anew by a framework", async () => {
    const world = new World();
    const browser = await world.returning({ n: 1 });
    const { json } = await browser.request(async (request) => {
      const one = await world.sessions.open(request);
      const other = await world.sessions.open(new Request(request));
      return Response.json(one === other);
    });
    expect(json).toBe(true);
  });

  it("is not another visitor's that is made on the way", async () => {
    const world = new World();
    const [ada, eve] = [await world.signedIn("ada"), await world.signedIn("eve")];
    const { status } = await ada.request(async () => {
      const cookie = `__Host-Http-session=${eve.token}`;
      await world.sessions.open(new Request("https://localhost/", { headers: { cookie } }));
      return new Response();
    });
    expect(status).toBe(500);
  });

  it("is each one's own among parallel requests", async () => {
    const world = new World();
    world.switch.behave = yielding;
    const users = await times(30, async (n) => {
      const browser = await world.signedIn(`user${n}`);
      const { json } = await browser.visit(async (session, request) => {
        await new Promise(setImmediate);
        const again = await world.sessions.open(new Request(request));
        return [session.userId, again === session];
      });
      return json;
    });
    expect(users).toEqual(Array.from({ length: 30 }, (_, n) => [`user${n}`, true]));
  });

  it("may be handled by two managers, one inside the other", async () => {
    const world = new World();
    const admin = world.process({ name: "admin" });
    const browser = world.browser();
    const visit = () =>
      browser.request((request) =>
        admin.handle(request, async () => {
          const [one, other] = [await world.sessions.open(request), await admin.open(request)];
          one.set("n", (one.get("n") ?? 0) + 1);
          other.set("n", (other.get("n") ?? 10) + 1);
          return Response.json([one.get("n"), other.get("n")]);
        }),
      );
    expect((await visit()).json).toEqual([1, 11]);
    expect((await visit()).json).toEqual([2, 12]);
    expect([...browser.jar.keys()].sort()).toEqual(["__Host-Http-admin", "__Host-Http-session"]);
  });
});

describe("two managers of one name", () => {
  it("are refused in one request, whose cookies would replace each other", async () => {
    const [world, other] = [new World(), new World()];
    const browser = world.browser();
    const failures: unknown[] = [];
    const { cookies } = await browser.request((request) =>
      other.sessions.handle(request, async () => {
        (await world.sessions.open(request)).set("n", 1);
        await other.sessions.open(request).catch((error: unknown) => failures.push(error));
        return new Response();
      }),
    );
    expect(failures).toMatchObject([{ code: "ERR_SESSION_OPTIONS", option: "name" }]);
    expect(cookies).toHaveLength(1);
    expect(await other.live()).toBe(0);
  });

  it("may each have requests of their own", async () => {
    const [world, other] = [new World(), new World()];
    const [one, two] = [await world.returning(), await other.returning()];
    for (const browser of [one, two]) {
      expect((await browser.visit((session) => session.get("seen"))).json).toBe(1);
    }
  });
});

describe("a schema", () => {
  const versions = z.object({
    version: z.literal(2).default(2),
    names: z.array(z.string()).default([]),
  });
  const migrate = (stored: Untyped): Untyped =>
    stored["name"] === undefined ? stored : { ...without(stored, "name"), names: [stored["name"]] };

  it("that refuses the stored data gives a new session, and leaves the record", async () => {
    const world = new World();
    const browser = await world.returning({ names: "not a list" });
    const strict = world.process({ schema: versions });
    const reasons: string[] = [];
    strict.on("rejected", ({ reason }) => void reasons.push(reason));
    const { json } = await browser
      .copy(strict)
      .visit((session) => [session.isNew, session.get("names")]);
    expect([json, reasons]).toEqual([[true, []], ["schema"]]);
    expect((await browser.visit((session) => session.get("names"))).json).toBe("not a list");
  });

  it("with a migration reads old data without writing, and writes it once it changes", async () => {
    const world = new World();
    const browser = await world.returning({ name: "ada", other: 1 });
    const newer = world.process({ schema: versions, migrate });
    world.switch.forget();
    const read = await browser.copy(newer).visit((session) => session.get("names"));
    expect(read.json).toEqual(["ada"]);
    expect(world.switch.calls).toEqual(["load"]);
    await browser.copy(newer).visit((session) => session.get("names").push("eve"));
    const { json } = await browser.visit((session) => [...session.entries()]);
    expect(json).toEqual([
      ["other", 1],
      ["names", ["ada", "eve"]],
    ]);
  });

  it("whose migration throws gives a new session", async () => {
    const world = new World();
    const browser = await world.returning({ name: "ada" });
    const broken = world.process({
      schema: versions,
      migrate: () => {
        throw new Error("bug");
      },
    });
    expect((await browser.copy(broken).visit((session) => session.isNew)).json).toBe(true);
  });

  it("that refuses a change fails the request, with the key path", async () => {
    const world = new World({ schema: versions });
    const browser = await world.returning({ names: ["ada"] });
    expect((await browser.visit((session) => session.set("names", [5]))).status).toBe(500);
    const { json } = await browser.visit((session) =>
      session.update("names", () => [5]).catch(({ code, path }) => [code, path]),
    );
    expect(json).toEqual(["ERR_SESSION_CODEC", "names.0"]);
    expect((await browser.visit((session) => session.get("names"))).json).toEqual(["ada"]);
  });

  it("that transforms a value is told so when the value is stored, and keeps nobody from the rest", async () => {
    const world = new World();
    const at = "2026-01-01T00:00:00.000Z";
    const browser = await world.returning({ at, names: ["ada"] });
    const toDate = z.iso.datetime().transform((text) => new Date(text));
    const schema = z.object({ at: toDate.optional(), names: z.array(z.string()).default([]) });
    const newer = browser.copy(world.process({ schema }));
    const untouched = await newer.visit((session) => {
      session.get("names").push("eve");
      return session.get("at") instanceof Date && [...session.entries()].length;
    });
    expect([untouched.status, untouched.json]).toEqual([200, 2]);
    const { json } = await newer.visit((session) =>
      session
        .update("at", () => "2026-02-02T00:00:00.000Z")
        .catch(({ code, message }) => [code, message]),
    );
    expect(json).toEqual([
      "ERR_SESSION_CODEC",
      expect.stringMatching(/^Cannot store "at": the schema makes something else of it/),
    ]);
    const after = await browser.visit((session) => Object.fromEntries([...session.entries()]));
    expect(after.json).toEqual({ at, names: ["ada", "eve"] });
  });

  it("that changes what it is given changes no stored value", async () => {
    const mutating = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) => {
          const data = value as Untyped;
          data["added"] = true;
          delete data["n"];
          return { value: data };
        },
      },
    };
    const world = new World();
    const browser = await world.returning({ n: 1 });
    const other = world.process({ schema: mutating as never });
    await browser.copy(other).visit((session) => session.set("m", 2));
    const { json } = await browser.visit((session) => Object.fromEntries([...session.entries()]));
    expect(json).toEqual({ n: 1, m: 2 });
  });
});

function without(object: Untyped, key: string): Untyped {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

describe("a store with fewer gifts", () => {
  function plain(world: World, calls: Switch): SessionStore {
    const { touch: _, directory: __, ...rest } = wrapped(world.memory, calls.intercept);
    return rest;
  }

  it("without touch moves the idle clock all the same, and loses no update over it", async () => {
    const world = new World();
    const calls = new Switch();
    const sessions = createSessions<Untyped>({ store: plain(world, calls), clock: world.clock });
    const browser = new Browser(sessions);
    await browser.visit((session) => session.set("n", 0));
    for (let n = 0; n < 10; n += 1) {
      world.clock.move(20 * MINUTE);
      calls.behave = yielding;
      await Promise.all([
        browser.copy().visit((session) => session.get("n")),
        browser.copy().visit((session) => session.update("n", (n) => n + 1)),
        browser.copy(world.sessions).visit((session) => session.update("n", (n) => n + 1)),
        browser.copy().visit((session) => session.get("n")),
      ]);
    }
    expect((await browser.visit((session) => session.get("n"))).json).toBe(20);
  });

  it("without a directory signs in, and says what it cannot do", async () => {
    const world = new World();
    const store = plain(world, new Switch());
    const sessions = createSessions<Untyped>({ store, clock: world.clock });
    const browser = new Browser(sessions);
    await browser.visit((session) => session.signIn("ada"));
    expect((await browser.visit((session) => session.userId)).json).toBe("ada");
    for (const ask of [
      () => sessions.list({ userId: "ada" }),
      () => sessions.revokeAll({ userId: "ada" }),
      () => sessions.count(),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: "ERR_SESSION_OPTIONS" });
    }
    expect(await sessions.deleteExpired()).toBe(0);
  });

  it("that always finds a newer version fails within its deadline, and knows that nothing was written", async () => {
    const world = new World({ storeTimeout: 300 });
    const browser = await world.returning({ n: 1 });
    const { json } = await browser.visit((session) => {
      world.switch.behave = async (operation, send) => {
        if (operation !== "update") return send();
        const current = await world.stored(session.id);
        return { kind: "conflict", current } as never;
      };
      return session.update("n", (n) => n + 1).catch(({ code, outcome }) => [code, outcome]);
    });
    expect(json).toEqual(["ERR_SESSION_STORE", "failed"]);
  });

  it("gives update a value of its own at each attempt", async () => {
    const world = new World();
    const browser = await world.returning({ list: [1] });
    const elsewhere = browser.copy(world.process());
    await browser.visit(async (session) => {
      await elsewhere.visit((theirs) => theirs.set("m", 1));
      await session.update("list", (list) => {
        list.push(2);
        return list;
      });
    });
    expect((await browser.visit((session) => session.get("list"))).json).toEqual([1, 2]);
  });
});
