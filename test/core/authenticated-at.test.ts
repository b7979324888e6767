import { describe, expect, it } from "vitest";
import { HOUR, MINUTE } from "../laws/support/clock.ts";
import { World } from "../laws/support/world.ts";

describe("when a user proved who they are", () => {
  it("is a moment that has been", async () => {
    const world = new World();
    const now = (): number => world.clock.now();
    const browser = world.browser();
    for (const authenticatedAt of [now() + 1, -1, Number.NaN, Infinity, "5" as never]) {
      const { json } = await browser.visit((session) =>
        session.signIn("ada", { authenticatedAt }).catch((error: Error) => error.message),
      );
      expect(json).toContain("signIn(authenticatedAt)");
    }
    await browser.visit((session) => session.signIn("ada", { authenticatedAt: 0 }));
    expect((await browser.visit((session) => session.authenticatedAt)).json).toBe(0);
  });

  it("changes neither clock of the session", async () => {
    const world = new World();
    const authenticatedAt = world.clock.now() - 10 * HOUR;
    const browser = world.browser();
    await browser.visit((session) => session.signIn("ada", { authenticatedAt }));
    const { json } = await browser.visit((session) => [session.createdAt, session.expiresAt]);
    const plain = await world.signedIn("bob");
    const other = await plain.visit((session) => [session.createdAt, session.expiresAt]);
    expect(json).toEqual(other.json);
  });

  it("counts for how fresh the sign-in is, and for the factors that name no time of their own", async () => {
    const world = new World();
    const now = world.clock.now();
    const { json } = await world.browser().visit(async (session) => {
      const authenticatedAt = now - HOUR;
      await session.signIn("ada", { authenticatedAt, factors: ["password"] });
      const first = [
        session.isFresh("59m"),
        session.isFresh("61m"),
        session.factors.get("password"),
      ];
      await session.signIn("ada", { authenticatedAt, factors: { totp: now - MINUTE } });
      return [...first, session.factors.get("totp")];
    });
    expect(json).toEqual([false, true, now - HOUR, now - MINUTE]);
  });
});
