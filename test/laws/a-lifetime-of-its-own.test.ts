import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import type { Session, SignInOptions } from "../../src/index.ts";
import { createSessions, type Sessions, type Untyped } from "../../src/index.ts";
import { Browser } from "./support/browser.ts";
import { DAY, HOUR, MINUTE, SECOND, SetClock } from "./support/clock.ts";
import { World } from "./support/world.ts";

type Lifetime = Pick<
  SignInOptions<Untyped>,
  "idleTimeout" | "absoluteTimeout" | "endsAt" | "persistent"
>;

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;

async function signedIn(browser: Browser, lifetime: Lifetime): Promise<Browser> {
  const { status } = await browser.visit((session) => session.signIn("ada", lifetime));
  expect(status).toBe(200);
  return browser;
}

/** Sessions in a store, and in cookies. */
const PLACES: readonly (readonly [string, (clock: SetClock) => Sessions<Untyped>])[] = [
  ["in a store", (clock) => new World({ clock }).sessions],
  [
    "in cookies",
    (clock) =>
      createSessions<Untyped>({
        clock,
        keys: randomBytes(32),
        store: cookieStore({
          revocations: "none: a copied cookie works until it expires, signed out or not",
        }),
      }),
  ],
];

describe.each(PLACES)("a lifetime that a sign-in asks for, %s", (_name, sessionsAt) => {
  const visitor = (): { clock: SetClock; browser: Browser } => {
    const clock = new SetClock();
    return { clock, browser: new Browser(sessionsAt(clock)) };
  };

  it("ends the session that nobody uses", async () => {
    const { clock, browser } = visitor();
    await signedIn(browser, { idleTimeout: "5m" });
    clock.move(5 * MINUTE - 1);
    expect(await userOf(browser.copy())).toBe("ada");
    clock.move(10 * MINUTE);
    expect(await userOf(browser)).toBe(null);
  });

  it("ends the session, used or not", async () => {
    const { clock, browser } = visitor();
    await signedIn(browser, { absoluteTimeout: "1h" });
    for (let passed = 0; passed < 50 * MINUTE; passed += 10 * MINUTE) {
      clock.move(10 * MINUTE);
      expect(await userOf(browser)).toBe("ada");
    }
    clock.move(10 * MINUTE);
    expect(await userOf(browser)).toBe(null);
  });

  it("ends it at a moment, to the millisecond", async () => {
    const { clock, browser } = visitor();
    await signedIn(browser, { endsAt: clock.now() + 90 * SECOND + 0.5 });
    clock.move(90 * SECOND - 1);
    expect(await userOf(browser)).toBe("ada");
    clock.move(1);
    expect(await userOf(browser)).toBe(null);
  });

  it("is told by the session", async () => {
    const { clock, browser } = visitor();
    const endsAt = clock.now() + HOUR;
    await signedIn(browser, { idleTimeout: "5m", endsAt });
    const { json } = await browser.visit((session) => [
      session.idleEndsAt - clock.now(),
      session.endsAt - clock.now(),
      session.expiresAt - clock.now(),
    ]);
    expect(json).toEqual([5 * MINUTE, HOUR, 5 * MINUTE]);
  });

  it.each([
    [
      "when the visitor asks to be remembered",
      async (browser: Browser) => {
        await browser.visit((session) => {
          session.persistent = true;
        });
      },
    ],
    [
      "under a new token",
      async (browser: Browser) => {
        await browser.visit((session) => session.regenerate());
      },
    ],
    [
      "after a write",
      async (browser: Browser) => {
        await browser.visit((session) => session.set("n", 1));
      },
    ],
  ])("holds on %s", async (_when, act) => {
    const { clock, browser } = visitor();
    await signedIn(browser, { idleTimeout: "20m", absoluteTimeout: "1h" });
    clock.move(15 * MINUTE);
    await act(browser);
    const told = await browser.visit((session) => [session.idleEndsAt, session.endsAt]);
    expect(told.json).toEqual([clock.now() + 20 * MINUTE, clock.now() + 45 * MINUTE]);
    clock.move(20 * MINUTE);
    expect(await userOf(browser)).toBe(null);
  });

  it("holds until the next sign-in", async () => {
    const { clock, browser } = visitor();
    await signedIn(browser, { absoluteTimeout: "1h" });
    await signedIn(browser, {});
    clock.move(29 * MINUTE);
    const { json } = await browser.visit((session) => session.endsAt - clock.now());
    expect(json).toBe(12 * HOUR - 29 * MINUTE);
  });

  it.each<[string, Lifetime]>([
    ["an idle timeout", { idleTimeout: "2d" }],
    ["an absolute timeout", { absoluteTimeout: "40d" }],
    ["an end", { endsAt: 4_102_444_800_000 }],
  ])("does not lengthen what the options allow: %s", async (_what, lifetime) => {
    const { clock, browser } = visitor();
    await signedIn(browser, lifetime);
    const { json } = await browser.visit((session) => [
      session.idleEndsAt - clock.now(),
      session.endsAt - clock.now(),
    ]);
    expect(json).toEqual([30 * MINUTE, 12 * HOUR]);
  });
});

describe("what a sign-in may ask for", () => {
  it("is more where the options say how much", async () => {
    const world = new World({ longest: { idleTimeout: "7d", absoluteTimeout: "31d" } });
    const browser = await signedIn(world.browser(), { idleTimeout: "3d", absoluteTimeout: "99d" });
    const { json } = await browser.visit((session) => [
      session.idleEndsAt - world.clock.now(),
      session.endsAt - world.clock.now(),
    ]);
    expect(json).toEqual([3 * DAY, 31 * DAY]);
    world.clock.move(2 * DAY);
    expect(await userOf(browser)).toBe("ada");
  });

  it("is what the options say where it asks for nothing, whatever they would allow", async () => {
    const world = new World({ longest: "31d" });
    const browser = await signedIn(world.browser(), {});
    const { json } = await browser.visit((session) => session.endsAt - world.clock.now());
    expect(json).toBe(12 * HOUR);
  });

  it.each([
    ["idleTimeout", { idleTimeout: "soon" }],
    ["absoluteTimeout", { absoluteTimeout: -1 }],
    ["endsAt", { endsAt: 1_700_000_000 }],
    ["endsAt", { endsAt: Number.NaN }],
    ["endsAt", { endsAt: "2030-01-01" }],
    ["endAt", { endAt: 4_102_444_800_000 }],
  ])("is told at once where it makes no sense: %s", async (option, lifetime) => {
    const world = new World();
    await world.browser().visit(async (session) => {
      const signingIn = session.signIn("ada", lifetime as Lifetime);
      await expect(signingIn).rejects.toThrow(option);
      await expect(session.signIn("ada", lifetime as Lifetime)).rejects.toMatchObject({
        code: "ERR_SESSION_OPTIONS",
      });
      expect(session.userId).toBeUndefined();
    });
  });

  it("needs an absolute timeout, as nothing else ends what is used all the time", () => {
    expect(() => new World({ longest: { idleTimeout: "7d" } })).toThrow("longest");
  });

  it("is never outlived, whatever happens to the session", async () => {
    const acts = fc.array(fc.constantFrom(...Object.keys(ACTS)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(acts, async (names) => {
        const world = new World();
        const browser = await signedIn(world.browser(), { absoluteTimeout: "2h" });
        const endsAt = world.clock.now() + 2 * HOUR;
        for (const name of names) {
          if (name === "wait") world.clock.move(10 * MINUTE);
          const isOver = world.clock.now() >= endsAt;
          await browser.visit(async (session) => {
            if (isOver) expect(session.userId).toBeUndefined();
            if (session.userId === undefined) return;
            await ACTS[name]?.(session);
            expect(session.endsAt).toBeLessThanOrEqual(endsAt);
          });
        }
        world.clock.move(Math.max(0, endsAt - world.clock.now()));
        expect(await userOf(browser)).toBe(null);
      }),
      { numRuns: 60 },
    );
  });
});

const ACTS: Readonly<Record<string, (session: Session<Untyped>) => unknown>> = {
  read: () => undefined,
  wait: () => undefined,
  write: (session) => session.set("n", session.lastSeenAt),
  remember: (session) => {
    session.persistent = true;
  },
  forget: (session) => {
    session.persistent = false;
  },
  regenerate: (session) => session.regenerate(),
};
