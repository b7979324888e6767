import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Session, Untyped } from "../../src/index.ts";
import type { Browser } from "./support/browser.ts";
import { DAY, HOUR, MINUTE } from "./support/clock.ts";
import { quiet, World } from "./support/world.ts";

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;

describe("the idle clock", () => {
  it("leaves a session alive one millisecond before its end", async () => {
    const world = new World();
    const browser = await world.signedIn();
    world.clock.move(30 * MINUTE - 1);
    expect(await userOf(browser)).toBe("ada");
  });

  it("ends it at its end, and says so [ASVS 7.3.1, WSTG-SESS-07, NIST 5.2 timeouts]", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { n: 1 });
    world.clock.move(30 * MINUTE);
    const { json, cookies } = await browser.visit((session) => [session.isNew, session.has("n")]);
    expect(json).toEqual([true, false]);
    expect(cookies).toEqual([]);
    expect(world.told("expired")).toMatchObject([{ timeout: "idle", userId: "ada" }]);
    expect(world.told("rejected")).toMatchObject([{ reason: "expired" }]);
  });

  it("is moved by activity, with a lag of a tenth at most [ASVS 7.3.1, NIST 5.2 timeouts]", async () => {
    const world = new World();
    const browser = await world.signedIn();
    for (let n = 0; n < 20; n += 1) {
      world.clock.move(27 * MINUTE);
      expect(await userOf(browser)).toBe("ada");
    }
  });

  it("is judged at open: a request that runs past it still writes", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { status } = await browser.visit((session) => {
      world.clock.move(31 * MINUTE);
      session.set("n", 1);
    });
    expect(status).toBe(200);
    expect(await userOf(browser)).toBe("ada");
  });

  it("follows the latest of parallel touches, whichever is written last", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const sends: (() => Promise<unknown>)[] = [];
    world.switch.behave = (operation, send) =>
      operation === "touch"
        ? new Promise((resolve) => sends.push(() => send().then(resolve as never)))
        : send();
    world.clock.move(10 * MINUTE);
    const early = userOf(browser);
    await quiet();
    world.clock.move(10 * MINUTE);
    const late = userOf(browser);
    await quiet();
    for (const send of sends.reverse()) await send();
    await Promise.all([early, late]);
    world.switch.behave = (_operation, send) => send();
    world.clock.move(29 * MINUTE);
    expect(await userOf(browser)).toBe("ada");
  });

  it("is not moved back by a clock that jumps back", async () => {
    const world = new World();
    const browser = await world.signedIn();
    world.clock.move(-HOUR);
    expect(await userOf(browser)).toBe("ada");
    await browser.visit((session) => session.set("n", 1));
    world.clock.move(HOUR + 29 * MINUTE);
    expect(await userOf(browser)).toBe("ada");
  });
});

describe("the absolute clock", () => {
  async function busy(world: World, browser: Browser, hours: number): Promise<void> {
    for (let minute = 0; minute < hours * 60; minute += 5) {
      world.clock.move(5 * MINUTE);
      await browser.visit((session) => session.get("n"));
    }
  }

  it("ends a session that is used all the time, to the millisecond [ASVS 7.3.2, WSTG-SESS-07, NIST 5.2 timeouts]", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await busy(world, browser, 11.75);
    world.clock.move(15 * MINUTE - 1);
    expect(await userOf(browser)).toBe("ada");
    world.clock.move(1);
    expect(await userOf(browser)).toBeNull();
    expect(world.told("expired").at(-1)).toMatchObject({ timeout: "absolute" });
  });

  it("is not moved by regenerate, save, persistent or update [ASVS 7.3.2]", async () => {
    const world = new World({ persistent: { idleTimeout: "30m", absoluteTimeout: "12h" } });
    const browser = await world.signedIn();
    for (let minute = 0; minute < 12 * 60; minute += 10) {
      await browser.visit(async (session) => {
        session.persistent = !session.persistent;
        await session.update("n", (n = 0) => n + 1);
        await session.regenerate();
      });
      world.clock.move(10 * MINUTE);
    }
    expect(await userOf(browser)).toBeNull();
  });

  it("starts again at sign-in, as does the idle clock [NIST 5.2 timeouts]", async () => {
    const world = new World();
    const browser = await world.signedIn();
    await busy(world, browser, 11.75);
    await browser.visit((session) => session.signIn("ada"));
    await busy(world, browser, 11.75);
    expect(await userOf(browser)).toBe("ada");
    world.clock.move(15 * MINUTE);
    expect(await userOf(browser)).toBeNull();
  });

  it("gives a sign-in at the end of a long anonymous visit its whole time", async () => {
    const world = new World({ anonymous: { idleTimeout: "10m", absoluteTimeout: "1h" } });
    const browser = await world.returning({ cart: ["apple"] });
    for (let minute = 0; minute < 59; minute += 1) {
      world.clock.move(MINUTE);
      await browser.visit((session) => session.get("cart"));
    }
    await browser.visit(async (session) => {
      session.set("n", 1);
      await session.signIn("ada");
    });
    for (let minute = 0; minute < 12 * 60 - 29; minute += 29) {
      world.clock.move(29 * MINUTE);
      expect(await userOf(browser)).toBe("ada");
    }
    const { json } = await browser.visit((session) => session.get("cart"));
    expect(json).toEqual(["apple"]);
  });
});

describe("a cookie with a maxAge", () => {
  it("is sent with its Max-Age at the first write and at sign-in, and not by use", async () => {
    const cookie = { maxAge: "31d" } as const;
    const world = new World({ idleTimeout: "31d", absoluteTimeout: "31d", cookie });
    const browser = world.browser();
    const ages: unknown[] = [];
    const visit = async (act: Parameters<Browser["visit"]>[0]): Promise<void> => {
      const { cookies } = await browser.visit(act);
      ages.push(cookies.map((line) => /Max-Age=(\d+)/.exec(line)?.[1]));
    };
    await visit((session) => session.set("n", 1));
    world.clock.move(10 * DAY);
    await visit((session) => session.get("n"));
    await visit((session) => session.signIn("ada"));
    world.clock.move(10 * DAY);
    await visit((session) => session.set("n", 2));
    const age = String((31 * DAY) / 1000);
    expect(ages).toEqual([[age], [], [age], []]);
  });
});

describe("those who asked to be remembered", () => {
  it("are still signed in the next morning, and after thirteen days", async () => {
    const world = new World();
    const browser = world.browser();
    const { cookies } = await browser.visit((s) => s.signIn("ada", { persistent: true }));
    expect(cookies[0]).toMatch(/; Max-Age=7776000(;|$)/);
    world.clock.move(16 * HOUR);
    expect(await userOf(browser)).toBe("ada");
    world.clock.move(13 * DAY);
    expect(await userOf(browser)).toBe("ada");
    world.clock.move(14 * DAY);
    expect(await userOf(browser)).toBeNull();
  });

  it("are signed out after ninety days at the latest", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    for (let day = 0; day < 89; day += 1) {
      world.clock.move(DAY);
      expect(await userOf(browser)).toBe("ada");
    }
    world.clock.move(DAY);
    expect(await userOf(browser)).toBeNull();
  });

  it("keep their cookie no longer than their session [NIST 5.1.1 expiry]", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    world.clock.move(10 * DAY);
    const { cookies } = await browser.visit((session) => session.regenerate());
    expect(cookies[0]).toMatch(/; Max-Age=6912000(;|$)/);
  });

  it("may say so later, and get the cookie for it", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const { cookies } = await browser.visit((session) => {
      session.persistent = true;
    });
    expect(cookies[0]).toMatch(/; Max-Age=7776000(;|$)/);
    world.clock.move(16 * HOUR);
    expect(await userOf(browser)).toBe("ada");
  });

  it("may take it back, and get a cookie that ends with the browser [NIST 5.1 persistence]", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    world.clock.move(HOUR);
    const { cookies } = await browser.visit((session) => {
      session.persistent = false;
    });
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).not.toContain("Max-Age");
    world.clock.move(30 * MINUTE);
    expect(await userOf(browser)).toBeNull();
  });

  it("may take it back late, and have the whole time of those who are not remembered", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    world.clock.move(13 * HOUR);
    const { json } = await browser.visit((session) => {
      session.persistent = false;
      return session.expiresAt - world.clock.now();
    });
    expect(json).toBe(30 * MINUTE);
    for (let minute = 0; minute < 12 * 60 - 20; minute += 20) {
      world.clock.move(20 * MINUTE);
      expect(await userOf(browser)).toBe("ada");
    }
    world.clock.move(20 * MINUTE);
    expect(await userOf(browser)).toBeNull();
  });

  it("gain no time by changing their mind again and again", async () => {
    const world = new World({ persistent: { idleTimeout: "1h", absoluteTimeout: "36h" } });
    const browser = await world.signedIn();
    const begun = world.clock.now();
    for (let isPersistent = true; ; isPersistent = !isPersistent) {
      const { json } = await browser.visit((session) => {
        if (session.userId === undefined) return null;
        session.persistent = isPersistent;
        return session.expiresAt;
      });
      if (json === null) break;
      expect(Number(json) - begun).toBeLessThanOrEqual(36 * HOUR);
      world.clock.move(29 * MINUTE);
    }
    expect(world.clock.now() - begun).toBeLessThan(36 * HOUR + 29 * MINUTE);
    expect(world.clock.now() - begun).toBeGreaterThan(35 * HOUR);
  });

  it("see at once when the session ends by their wish", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const ends = async (act: (session: Session<Untyped>) => void): Promise<unknown> => {
      const { json } = await browser.visit((session) => {
        act(session);
        return [session.expiresAt - world.clock.now(), session.persistent];
      });
      return json;
    };
    world.clock.move(20 * MINUTE);
    expect(await ends((s) => (s.persistent = true))).toEqual([14 * DAY, true]);
    expect(await ends(() => undefined)).toEqual([14 * DAY, true]);
    expect(await ends((s) => (s.persistent = false))).toEqual([30 * MINUTE, false]);
    expect(await ends(() => undefined)).toEqual([30 * MINUTE, false]);
    const stranger = await world.browser().visit((session) => {
      session.persistent = true;
      return session.expiresAt - world.clock.now();
    });
    expect(stranger.json).toBe(14 * DAY);
  });

  it("are not remembered when the sign-in form says no, whatever was set before it", async () => {
    const world = new World();
    const browser = await world.returning();
    const { cookies } = await browser.visit(async (session) => {
      session.persistent = true;
      await session.signIn("ada", { persistent: false });
    });
    expect(cookies[0]).not.toContain("Max-Age");
    expect((await browser.visit((session) => session.persistent)).json).toBe(false);
  });

  it("do not pass their wish on to the user who signs in next", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    await browser.visit((session) => session.signIn("eve"));
    expect((await browser.visit((session) => session.persistent)).json).toBe(false);
    const pending = await world.signedIn("ada");
    await pending.visit(async (session) => {
      session.persistent = true;
      await session.signIn("eve");
    });
    expect((await pending.visit((session) => session.persistent)).json).toBe(false);
  });

  it("keep it when they sign in again, or get a new token", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    await browser.visit((session) => session.signIn("ada"));
    const { cookies } = await browser.visit((session) => session.regenerate());
    expect(cookies[0]).toContain("Max-Age");
    expect((await browser.visit((session) => session.persistent)).json).toBe(true);
  });
});

describe("the policy in force", () => {
  it("stays in the record when the options change", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const stricter = world.process({ idleTimeout: "1m", absoluteTimeout: "2m" });
    const looser = world.process({ idleTimeout: "7d", absoluteTimeout: "30d" });
    world.clock.move(20 * MINUTE);
    expect(await userOf(browser.copy(stricter))).toBe("ada");
    await browser.copy(looser).visit((session) => session.set("n", 1));
    world.clock.move(30 * MINUTE);
    expect(await userOf(browser.copy(looser))).toBeNull();
  });

  it("is shown by expiresAt: the earlier of the two ends", async () => {
    const world = new World();
    const browser = await world.signedIn();
    const begun = world.clock.now();
    const { json } = await browser.visit((session) => session.expiresAt);
    expect(json).toBe(begun + 30 * MINUTE);
  });
});

describe("isFresh", () => {
  it.each([
    [0, true],
    [10 * MINUTE - 1, true],
    [10 * MINUTE, false],
    [10 * MINUTE + 1, false],
  ])("after %i ms is %s for ten minutes [ASVS 7.5.1, ASVS 7.5.2]", async (ms, isFresh) => {
    const world = new World();
    const browser = await world.signedIn();
    world.clock.move(ms);
    expect((await browser.visit((session) => session.isFresh("10m"))).json).toBe(isFresh);
  });

  it("is false for a visitor who never signed in, and after signing out", async () => {
    const world = new World();
    const browser = await world.returning();
    expect((await browser.visit((session) => session.isFresh("10m"))).json).toBe(false);
    const { json } = await (await world.signedIn()).visit(async (session) => {
      await session.signOut({ keep: [] });
      return session.isFresh("10m");
    });
    expect(json).toBe(false);
  });

  it("is not renewed by regenerate, and is by signing in again [ASVS 7.5.1]", async () => {
    const world = new World();
    const browser = await world.signedIn();
    world.clock.move(11 * MINUTE);
    const { json } = await browser.visit(async (session) => {
      await session.regenerate();
      const after = session.isFresh("10m");
      await session.signIn("ada");
      return [after, session.isFresh("10m")];
    });
    expect(json).toEqual([false, true]);
  });

  it("refuses what is no duration", async () => {
    const world = new World();
    const { status } = await world.browser().visit((session) => session.isFresh(Number.NaN));
    expect(status).toBe(500);
  });
});

type Deed = "read" | "write" | "regenerate" | "persist" | "wait";

/** Carries the deed out, and answers who is signed in. */
async function carryOut(browser: Browser, deed: Deed, now: number): Promise<unknown> {
  const { json } = await browser.visit(async (session) => {
    const userId = session.userId ?? null;
    if (userId === null) return null;
    if (deed === "write") session.set("n", now);
    if (deed === "persist") session.persistent = true;
    if (deed === "regenerate") await session.regenerate();
    return userId;
  });
  return json;
}

describe("any run of requests", () => {
  it("never outlives either limit, and never ends before both but for the lag [ASVS 7.3.1, ASVS 7.3.2]", async () => {
    const day = fc.array(
      fc.record({
        wait: fc.integer({ min: 0, max: 40 * MINUTE }),
        deed: fc.constantFrom<Deed>("read", "write", "regenerate", "wait"),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(day, async (requests) => {
        const world = new World();
        const browser = await world.signedIn();
        const begun = world.clock.now();
        let lastSeen = begun;
        for (const { wait, deed } of requests) {
          world.clock.move(wait);
          const now = world.clock.now();
          const isAbsolutelyOver = now - begun >= 12 * HOUR;
          if ((await carryOut(browser, deed, now)) === null) {
            const isIdle = now - lastSeen >= 30 * MINUTE - 3 * MINUTE;
            expect(isIdle || isAbsolutelyOver).toBe(true);
            return;
          }
          expect(isAbsolutelyOver).toBe(false);
          expect(now - lastSeen).toBeLessThan(30 * MINUTE);
          lastSeen = now;
        }
      }),
      { numRuns: 60 },
    );
  });

  it("keeps what is remembered within its own limits", async () => {
    const days = fc.array(
      fc.record({
        wait: fc.integer({ min: 0, max: 10 * DAY }),
        deed: fc.constantFrom<Deed>("read", "write", "regenerate", "persist", "wait"),
      }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(days, async (requests) => {
        const world = new World();
        const browser = world.browser();
        await browser.visit((session) => session.signIn("ada", { persistent: true }));
        const begun = world.clock.now();
        for (const { wait, deed } of requests) {
          world.clock.move(wait);
          const now = world.clock.now();
          if ((await carryOut(browser, deed, now)) === null) return;
          expect(now - begun).toBeLessThan(90 * DAY);
        }
      }),
      { numRuns: 40 },
    );
  });
});
