import { describe, expect, it } from "vitest";
import { createSessions, type Untyped } from "../../src/index.ts";
import type { Browser, Handler } from "./support/browser.ts";
import { HOUR, MINUTE, SECOND } from "./support/clock.ts";
import { everyInterleaving, type Schedule } from "./support/interleavings.ts";
import { gate, quiet, World } from "./support/world.ts";
import { type Operation, wrapped } from "./support/wrapped-store.ts";

interface End {
  readonly name: string;
  /** Ends the session, from elsewhere, while a slow request runs. */
  end(world: World, browser: Browser): Promise<unknown>;
  /** Whether the browser holds a new, live session afterwards. */
  readonly isFollowed: boolean;
}

const ENDS: readonly End[] = [
  { name: "destroy", isFollowed: false, end: (_, browser) => browser.visit((s) => s.destroy()) },
  { name: "signOut", isFollowed: false, end: (_, browser) => browser.visit((s) => s.signOut()) },
  {
    name: "signOut that keeps a key",
    isFollowed: true,
    end: (_, browser) => browser.visit((s) => s.signOut({ keep: ["theme"] })),
  },
  {
    name: "revoke",
    isFollowed: false,
    end: async (world, browser) => {
      expect(await world.sessions.revoke(await world.idOf(browser))).toBe(true);
    },
  },
  {
    name: "revokeAll",
    isFollowed: false,
    end: async (world) => {
      expect(await world.sessions.revokeAll({ userId: "ada" })).toBe(1);
    },
  },
  {
    name: "regenerate",
    isFollowed: true,
    end: (_, browser) => browser.visit((s) => s.regenerate()),
  },
  {
    name: "signIn of the same user",
    isFollowed: true,
    end: (_, browser) => browser.visit((s) => s.signIn("ada")),
  },
  {
    name: "signIn of another user",
    isFollowed: true,
    end: (_, browser) => browser.visit((s) => s.signIn("eve")),
  },
];

describe.each(ENDS)("a write that comes after $name", ({ name, end, isFollowed }) => {
  async function lateRequest(late: Handler) {
    const world = new World();
    const browser = await world.signedIn("ada", { theme: "dark", n: 1 });
    const oldToken = String(browser.token);
    const slow = browser.copy();
    const ended = gate();
    const answer = slow.visit(async (session, request) => {
      session.get("n");
      await ended.passed;
      return late(session, request);
    });
    await quiet();
    await end(world, browser);
    world.heard.length = 0;
    world.clock.move(4 * MINUTE);
    ended.open();
    return { world, browser, slow, oldToken, answer: await answer };
  }

  const LATE: Record<string, Handler> = {
    set: (session) => session.set("n", 2),
    "a change in place": (session) => session.set("list", [1]),
    delete: (session) => session.delete("n"),
    clear: (session) => session.clear(),
    flash: (session) => session.flash("note", "late"),
    persistent: (session) => {
      session.persistent = true;
    },
    update: (session) => session.update("n", (n) => n + 1),
    regenerate: (session) => session.regenerate(),
    save: (session) => {
      session.set("n", 2);
      return session.save();
    },
  };

  it.each(Object.keys(LATE))(
    "is refused with 409 and sends no cookie: %s [CVE-2025-46336, GHSA-9j94-67jr-4cqj, GHSA-vpfw-47h7-xj4g, express-session#632, connect-redis#328, redistore#2] [ASVS 7.4.1, WSTG-SESS-06]",
    async (change) => {
      const { world, answer, oldToken, slow } = await lateRequest(
        LATE[change] ?? (() => undefined),
      );
      expect(answer.status).toBe(409);
      expect(answer.cookies).toEqual([]);
      expect(await world.live()).toBe(isFollowed ? 1 : 0);
      slow.token = oldToken;
      const { json } = await slow.visit((session) => [session.userId ?? null, session.has("n")]);
      expect(json).toEqual([null, false]);
    },
  );

  it("signs in all the same where the browser was given another token, and else is refused", async () => {
    const { answer, world } = await lateRequest((session) => session.signIn("ada"));
    const isRival = name === "regenerate" || name === "signIn of the same user";
    expect(answer.status).toBe(isRival ? 200 : 409);
    expect(answer.cookies).toHaveLength(isRival ? 1 : 0);
    expect(await world.live()).toBe((isFollowed ? 1 : 0) + (isRival ? 1 : 0));
  });

  it("is reported, as is a mere touch, which passes silently", async () => {
    const write = await lateRequest((session) => session.set("n", 2));
    expect(write.world.told("lateWrite")).toMatchObject([{ attempt: "write", userId: "ada" }]);
    const touch = await lateRequest((session) => session.userId);
    expect(touch.answer).toMatchObject({ status: 200, cookies: [] });
    expect(touch.world.told("lateWrite")).toMatchObject([{ attempt: "touch", userId: "ada" }]);
  });

  it("leaves what follows as it was", async () => {
    const { browser, world } = await lateRequest((session) => session.set("n", 2));
    if (!isFollowed) return;
    const before = await world.live();
    const { json } = await browser.visit((session) => session.get("n") ?? 1);
    expect([json, before]).toEqual([1, 1]);
  });

  it("ends nothing that follows by a late signOut or destroy of another user", async () => {
    const { answer } = await lateRequest((session) => session.signOut());
    expect(answer.status).toBe(200);
  });
});

describe.each(["signOut", "destroy", "regenerate"] as const)(
  "a browser that never heard of %s",
  (act) => {
    async function lost(): Promise<{ world: World; stale: Browser; browser: Browser }> {
      const world = new World();
      const browser = await world.signedIn("ada", { n: 1 });
      const stale = browser.copy();
      await browser.visit((session) => session[act]());
      return { world, stale, browser };
    }

    it("may be on its way for half a minute: it reads as ended, writes nothing and gets no cookie", async () => {
      const { world, stale } = await lost();
      world.clock.move(30 * SECOND - 1);
      const read = await stale.visit((session) => [session.isEnded, session.has("n")]);
      expect(read).toMatchObject({ status: 200, json: [true, false], cookies: [] });
      const write = await stale.visit((session) => session.set("n", 2));
      expect(write).toMatchObject({ status: 409, cookies: [] });
      expect(write.text).toMatch(/wait half a minute/);
    });

    it("starts anew afterwards, with nothing of what was [ASVS 7.4.1, WSTG-SESS-06]", async () => {
      const { world, stale, browser } = await lost();
      const live = await world.live();
      world.clock.move(30 * SECOND);
      const write = await stale.visit((session) => {
        session.set("theme", "dark");
        return [session.isEnded, session.isNew, session.userId ?? null, session.has("n")];
      });
      expect(write).toMatchObject({ status: 200, json: [false, true, null, false] });
      expect(write.cookies).toHaveLength(1);
      expect((await stale.visit((session) => session.get("theme"))).json).toBe("dark");
      expect(await world.live()).toBe(live + 1);
      if (act !== "regenerate") return;
      expect((await browser.visit((session) => session.userId)).json).toBe("ada");
    });

    it("disturbs no newer cookie by a request that arrived before, however late it opens", async () => {
      const world = new World();
      const browser = await world.signedIn("ada", { n: 1 });
      const slow = browser.copy();
      const opened = gate();
      const answer = slow.request(async (request) => {
        await opened.passed;
        const session = await slow.sessions.open(request);
        session.set("n", 2);
        return new Response("");
      });
      await browser.visit((session) => session[act]());
      world.clock.move(4 * MINUTE);
      opened.open();
      expect(await answer).toMatchObject({ status: 409, cookies: [] });
    });
  },
);

describe("a session that has expired", () => {
  it("is past writing to at its absolute end, though the request began before", async () => {
    const world = new World({ idleTimeout: "12h" });
    const browser = await world.signedIn("ada", { n: 1 });
    const answer = await browser.visit((session) => {
      world.clock.move(12 * HOUR);
      session.set("n", 2);
    });
    expect(answer).toMatchObject({ status: 409, cookies: [] });
    expect(world.told("lateWrite")).toMatchObject([{ attempt: "write", reason: "expired" }]);
  });

  it("is not brought back by regenerate past its absolute end [ASVS 7.3.2, ASVS 7.4.1]", async () => {
    const world = new World({ idleTimeout: "12h" });
    const browser = await world.signedIn("ada", { n: 1 });
    const answer = await browser.visit((session) => {
      world.clock.move(12 * HOUR);
      return session.regenerate();
    });
    expect(answer.status).toBe(409);
    expect(answer.cookies).toEqual([]);
    const { json } = await browser.visit((session) => session.userId ?? null);
    expect(json).toBeNull();
  });

  it("is not brought back once the store has forgotten it", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1 });
    const answer = await browser.visit((session) => {
      world.clock.move(HOUR);
      session.set("n", 2);
    });
    expect(answer).toMatchObject({ status: 409, cookies: [] });
  });
});

/** Two actors of one visitor, each a process of its own, and how they end. */
interface Race {
  readonly world: World;
  readonly browsers: Record<string, Browser>;
}

async function race(
  schedule: Schedule,
  start: (world: World) => Promise<Browser>,
  actors: Record<string, (browser: Browser) => Promise<unknown>>,
  ...free: readonly Operation[]
): Promise<Race> {
  const world = new World();
  const browser = await start(world);
  const browsers: Record<string, Browser> = {};
  const running = Object.entries(actors).map(([name, act]) => {
    const store = wrapped(world.memory, schedule.actor(name, "mark", ...free));
    const sessions = createSessions<Untyped>({ store, clock: world.clock });
    const own = browser.copy(sessions);
    browsers[name] = own;
    return act(own);
  });
  await schedule.run(running);
  await Promise.all(running);
  for (const own of Object.values(browsers)) own.sessions = world.sessions;
  return { world, browsers };
}

const signedIn = (world: World): Promise<Browser> => world.signedIn("ada", { n: 1 });

describe("in every order in which the store can be asked", () => {
  it("regenerate and revoke leave nothing alive", async () => {
    const runs = await everyInterleaving(async (schedule) => {
      let id = "";
      const { world } = await race(
        schedule,
        async (world) => {
          const browser = await signedIn(world);
          id = await world.idOf(browser);
          return browser;
        },
        {
          regenerate: (browser) => browser.visit((session) => session.regenerate()),
          revoke: async (browser) => {
            expect(await browser.sessions.revoke(id, { userId: "ada" })).toBe(true);
          },
        },
      );
      expect(await world.live()).toBe(0);
    });
    expect(runs).toBeGreaterThan(5);
  });

  it("regenerate and revokeAll leave nothing alive", async () => {
    await everyInterleaving(async (schedule) => {
      const { world } = await race(schedule, signedIn, {
        regenerate: (browser) => browser.visit((session) => session.regenerate()),
        revokeAll: (browser) => browser.sessions.revokeAll({ userId: "ada" }),
      });
      expect(await world.live()).toBe(0);
    });
  });

  it("regenerate and signOut leave nothing alive", async () => {
    await everyInterleaving(async (schedule) => {
      let signedOut = 0;
      const { world } = await race(schedule, signedIn, {
        regenerate: (browser) => browser.visit((session) => session.regenerate()),
        signOut: async (browser) => {
          const { json } = await browser.visit(async (session) => {
            const wasLive = !session.isEnded;
            await session.signOut();
            return wasLive;
          });
          if (json === true) signedOut += 1;
        },
      });
      // A sign-out that arrived with the token already dead has nothing to end.
      expect(await world.live()).toBe(signedOut === 1 ? 0 : 1);
    });
  });

  it("of two regenerates one wins, and one session is alive", async () => {
    await everyInterleaving(async (schedule) => {
      const statuses: number[] = [];
      const cookies: number[] = [];
      const act = async (browser: Browser): Promise<void> => {
        const answer = await browser.visit((session) => session.regenerate());
        statuses.push(answer.status);
        cookies.push(answer.cookies.length);
      };
      const { world, browsers } = await race(schedule, signedIn, { one: act, other: act });
      expect(statuses.sort()).toEqual([200, 409]);
      expect(cookies.sort()).toEqual([0, 1]);
      expect(await world.live()).toBe(1);
      const users = await Promise.all(
        Object.values(browsers).map((browser) =>
          browser.visit((session) => session.userId ?? null),
        ),
      );
      expect(users.map(({ json }) => json).sort()).toEqual(["ada", null]);
    });
  });

  it("regenerate keeps a write that was acknowledged, and refuses one that was not", async () => {
    const statuses = new Set<string>();
    await everyInterleaving(async (schedule) => {
      let updated = 0;
      const { world, browsers } = await race(schedule, signedIn, {
        regenerate: (browser) => browser.visit((session) => session.regenerate()),
        update: async (browser) => {
          const { status } = await browser.visit((session) => session.update("n", (n) => n + 1));
          updated = status;
        },
      });
      statuses.add(String(updated));
      const { json } = await (browsers["regenerate"] as Browser).visit((session) =>
        session.get("n"),
      );
      expect(json).toBe(updated === 200 ? 2 : 1);
      expect(await world.live()).toBe(1);
    });
    expect([...statuses].sort()).toEqual(["200", "409"]);
  });

  it("regenerate keeps two acknowledged writes of two processes", async () => {
    await everyInterleaving(async (schedule) => {
      let written = 0;
      const write =
        (key: string) =>
        async (browser: Browser): Promise<void> => {
          const { status } = await browser.visit((session) => session.set(key, 1));
          if (status === 200) written += 1;
        };
      const { browsers } = await race(schedule, signedIn, {
        regenerate: (browser) => browser.visit((session) => session.regenerate()),
        writeA: write("a"),
        writeB: write("b"),
      });
      const { json } = await (browsers["regenerate"] as Browser).visit(
        (session) => [...session.entries()].length,
      );
      expect(json).toBe(1 + written);
    });
  });

  it("no sign-in of that moment survives a revokeAll, unless it began after [ASVS 7.4.2]", async () => {
    const outcomes = new Set<string>();
    await everyInterleaving(async (schedule) => {
      let isRevoked = false;
      let beganAfter = false;
      let status = 0;
      const { world } = await race(schedule, (w) => w.returning({ cart: 1 }), {
        signIn: async (browser) => {
          const answer = await browser.visit((session) => {
            beganAfter = isRevoked;
            return session.signIn("ada");
          });
          status = answer.status;
        },
        revokeAll: async (browser) => {
          await browser.sessions.revokeAll({ userId: "ada" });
          isRevoked = true;
        },
      });
      const left = await world.sessions.list({ userId: "ada" });
      if (beganAfter) expect([left.length, status]).toEqual([1, 200]);
      outcomes.add(`${left.length} ${status}`);
      // Neither does the anonymous session that it came from outlive its user's, half signed in.
      if (status === 200 && left.length === 1) expect(await world.live()).toBe(1);
    });
    expect([...outcomes].sort()).toContain("0 409");
  });

  it("a sign-in whose revokeAll had ended before it answered is gone", async () => {
    await everyInterleaving(async (schedule) => {
      const order: string[] = [];
      const { world } = await race(schedule, async (w) => w.browser(), {
        signIn: async (browser) => {
          order.push("in?");
          await browser.visit((session) => session.signIn("ada"));
          order.push("in");
        },
        revokeAll: async (browser) => {
          await browser.sessions.revokeAll({ userId: "ada" });
          order.push("all");
        },
      });
      const left = await world.sessions.list({ userId: "ada" });
      // Signed in before the revoke was over: by every clock the session is older than its end.
      if (order.indexOf("in") < order.indexOf("all")) {
        const raised = schedule.trace.indexOf("revokeAll.raiseGeneration");
        const began = schedule.trace.indexOf("signIn.generation");
        const created = schedule.trace.indexOf("signIn.create");
        const ended = schedule.trace.indexOf("revokeAll.endAll");
        const isNewer = raised < began && ended < created;
        expect(left).toHaveLength(isNewer ? 1 : 0);
      }
    });
  });

  it("signOut and a parallel signIn leave at most one session, the one that was told", async () => {
    await everyInterleaving(async (schedule) => {
      let status = 0;
      const { world, browsers } = await race(schedule, signedIn, {
        signIn: async (browser) => {
          const answer = await browser.visit((session) => session.signIn("ada"));
          status = answer.status;
        },
        signOut: (browser) => browser.visit((session) => session.signOut()),
      });
      const live = await world.live();
      expect(live).toBeLessThanOrEqual(1);
      const { json } = await (browsers["signIn"] as Browser).visit((session) => session.userId);
      expect(json === "ada").toBe(live === 1);
      if (status === 409) expect(live).toBe(0);
    });
  });

  it("a touch never revives what is being ended [express-session#957]", async () => {
    await everyInterleaving(async (schedule) => {
      const { world } = await race(
        schedule,
        async (world) => {
          const browser = await signedIn(world);
          world.clock.move(10 * MINUTE);
          return browser;
        },
        {
          touch: async (browser) => {
            const { status, cookies } = await browser.visit((session) => session.get("n"));
            expect([status, cookies]).toEqual([200, []]);
          },
          destroy: (browser) => browser.visit((session) => session.destroy()),
        },
      );
      expect(await world.live()).toBe(0);
    });
  });
});

// All three have opened the session before any of them changes it.
describe("in every order of three", () => {
  it("regenerate, update and revoke leave nothing alive", async () => {
    const runs = await everyInterleaving(async (schedule) => {
      let id = "";
      const { world } = await race(
        schedule,
        async (world) => {
          const browser = await signedIn(world);
          id = await world.idOf(browser);
          return browser;
        },
        {
          regenerate: (browser) => browser.visit((session) => session.regenerate()),
          update: (browser) => browser.visit((session) => session.update("n", (n) => n + 1)),
          revoke: (browser) => browser.sessions.revoke(id),
        },
        "load",
      );
      expect(await world.live()).toBe(0);
    });
    expect(runs).toBeGreaterThan(10);
  });

  it("two regenerates and an update leave one session, with what was acknowledged", async () => {
    await everyInterleaving(async (schedule) => {
      let updated = 0;
      const actors: Parameters<typeof race>[2] = {
        one: (browser) => browser.visit((session) => session.regenerate()),
        other: (browser) => browser.visit((session) => session.regenerate()),
        update: async (browser) => {
          updated = (await browser.visit((s) => s.update("n", (n) => n + 1))).status;
        },
      };
      const { world, browsers } = await race(schedule, signedIn, actors, "load", "generation");
      expect(await world.live()).toBe(1);
      const seen: unknown[] = [];
      for (const browser of Object.values(browsers)) {
        const { json } = await browser.visit((session) => session.get("n") ?? null);
        if (json !== null) seen.push(json);
      }
      expect(seen).toEqual([updated === 200 ? 2 : 1]);
    });
  });
});

describe("regenerate is one story", () => {
  it("leaves two sessions, not none, when the process dies in the middle", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1 });
    const id = await world.idOf(browser);
    world.switch.behave = (operation, send) =>
      // The process is gone once the successor stands: nothing answers any more.
      operation === "create" ? send().then(() => new Promise(() => undefined)) : send();
    void browser.copy().visit((session) => session.regenerate());
    await quiet();
    world.switch.behave = (_operation, send) => send();
    expect(await world.live()).toBe(2);
    const { json } = await browser.visit((session) => [session.userId, session.get("n")]);
    expect(json).toEqual(["ada", 1]);
    // Nobody holds the successor's token, but its user can still sign it out.
    expect(await world.sessions.list({ userId: "ada" })).toHaveLength(2);
    expect(await world.sessions.revokeAll({ userId: "ada" })).toBe(2);
    expect(await world.sessions.find(id)).toBeUndefined();
  });

  it("follows the pointers of several regenerates to revoke by the first id", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const id = await world.idOf(browser);
    for (let n = 0; n < 3; n += 1) await browser.visit((session) => session.regenerate());
    expect(await world.sessions.revoke(id, { userId: "eve" })).toBe(false);
    expect(await world.live()).toBe(1);
    expect(await world.sessions.revoke(id, { userId: "ada" })).toBe(true);
    expect(await world.live()).toBe(0);
    expect(await world.sessions.revoke(id)).toBe(false);
  });

  it("does not lead from one user's session to the next user's", async () => {
    const world = new World();
    const browser = await world.signedIn("ada");
    const id = await world.idOf(browser);
    await browser.visit((session) => session.signIn("eve"));
    expect(await world.sessions.revoke(id)).toBe(false);
    expect(await world.sessions.list({ userId: "eve" })).toHaveLength(1);
  });

  it("keeps data and clocks and moves the token and the id", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1 });
    const [id, token] = [await world.idOf(browser), browser.token];
    world.clock.move(MINUTE);
    const { json } = await browser.visit(async (session) => {
      const before = [session.createdAt, session.authenticatedAt];
      await session.regenerate();
      return [before, [session.createdAt, session.authenticatedAt], session.id, session.get("n")];
    });
    const [before, after, newId, n] = json as [unknown, unknown, string, number];
    expect([after, n]).toEqual([before, 1]);
    expect(newId).not.toBe(id);
    expect(browser.token).not.toBe(token);
    expect(world.told("regenerated")).toMatchObject([{ id: newId, previousId: id }]);
  });

  it("leaves no successor behind when its second half fails", async () => {
    const world = new World();
    const browser = await world.signedIn();
    let ends = 0;
    world.switch.behave = (operation, send) => {
      if (operation === "end") ends += 1;
      if (operation === "end" && ends === 1) return Promise.reject(new Error("down"));
      return operation === "load" && ends === 1 ? Promise.reject(new Error("down")) : send();
    };
    const { status } = await browser.copy().visit((session) => session.regenerate());
    expect(status).toBe(503);
    world.switch.behave = (_operation, send) => send();
    expect(await world.live()).toBeGreaterThanOrEqual(1);
    const { json } = await browser.visit((session) => session.userId);
    expect(json).toBe("ada");
  });

  describe("when nobody knows whether the old one ended", () => {
    async function unsettled() {
      const world = new World({ storeTimeout: 300 });
      const browser = await world.signedIn();
      let ends = 0;
      world.switch.behave = (operation, send) => {
        if (operation === "end") ends += 1;
        // The answers are lost: of the old record's end, and of the look whether it arrived.
        return ends === 1 ? send().then(() => new Promise<never>(() => undefined)) : send();
      };
      const { status } = await browser.visit((session) => session.regenerate());
      expect(status).toBe(503);
      world.switch.behave = (_operation, send) => send();
      await quiet();
      return { world, browser };
    }

    it("leaves at least one session alive", async () => {
      const { world } = await unsettled();
      expect(await world.live()).toBe(1);
    });

    it("signs nobody out", async () => {
      const { browser } = await unsettled();
      expect((await browser.visit((session) => session.userId ?? null)).json).toBe("ada");
    });
  });
});
