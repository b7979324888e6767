import { describe, expect, it } from "vitest";
import type { Session, Untyped } from "../../../src/index.ts";
import {
  AssuranceError,
  type RequireFreshOptions,
  requireFresh,
} from "../../../src/security/assurance/index.ts";
import { HOUR, MINUTE } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";

const factorsOf = (session: Session<Untyped>): unknown => Object.fromEntries(session.factors);

const proving =
  (...factors: string[]) =>
  (session: Session<Untyped>): Promise<void> =>
    session.signIn("ada", { factors });

describe("factors", () => {
  it("stand with when they were proved, and a new token leaves them", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit(proving("password", "totp"));
    await browser.visit((session) => session.regenerate());
    const { json } = await browser.visit(factorsOf);
    expect(json).toEqual({ password: world.clock.now(), totp: world.clock.now() });
  });

  it("move one by one: a step-up is a sign-in of the same user, under a new token [ASVS 7.2.4, ASVS 7.5.3]", async () => {
    const world = new World();
    const browser = world.browser();
    const begun = world.clock.now();
    await browser.visit(proving("password"));
    const thief = browser.copy();
    world.clock.move(20 * MINUTE);
    await browser.visit(proving("totp"));
    const { json } = await browser.visit((session) => [
      factorsOf(session),
      session.isFresh("10m"),
      session.isFresh("10m", { factors: ["totp"] }),
      session.isFresh("10m", { factors: ["password"] }),
      session.isFresh("10m", { factors: ["password", "totp"] }),
      session.isFresh("30m", { factors: ["password", "totp"] }),
      session.isFresh("30m", { factors: ["passkey"] }),
      session.createdAt,
      session.authenticatedAt,
    ]);
    const now = world.clock.now();
    const factors = { password: begun, totp: now };
    expect(json).toEqual([factors, true, true, false, false, true, false, now, now]);
    expect((await thief.visit((session) => session.userId ?? null)).json).toBeNull();
  });

  it("are fresh until the very end of the time", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit(proving("totp"));
    const isFresh = async (): Promise<unknown> =>
      (await browser.copy().visit((session) => session.isFresh("10m", { factors: ["totp"] }))).json;
    world.clock.move(10 * MINUTE - 1);
    expect(await isFresh()).toBe(true);
    world.clock.move(1);
    expect(await isFresh()).toBe(false);
  });

  it("are nobody else's: another user, and a sign-out, begin without [NIST 5.1 assurance]", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit(proving("password", "totp"));
    await browser.visit((session) => session.signIn("bob", { factors: ["password"] }));
    const { json } = await browser.visit((session) => [...session.factors.keys()]);
    expect(json).toEqual(["password"]);
    await browser.visit((session) => session.signOut({ keep: ["theme"] }));
    expect((await browser.visit(factorsOf)).json).toEqual({});
  });

  it("are proved where they are: a hand-off carries none [NIST 5.1 assurance]", async () => {
    const world = new World();
    const giver = world.browser();
    await giver.visit(proving("totp"));
    const receiver = world.browser();
    const audience = "https://shop.example";
    const challenge = (
      await receiver.request(async (request) =>
        Response.json(await world.sessions.expectHandOff(request, { audience })),
      )
    ).json as string;
    const { json: code } = await giver.visit((session) =>
      world.sessions.handOff(session, { audience, challenge }),
    );
    await receiver.request(
      async (request) => Response.json((await world.sessions.redeem(request, code)).ok),
      { method: "POST" },
    );
    const { json } = await receiver.visit((session) => [session.userId, factorsOf(session)]);
    expect(json).toEqual(["ada", {}]);
  });

  it("may have been proved elsewhere before, never in time to come", async () => {
    const world = new World();
    const browser = world.browser();
    const now = world.clock.now();
    const { json } = await browser.visit(async (session) => {
      await session.signIn("ada", { factors: { otp: now - HOUR } });
      const early = session.signIn("ada", { factors: { otp: now + 1 } });
      return [factorsOf(session), await early.catch((error: Error) => error.message)];
    });
    expect(json).toEqual([
      { otp: now - HOUR },
      "signIn(factors): a factor was proved at no moment that is over: epoch ms.",
    ]);
  });

  it("show in what only reads", async () => {
    const world = new World();
    const browser = world.browser();
    await browser.visit(proving("totp"));
    await browser.visit(async (session, request) => {
      const view = await world.sessions.read(request);
      expect(view?.factors.has("totp")).toBe(true);
      expect(view?.isFresh("1m", { factors: ["totp"] })).toBe(true);
      await session.exclusive("look", (held) => {
        expect([held.factors.has("totp"), held.isFresh("1m", { factors: ["sms"] })]).toEqual([
          true,
          false,
        ]);
      });
    });
  });

  it.each([
    [{ factors: [] }],
    [{ factors: "totp" }],
    [{ factors: [""] }],
    [{ factors: ["__proto__"] }],
    [{ factors: Array.from({ length: 9 }, (_, at) => `f${at}`) }],
    [{ factor: ["totp"] }],
  ])("are names, so that %j proves nothing", async (options) => {
    const browser = await new World().signedIn();
    const { json } = await browser.visit(async (session) => {
      const fresh = ((): unknown => {
        try {
          return session.isFresh("1m", options as never);
        } catch (error) {
          return (error as Error).name;
        }
      })();
      const signIn = session.signIn("ada", options as never);
      return [fresh, await signIn.catch((error: Error) => error.name)];
    });
    expect(json).toEqual(["OptionsError", "OptionsError"]);
  });

  it("does not take the name of what every object has for a factor", async () => {
    const browser = await new World().signedIn();
    const { json } = await browser.visit((session) =>
      session.isFresh("1m", { factors: ["constructor"] }),
    );
    expect(json).toBe(false);
  });

  it("keeps the newest of many", async () => {
    const world = new World();
    const browser = world.browser();
    for (const name of ["a", "b", "c", "d", "e", "f", "g", "h", "i"]) {
      await browser.visit(proving(name));
      world.clock.move(1_000);
    }
    const { json } = await browser.visit((session) => [...session.factors.keys()].sort());
    expect(json).toEqual(["b", "c", "d", "e", "f", "g", "h", "i"]);
  });
});

describe("requireFresh", () => {
  const tried = (session: Session<Untyped>, options: RequireFreshOptions): unknown => {
    try {
      return requireFresh(session, options) ?? "passed";
    } catch (error) {
      if (!(error instanceof AssuranceError)) throw error;
      return [error.code, error.status, error.reason];
    }
  };

  it("stops nobody signed in with 401, and who was proved too long ago with 403 [ASVS 7.5.1]", async () => {
    const world = new World();
    const browser = world.browser();
    const options = { maxAge: "10m", factors: ["totp"] } as const;
    const code = "ERR_SESSION_ASSURANCE";
    expect((await browser.visit((session) => tried(session, options))).json).toEqual([
      code,
      401,
      "signedOut",
    ]);
    await browser.visit(proving("password"));
    expect((await browser.visit((session) => tried(session, { maxAge: "10m" }))).json).toBe(
      "passed",
    );
    expect((await browser.visit((session) => tried(session, options))).json).toEqual([
      code,
      403,
      "stale",
    ]);
    await browser.visit(proving("totp"));
    expect((await browser.visit((session) => tried(session, options))).json).toBe("passed");
    world.clock.move(10 * MINUTE);
    expect((await browser.visit((session) => tried(session, options))).json).toEqual([
      code,
      403,
      "stale",
    ]);
  });

  it("says which option is misspelt", async () => {
    const browser = await new World().signedIn();
    const { json } = await browser.visit((session) => {
      try {
        return requireFresh(session, { maxage: "1m" } as never);
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(json).toMatch(/^requireFresh.maxage: is not known/);
  });
});
