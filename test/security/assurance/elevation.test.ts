import { describe, expect, it } from "vitest";
import type { Session, Untyped } from "../../../src/index.ts";
import {
  elevate,
  endElevation,
  isElevated,
  requireElevated,
} from "../../../src/security/assurance/index.ts";
import type { Browser } from "../../laws/support/browser.ts";
import { HOUR, MINUTE } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";

const elevated = (purpose: string) => (session: Session<Untyped>) =>
  elevate(session, { purpose, factors: ["totp"], for: "5m" });

const isFor = async (browser: Browser, purpose = "payout"): Promise<unknown> =>
  (await browser.visit((session) => isElevated(session, purpose))).json;

async function elevatedFor(world: World, purpose = "payout"): Promise<Browser> {
  const browser = await world.signedIn("ada", { cart: ["tea"] });
  await browser.visit(elevated(purpose));
  return browser;
}

describe("an elevation", () => {
  it("is for one purpose, until its time is over [ASVS 7.5.3]", async () => {
    const world = new World();
    const browser = await elevatedFor(world);
    expect(await isFor(browser)).toBe(true);
    expect(await isFor(browser, "deletion")).toBe(false);
    expect(await isFor(browser, "constructor")).toBe(false);
    world.clock.move(5 * MINUTE - 1);
    expect(await isFor(browser)).toBe(true);
    world.clock.move(1);
    expect(await isFor(browser)).toBe(false);
  });

  it("comes with a new token, and the old one is dead [ASVS 7.2.4]", async () => {
    const world = new World();
    const browser = await world.signedIn("ada", { cart: ["tea"] });
    const thief = browser.copy();
    await browser.visit(elevated("payout"));
    expect(await isFor(thief)).toBe(false);
    const { json } = await browser.visit((session) => [
      session.get("cart"),
      session.isFresh("1m", { factors: ["totp"] }),
    ]);
    expect(json).toEqual([["tea"], true]);
  });

  it.each<[string, (session: Session<Untyped>) => unknown]>([
    ["a new token", (session) => session.regenerate()],
    ["the next sign-in", (session) => session.signIn("ada")],
    ["a sign-out", (session) => session.signOut()],
    ["what ends it before", (session) => endElevation(session, "payout")],
  ])("does not outlive %s", async (_, act) => {
    const browser = await elevatedFor(new World());
    await browser.visit(async (session) => void (await act(session)));
    expect(await isFor(browser)).toBe(false);
  });

  it("stands beside one for another purpose, each with its own time", async () => {
    const world = new World();
    const browser = await elevatedFor(world);
    world.clock.move(3 * MINUTE);
    await browser.visit(elevated("deletion"));
    expect([await isFor(browser), await isFor(browser, "deletion")]).toEqual([true, true]);
    await browser.visit((session) => endElevation(session, "deletion"));
    expect([await isFor(browser), await isFor(browser, "deletion")]).toEqual([true, false]);
    world.clock.move(2 * MINUTE);
    expect(await isFor(browser)).toBe(false);
  });

  it("is no other session's of the same user", async () => {
    const world = new World();
    await elevatedFor(world);
    expect(await isFor(await world.signedIn("ada"))).toBe(false);
  });

  it("leaves the end that the sign-in was given where it was", async () => {
    const world = new World();
    const browser = world.browser();
    const endsAt = world.clock.now() + HOUR;
    await browser.visit((session) => session.signIn("ada", { endsAt, idleTimeout: "20m" }));
    await browser.visit(elevated("payout"));
    const { json } = await browser.visit((session) => [session.endsAt, session.idleEndsAt]);
    expect(json).toEqual([endsAt, world.clock.now() + 20 * MINUTE]);
  });

  it("is told to listeners, without a secret", async () => {
    const world = new World();
    const browser = await elevatedFor(world);
    const [told] = world.told("elevated");
    const { json: id } = await browser.visit((session) => session.id);
    const at = world.clock.now();
    const what = { purpose: "payout", factors: ["totp"], endsAt: at + 5 * MINUTE };
    expect(told).toEqual({ name: "elevated", at, id, userId: "ada", ...what });
  });

  it("is required with 401 of nobody, with 403 of who has none", async () => {
    const world = new World();
    const tried = (session: Session<Untyped>): unknown => {
      try {
        return requireElevated(session, "payout") ?? "passed";
      } catch (error) {
        return (error as { status: number }).status;
      }
    };
    expect((await world.browser().visit(tried)).json).toBe(401);
    expect((await (await world.signedIn()).visit(tried)).json).toBe(403);
    expect((await (await elevatedFor(world)).visit(tried)).json).toBe("passed");
  });

  it.each<[object, string]>([
    [{ purpose: "", factors: ["totp"], for: "5m" }, "elevate(purpose)"],
    [{ purpose: "payout", factors: [], for: "5m" }, "elevate(factors)"],
    [{ purpose: "payout", factors: ["totp"] }, "elevate(for)"],
    [{ purpose: "payout", factors: ["totp"], ttl: "5m" }, "elevate.ttl"],
  ])("refuses %j", async (options, option) => {
    const browser = await new World().signedIn();
    const { json } = await browser.visit((session) =>
      elevate(session, options as never).catch((error: Error) => error.message),
    );
    expect(String(json).startsWith(option)).toBe(true);
  });

  it("needs somebody who is signed in", async () => {
    const { json } = await new World()
      .browser()
      .visit((session) => elevated("payout")(session).catch((error) => error.reason));
    expect(json).toBe("signedOut");
  });
});
