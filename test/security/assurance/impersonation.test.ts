import { describe, expect, it } from "vitest";
import type { Session, Untyped } from "../../../src/index.ts";
import {
  credentials,
  elevate,
  impersonate,
  impersonation,
  impersonator,
  lockWhenIdle,
  stopImpersonating,
  unlock,
} from "../../../src/security/assurance/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { HOUR, MINUTE } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";
import { wrapped } from "../../laws/support/wrapped-store.ts";

const worldOf = (options: Record<string, unknown> = {}): World =>
  new World({ protections: [impersonation()], ...options });

const become = (session: Session<Untyped>): Promise<void> =>
  impersonate(session, "ada", { for: "15m", reason: "Ticket 4711" });

const who = (session: Session<Untyped>): unknown => [
  session.userId ?? null,
  impersonator(session) ?? null,
];

/** The operator acts as Ada. */
async function acting(world = worldOf()): Promise<Browser> {
  const browser = world.browser();
  await browser.visit(async (session) => {
    session.set("queue", ["ada"]);
    await session.signIn("op", { factors: ["passkey"] });
  });
  await browser.visit(become);
  return browser;
}

const whoIn = async (browser: Browser): Promise<unknown> => (await browser.visit(who)).json;

const refusal = async (
  browser: Browser,
  act: (session: Session<Untyped>) => Promise<unknown>,
): Promise<unknown> =>
  (
    await browser.visit(async (session) => {
      const result = await act(session).catch((error) => error.reason ?? error.name);
      return [result ?? null, session.userId ?? null];
    })
  ).json;

describe("an operator who acts as a user", () => {
  it("is known as such, has none of the data, and has proved nothing", async () => {
    const world = worldOf();
    await world.signedIn("ada", { cart: ["tea"] });
    const browser = await acting(world);
    const { json } = await browser.visit((session) => [
      who(session),
      [...session.entries()],
      session.isFresh("24h"),
      session.authenticatedAt ?? null,
      session.factors.size,
      session.persistent,
    ]);
    expect(json).toEqual([["ada", "op"], [], false, null, 0, false]);
  });

  it("is told of with the operator's id and the reason [ASVS 16.3.1]", async () => {
    const world = worldOf();
    const browser = await acting(world);
    const at = world.clock.now();
    const session = { at, id: await world.idOf(browser), userId: "ada", actorId: "op" };
    await browser.visit((each) => stopImpersonating(each));
    expect(world.told("impersonated", "impersonationEnded")).toEqual([
      { name: "impersonated", ...session, reason: "Ticket 4711", endsAt: at + 15 * MINUTE },
      { name: "impersonationEnded", ...session },
    ]);
  });

  it("is out when the time is over, whatever they do until then", async () => {
    const world = worldOf();
    const browser = await acting(world);
    await browser.visit((session) => {
      session.persistent = true;
    });
    await browser.visit((session) => session.regenerate());
    world.clock.move(15 * MINUTE - 1);
    expect(await whoIn(browser)).toEqual(["ada", "op"]);
    world.clock.move(1);
    expect(await whoIn(browser)).toEqual([null, null]);
  });

  it("comes back to a session of their own, which is no fresher and lives no longer", async () => {
    const world = worldOf();
    const begun = world.clock.now();
    const browser = await acting(world);
    const copy = browser.copy();
    world.clock.move(10 * MINUTE);
    expect((await browser.visit((session) => stopImpersonating(session))).json).toBe(true);
    const { json } = await browser.visit((session) => [
      who(session),
      session.authenticatedAt,
      session.endsAt,
      session.factors.size,
    ]);
    expect(json).toEqual([["op", null], begun, begun + 12 * HOUR, 0]);
    expect(await whoIn(copy)).toEqual([null, null]);
    expect((await browser.visit((session) => stopImpersonating(session))).json).toBe(false);
  });

  it("acts no longer than their own session would have lived", async () => {
    const world = worldOf();
    const browser = world.browser();
    const endsAt = world.clock.now() + 5 * MINUTE;
    await browser.visit((session) => session.signIn("op", { endsAt }));
    await browser.visit(become);
    expect((await browser.visit((session) => session.endsAt)).json).toBe(endsAt);
  });

  it.each<[string, (session: Session<Untyped>) => Promise<unknown>]>([
    ["act as another user", (session) => impersonate(session, "bob", { for: "1h", reason: "x" })],
    ["sign in as the user", (session) => session.signIn("ada", { factors: ["password"] })],
    ["step up", (session) => elevate(session, { purpose: "p", factors: ["totp"], for: "1m" })],
  ])("cannot %s", async (_, act) => {
    const browser = await acting();
    expect(await refusal(browser, act)).toEqual(["impersonating", "ada"]);
    expect(await whoIn(browser)).toEqual(["ada", "op"]);
  });

  it("cannot unlock the user's session", async () => {
    const protections = [impersonation(), lockWhenIdle({ after: "5m" })];
    const world = worldOf({ protections });
    const browser = await acting(world);
    world.clock.move(6 * MINUTE);
    const opened = await refusal(browser, (session) => unlock(session, { factors: ["pin"] }));
    expect(opened).toEqual(["impersonating", null]);
  });

  it("cannot carry the user's sign-in elsewhere", async () => {
    const world = worldOf();
    const browser = await acting(world);
    const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const handOff = (session: Session<Untyped>): Promise<string> =>
      world.sessions.handOff(session, { audience: "https://shop.example", challenge });
    expect(await refusal(browser, handOff)).toEqual(["OptionsError", "ada"]);
  });

  it.each(["ada", "op"])(
    "acts no more when all sessions of %s end [ASVS 7.4.2, ASVS 7.4.5]",
    async (userId) => {
      const world = worldOf();
      const browser = await acting(world);
      await world.sessions.revokeAll({ userId });
      expect(await whoIn(browser)).toEqual([null, null]);
      expect(await world.live()).toBe(0);
    },
  );

  it("does not come back once all of their sessions have ended", async () => {
    const world = worldOf();
    const browser = await acting(world);
    const { json } = await browser.visit(async (session) => {
      await world.sessions.revokeAll({ userId: "op" });
      return stopImpersonating(session).catch((error: Error) => error.name);
    });
    expect(json).toBe("SessionEndedError");
    expect(await whoIn(browser)).toEqual([null, null]);
  });

  it("comes back to nothing once their credentials have changed [ASVS 7.4.3]", async () => {
    const hashes = new Map([
      ["op", "one"],
      ["ada", "hers"],
    ]);
    const passwords = credentials({ of: (userId) => hashes.get(userId) });
    const browser = await acting(worldOf({ protections: [passwords, impersonation()] }));
    const returning = await acting(worldOf({ protections: [passwords, impersonation()] }));
    await returning.visit((session) => stopImpersonating(session));
    expect(await whoIn(returning)).toEqual(["op", null]);
    hashes.set("op", "two");
    await browser.visit((session) => stopImpersonating(session));
    expect(await whoIn(browser)).toEqual([null, null]);
  });

  it("does not begin once all of their sessions have ended", async () => {
    const world = worldOf();
    const browser = await world.signedIn("op");
    const { json } = await browser.visit(async (session) => {
      await world.sessions.revokeAll({ userId: "op" });
      return become(session).catch((error: Error) => error.name);
    });
    expect(json).toBe("SessionEndedError");
    expect(await world.live()).toBe(0);
  });

  it("may sign in as themselves again, and is nobody else then", async () => {
    const browser = await acting();
    await browser.visit((session) => session.signIn("op"));
    expect(await whoIn(browser)).toEqual(["op", null]);
  });

  it("must be signed in, be somebody else, and say why and for how long", async () => {
    const world = worldOf();
    expect(await refusal(world.browser(), become)).toEqual(["signedOut", null]);
    const browser = await world.signedIn("op");
    const wrong: unknown[] = [];
    for (const [userId, options] of [
      ["op", { for: "1m", reason: "x" }],
      ["", { for: "1m", reason: "x" }],
      ["ada", { for: "1m", reason: "" }],
      ["ada", { for: "1m" }],
      ["ada", { reason: "x" }],
      ["ada", { for: "1m", reason: "x", nested: true }],
    ] as const) {
      wrong.push(await refusal(browser, (each) => impersonate(each, userId, options as never)));
    }
    expect(wrong).toEqual(Array(6).fill(["OptionsError", "op"]));
  });

  it("needs the protection, and a store that knows its users", async () => {
    const plain = await new World().signedIn("op");
    expect(await refusal(plain, become)).toEqual(["OptionsError", "op"]);
    const world = worldOf();
    const { directory: _, ...store } = wrapped(world.memory, world.switch.intercept);
    const sessions = world.process({ protections: [impersonation()], store });
    const browser = new Browser(sessions);
    await browser.visit((session) => session.signIn("op"));
    expect(await refusal(browser, become)).toEqual(["OptionsError", "op"]);
  });
});
