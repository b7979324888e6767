import { describe, expect, it } from "vitest";
import {
  createSessions,
  type Session,
  SessionLockedError,
  type Untyped,
} from "../../../src/index.ts";
import { djangoSessions } from "../../../src/interop/django/index.ts";
import { flaskSessions } from "../../../src/interop/flask/index.ts";
import {
  credentials,
  isElevated,
  lockedUserId,
  lockWhenIdle,
  unlock,
} from "../../../src/security/assurance/index.ts";
import { csrfToken, requireCsrfToken } from "../../../src/security/csrf/index.ts";
import { flow, pendingSignIn } from "../../../src/security/flows/index.ts";
import type { Browser } from "../../laws/support/browser.ts";
import { HOUR, MINUTE } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";

const TIMEOUTS = { idleTimeout: "12h", absoluteTimeout: "24h", defaults: { cart: [] } } as const;

const lockedWorld = (options: Record<string, unknown> = {}): World =>
  new World({ ...TIMEOUTS, protections: [lockWhenIdle({ after: "1h" })], ...options });

/** Somebody whose session is locked by now. */
async function locked(world = lockedWorld()): Promise<Browser> {
  const browser = world.browser();
  await browser.visit(async (session) => {
    session.set("cart", ["tea"]);
    await session.signIn("ada", { factors: ["password", "totp"] });
  });
  world.clock.move(HOUR);
  return browser;
}

const seen = (session: Session<Untyped>): unknown => [
  session.userId ?? null,
  session.get("cart"),
  lockedUserId(session) ?? null,
];

const tried = async (act: () => unknown): Promise<unknown> => {
  try {
    return (await act()) ?? "done";
  } catch (error) {
    return error instanceof SessionLockedError ? error.status : (error as Error).message;
  }
};

describe("a session that nobody has used for too long", () => {
  it("is locked, not ended: its user unlocks it with one factor, under a new token [ASVS 7.2.4, NIST 2.2.3]", async () => {
    const world = lockedWorld();
    const browser = await locked(world);
    const begun = world.clock.now() - HOUR;
    const thief = browser.copy();
    expect((await browser.visit(seen)).json).toEqual([null, [], "ada"]);
    const { json } = await browser.visit(async (session) => [
      await unlock(session, { factors: ["totp"] }),
      session.userId,
      session.get("cart"),
      Object.fromEntries(session.factors),
      session.authenticatedAt,
      session.isFresh("10m"),
      session.isFresh("10m", { factors: ["totp"] }),
      session.isFresh("10m", { factors: ["password"] }),
      session.endsAt,
    ]);
    const factors = { password: begun, totp: world.clock.now() };
    const end = begun + 24 * HOUR;
    expect(json).toEqual([true, "ada", ["tea"], factors, begun, false, true, false, end]);
    expect((await browser.visit(seen)).json).toEqual(["ada", ["tea"], null]);
    expect((await thief.visit(seen)).json).toEqual([null, [], null]);
  });

  it("gives nothing and takes nothing while it is locked", async () => {
    const world = lockedWorld();
    const browser = await locked(world);
    const before = await world.sessions.list({ userId: "ada" });
    const reset = flow("reset", { steps: ["one"], expiresIn: "1h" }).holding<object>();
    const { json, cookies } = await browser.visit(async (session, request) => [
      [...session.entries()],
      session.isNew,
      session.isEnded,
      session.isFresh("24h"),
      session.factors.size,
      isElevated(session, "payout"),
      (await world.sessions.read(request)) ?? null,
      await tried(() => session.set("cart", [])),
      await tried(() => session.delete("cart")),
      await tried(() => session.clear()),
      await tried(() => session.flash("note", "hello")),
      await tried(() => {
        session.persistent = true;
      }),
      await tried(() => session.update("cart", () => [])),
      await tried(() => session.consume("cart")),
      await tried(() => session.exclusive("work", () => undefined)),
      await tried(() => session.regenerate()),
      await tried(() => reset.begin(session, {})),
      await tried(() => pendingSignIn().begin(session, "bob", { factors: ["password"] })),
      await tried(() => world.sessions.expectHandOff(request, { audience: "here" })),
      session.take("note") ?? null,
    ]);
    const none = [["cart", []]];
    const nothing = [none, false, false, false, 0, false, null];
    const refused = Array(5).fill(401);
    const rest = [401, "done", 401, 401, 401, 401, 401, null];
    expect(json).toEqual([...nothing, ...refused, ...rest]);
    expect(cookies).toEqual([]);
    expect(await world.sessions.list({ userId: "ada" })).toEqual(before);
    const unlocked = await browser.visit(async (session) => {
      await unlock(session, { factors: ["pin"] });
      return session.get("cart");
    });
    expect(unlocked.json).toEqual(["tea"]);
  });

  it("stores nothing that is changed in place, and says so", async () => {
    const browser = await locked();
    const { status } = await browser.visit((session) => session.get("cart").push("eve"));
    expect(status).toBe(401);
  });

  it("is locked to the very moment, and activity keeps it open whatever its idle timeout is", async () => {
    const world = lockedWorld();
    const browser = await world.signedIn();
    for (let minutes = 0; minutes < 300; minutes += 10) {
      world.clock.move(10 * MINUTE);
      await browser.visit(() => undefined);
    }
    world.clock.move(HOUR - 1);
    expect((await browser.copy().visit(seen)).json).toEqual(["ada", [], null]);
    world.clock.move(HOUR);
    expect((await browser.visit(seen)).json).toEqual([null, [], "ada"]);
  });

  it("stays locked whatever is asked of it, and ends when its idle timeout is over", async () => {
    const world = lockedWorld();
    const browser = await locked(world);
    for (let hours = 1; hours < 12; hours += 1) {
      expect((await browser.visit(seen)).json).toEqual([null, [], "ada"]);
      world.clock.move(HOUR);
    }
    expect((await browser.visit(seen)).json).toEqual([null, [], null]);
    expect(world.told("expired")).toMatchObject([{ userId: "ada", timeout: "idle" }]);
  });

  it("ends at its absolute end, however often it is unlocked", async () => {
    const world = lockedWorld();
    const browser = await world.signedIn();
    for (let hours = 2; hours < 24; hours += 2) {
      world.clock.move(2 * HOUR);
      await browser.visit((session) => unlock(session, { factors: ["pin"] }));
      expect((await browser.visit(seen)).json).toEqual(["ada", [], null]);
    }
    world.clock.move(2 * HOUR);
    expect((await browser.visit(seen)).json).toEqual([null, [], null]);
  });

  it("is unlocked by a sign-in of its user, whose data come along, and both clocks start again", async () => {
    const world = lockedWorld();
    const browser = await locked(world);
    await browser.visit((session) => session.signIn("ada", { factors: ["password"] }));
    const { json } = await browser.visit((session) => [
      session.userId,
      session.get("cart"),
      session.endsAt,
    ]);
    expect(json).toEqual(["ada", ["tea"], world.clock.now() + 24 * HOUR]);
    expect(await world.live()).toBe(1);
  });

  it("gives another user who signs in nothing of it, and ends", async () => {
    const world = lockedWorld();
    const browser = await locked(world);
    await browser.visit((session) => session.signIn("bob"));
    expect((await browser.visit(seen)).json).toEqual(["bob", [], null]);
    expect(await world.live()).toBe(1);
  });

  it.each([
    ["signOut", "signedOut"],
    ["destroy", "destroyed"],
  ] as const)("ends by %s, of which nothing is kept", async (end, reason) => {
    const world = lockedWorld();
    const browser = await locked(world);
    const { cookies } = await browser.visit((session) =>
      end === "signOut" ? session.signOut({ keep: ["cart"] }) : session.destroy(),
    );
    expect(cookies.join()).toMatch(/Max-Age=0/);
    expect(await world.live()).toBe(0);
    expect(world.told(reason)).toMatchObject([{ userId: "ada" }]);
  });

  it.each(["all", ["cart"]] as const)(
    "gives another user nothing of it, though keep is %j",
    async (keep) => {
      const browser = await locked();
      await browser.visit((session) => session.signIn("bob", { keep }));
      expect((await browser.visit(seen)).json).toEqual(["bob", [], null]);
    },
  );

  it("has a CSRF token for the page that unlocks it, which the unlocking ends", async () => {
    const browser = await locked();
    const { json: token } = await browser.visit((session) => csrfToken(session));
    const check = (session: Session<Untyped>): Promise<unknown> =>
      tried(() => requireCsrfToken(session, token));
    const { json } = await browser.visit(async (session) => [
      await check(session),
      await unlock(session, { factors: ["pin"] }),
      await check(session),
    ]);
    expect(json).toEqual(["done", true, expect.stringMatching(/^Refused a GET without a CSRF/)]);
  });

  it("stays locked where the sign-in, or the unlocking, fails", async () => {
    const world = lockedWorld();
    const browser = await locked(world);
    world.switch.behave = (operation, send) =>
      operation === "create" ? Promise.reject(new Error("away")) : send();
    const { json } = await browser.visit(async (session) => [
      await session.signIn("ada").catch((error: Error) => error.name),
      seen(session),
      await unlock(session, { factors: ["pin"] }).catch((error: Error) => error.name),
      seen(session),
    ]);
    expect(json).toEqual(["StoreError", [null, [], "ada"], "StoreError", [null, [], "ada"]]);
  });

  it.each<["signOut" | "destroy"]>([["signOut"], ["destroy"]])(
    "stays locked, and shows nothing, where it cannot be ended: %s",
    async (end) => {
      const world = lockedWorld();
      const browser = await locked(world);
      world.switch.behave = (operation, send) =>
        operation === "end" ? Promise.reject(new Error("away")) : send();
      const { json } = await browser.visit(async (session) => {
        const ending = session[end]();
        return [
          seen(session),
          await ending.catch((error: Error) => error.name),
          seen(session),
          await tried(() => session.set("cart", [])),
        ];
      });
      expect(json).toEqual([[null, [], "ada"], "StoreError", [null, [], "ada"], 401]);
      world.switch.behave = (_operation, send) => send();
      await browser.visit((session) => session[end]());
      expect((await browser.visit(seen)).json).toEqual([null, [], null]);
    },
  );

  it.each<[string, (session: Session<Untyped>) => Promise<unknown>]>([
    ["signIn", (session) => session.signIn("ada")],
    ["unlock", (session) => unlock(session, { factors: ["pin"] })],
  ])("takes what is set while it is unlocked, or says that it does not: %s", async (_, open) => {
    const world = lockedWorld();
    const browser = await locked(world);
    const visit = (): Promise<{ readonly status: number }> =>
      browser.visit(async (session) => {
        const opening = open(session);
        session.set("theme", "dark");
        await opening.catch(() => undefined);
      });
    world.switch.behave = (operation, send) =>
      operation === "create" ? Promise.reject(new Error("away")) : send();
    expect(await visit()).toMatchObject({ status: 401 });
    world.switch.behave = (_operation, send) => send();
    expect(await visit()).toMatchObject({ status: 200 });
    const { json } = await browser.visit((session) => [session.get("theme"), session.get("cart")]);
    expect(json).toEqual(["dark", ["tea"]]);
  });

  it.each(["ada", "eve"])("shows nothing before %s has signed in", async (userId) => {
    const browser = await locked();
    const { json } = await browser.visit(async (session) => {
      const signingIn = session.signIn(userId);
      const before = session.get("cart");
      await signingIn;
      return [before, session.get("cart")];
    });
    expect(json).toEqual([[], userId === "ada" ? ["tea"] : []]);
  });

  it("is not unlocked twice by two clicks, and neither of them fails", async () => {
    const world = lockedWorld();
    const browser = await locked(world);
    const second = browser.copy();
    const click = (session: Session<Untyped>): Promise<unknown> =>
      unlock(session, { factors: ["pin"] });
    expect((await browser.visit(click)).json).toBe(true);
    expect((await second.visit(click)).json).toBe(false);
    expect(world.told("unlocked")).toMatchObject([{ userId: "ada", factors: ["pin"] }]);
  });

  it("ends with all of its user's, locked as it is [ASVS 7.4.2]", async () => {
    const world = lockedWorld();
    const browser = await locked(world);
    await world.sessions.revokeAll({ userId: "ada" });
    expect((await browser.visit(seen)).json).toEqual([null, [], null]);
  });

  it("is asked about by the other protections all the same", async () => {
    let hash = "one";
    const protections = [lockWhenIdle({ after: "1h" }), credentials({ of: () => hash })];
    const world = lockedWorld({ protections });
    const browser = await locked(world);
    hash = "two";
    expect((await browser.visit(seen)).json).toEqual([null, [], null]);
    expect(await world.live()).toBe(0);
  });

  it("is known in a list", async () => {
    const lock = lockWhenIdle({ after: "1h" });
    const world = lockedWorld({ protections: [lock] });
    await locked(world);
    await world.signedIn();
    const all = await world.sessions.list({ userId: "ada" });
    expect(all.map((info) => lock.isLocked(info)).sort()).toEqual([false, true]);
  });

  it("is nobody's page for a cache", async () => {
    const { headers } = await (await locked()).visit(seen);
    expect(headers.get("cache-control")).toContain("private");
  });

  it("is never an anonymous visitor's", async () => {
    const world = lockedWorld();
    const browser = await world.returning({ cart: ["tea"] });
    world.clock.move(2 * HOUR);
    expect((await browser.visit(seen)).json).toEqual([null, ["tea"], null]);
  });

  it.each(["Flask", "Django"])("is refused where it is %s's, which locks none", (framework) => {
    const secretKey = "x".repeat(40);
    const store =
      framework === "Flask"
        ? flaskSessions({ secretKey })
        : djangoSessions({ engine: "signed_cookies", secretKey, passwordOf: async () => "hash" });
    expect(() => createSessions({ store, protections: [lockWhenIdle({ after: "1h" })] })).toThrow(
      "protections: lockWhenIdle: sessions that are shared with another framework do not tell",
    );
  });

  it("must be lockable before it ends", () => {
    const lock = lockWhenIdle({ after: "12h" });
    expect(() => lockedWorld({ protections: [lock] })).toThrow("lockWhenIdle(after): must be");
    expect(() => lockWhenIdle({ idle: "1h" } as never)).toThrow("lockWhenIdle.idle");
  });
});
