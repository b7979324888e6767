import { describe, expect, it } from "vitest";
import type { Session, Untyped } from "../../../src/index.ts";
import {
  AssuranceError,
  ceiling,
  elevate,
  isBelowBest,
  requireBest,
} from "../../../src/security/assurance/index.ts";
import { HOUR, MINUTE } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";

/** Ada has a passkey, Bob has nothing but his password. */
const best = ceiling({
  bestFactorOf: async (userId) => (userId === "ada" ? "passkey" : undefined),
  idleTimeout: "10m",
  absoluteTimeout: "1h",
});

const worldOf = (): World => new World({ protections: [best] });

const proving =
  (userId: string, ...factors: string[]) =>
  (session: Session<Untyped>): Promise<void> =>
    session.signIn(userId, { factors });

const told = (session: Session<Untyped>): unknown => [
  isBelowBest(session),
  session.endsAt,
  session.idleEndsAt,
];

describe("a session below its user's best factor", () => {
  it("lives shorter and is known as such, until the factor is proved [NIST 5.1 assurance]", async () => {
    const world = worldOf();
    const browser = world.browser();
    const now = world.clock.now();
    await browser.visit(proving("ada", "password"));
    await browser.visit((session) => session.regenerate());
    expect((await browser.visit(told)).json).toEqual([true, now + HOUR, now + 10 * MINUTE]);
    await browser.visit(proving("ada", "passkey"));
    expect((await browser.visit(told)).json).toEqual([false, now + 12 * HOUR, now + 30 * MINUTE]);
  });

  it("is not where the factor was proved, nor where the user has none", async () => {
    const world = worldOf();
    for (const [userId, factor] of [
      ["ada", "passkey"],
      ["bob", "password"],
    ] as const) {
      const browser = world.browser();
      await browser.visit(proving(userId, factor));
      const { json } = await browser.visit((session) => [
        isBelowBest(session),
        requireBest(session) ?? "passed",
      ]);
      expect(json).toEqual([false, "passed"]);
    }
  });

  it("stays so through another factor, and through being remembered", async () => {
    const world = worldOf();
    const browser = world.browser();
    const now = world.clock.now();
    const limited = [true, now + HOUR, now + 10 * MINUTE];
    await browser.visit((session) => session.signIn("ada", { persistent: true }));
    await browser.visit((session) => {
      session.persistent = false;
    });
    await browser.visit((session) => {
      session.persistent = true;
    });
    expect((await browser.visit(told)).json).toEqual(limited);
    await browser.visit((session) =>
      elevate(session, { purpose: "p", factors: ["totp"], for: "1m" }),
    );
    expect((await browser.visit(told)).json).toEqual(limited);
  });

  it("is bound by what its sign-in asks for as well: the shorter counts", async () => {
    const world = worldOf();
    const now = world.clock.now();
    for (const [absoluteTimeout, end] of [
      ["20m", 20 * MINUTE],
      ["2h", HOUR],
    ] as const) {
      const browser = world.browser();
      await browser.visit((session) => session.signIn("ada", { absoluteTimeout }));
      expect((await browser.visit((session) => session.endsAt)).json).toBe(now + end);
    }
  });

  it("is stopped with 403, and nobody with 401", async () => {
    const world = worldOf();
    const browser = world.browser();
    const tried = (session: Session<Untyped>): unknown => {
      try {
        return requireBest(session) ?? "passed";
      } catch (error) {
        return error instanceof AssuranceError && [error.status, error.reason];
      }
    };
    expect((await browser.visit(tried)).json).toEqual([401, "signedOut"]);
    await browser.visit(proving("ada", "password"));
    expect((await browser.visit(tried)).json).toEqual([403, "belowBest"]);
  });

  it("needs to know the factor: where that fails, nobody is signed in", async () => {
    const failing = ceiling({ bestFactorOf: () => Promise.reject(new Error("no database")) });
    const world = new World({ protections: [failing] });
    const { json } = await world
      .browser()
      .visit((session) => session.signIn("ada").catch((error: Error) => error.message));
    expect(json).toBe("no database");
    expect(await world.live()).toBe(0);
    expect(() => ceiling({} as never)).toThrow("ceiling(bestFactorOf)");
    expect(() => ceiling({ bestFactorOf: () => "x", idleTimeout: 0 })).toThrow("(idleTimeout)");
    expect(() => ceiling({ bestFactorOf: () => "x", ttl: 1 } as never)).toThrow("ceiling.ttl");
  });
});
