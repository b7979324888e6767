import { describe, expect, it } from "vitest";
import { cookieStore } from "../../../src/cookies/cookie.ts";
import { createSessions, type Session, type Untyped } from "../../../src/index.ts";
import { requireFresh } from "../../../src/security/assurance/index.ts";
import { flow, pendingSignIn } from "../../../src/security/flows/index.ts";
import { bound, durableStore, newKey } from "../../cookies/support/cookie-world.ts";
import { Browser } from "../../laws/support/browser.ts";
import { MINUTE } from "../../laws/support/clock.ts";
import { times, World } from "../../laws/support/world.ts";
import { yielding } from "../../laws/support/wrapped-store.ts";

const signIns = pendingSignIn();

const begin = (session: Session<Untyped>): Promise<void> =>
  signIns.begin(session, "ada", { factors: ["password"] });
const complete = (session: Session<Untyped>): Promise<void> =>
  signIns.complete(session, { factors: ["totp"] });

const tried = async (
  browser: Browser,
  act: (session: Session<Untyped>) => Promise<unknown>,
): Promise<unknown> =>
  (await browser.visit((session) => act(session).catch(({ reason }) => reason))).json;

async function halfDone(world = new World()): Promise<Browser> {
  const browser = world.browser();
  await browser.visit(begin);
  return browser;
}

describe("a sign-in that is half done", () => {
  it("signs nobody in: no route takes its visitor for anybody [GHSA-xg6x-h9c9-2m83]", async () => {
    const world = new World();
    const browser = await halfDone(world);
    const { json } = await browser.visit(async (session, request) => [
      session.userId ?? null,
      session.authenticatedAt ?? null,
      session.factors.size,
      session.isFresh("1h"),
      (await world.sessions.read(request))?.userId ?? null,
      await world.sessions.list({ userId: "ada" }),
      ((): unknown => {
        try {
          return requireFresh(session, { maxAge: "1h" });
        } catch (error) {
          return (error as { reason: string }).reason;
        }
      })(),
    ]);
    expect(json).toEqual([null, null, 0, false, null, [], "signedOut"]);
    expect(world.told("signedIn")).toEqual([]);
  });

  it("is completed with all of its factors, each with its own time", async () => {
    const world = new World();
    const browser = await halfDone(world);
    const begun = world.clock.now();
    world.clock.move(2 * MINUTE);
    const half = (await browser.visit((session) => signIns.at(session))).json;
    expect(half).toMatchObject({ candidateId: "ada", triesLeft: 5, endsAt: begun + 5 * MINUTE });
    await browser.visit(complete);
    const { json } = await browser.visit((session) => [
      session.userId,
      Object.fromEntries(session.factors),
      signIns.at(session) ?? null,
    ]);
    expect(json).toEqual(["ada", { password: begun, totp: world.clock.now() }, null]);
  });

  it("is completed once among parallel requests of several processes", async () => {
    const world = new World();
    const browser = await halfDone(world);
    world.switch.behave = yielding;
    const processes = await times(2, async () => world.process());
    const outcomes = await times(6, (index) =>
      tried(browser.copy(processes[index % 2]), async (session) => {
        await complete(session);
        return "done";
      }),
    );
    expect(outcomes.filter((each) => each === "done")).toHaveLength(1);
    expect(await world.sessions.list({ userId: "ada" })).toHaveLength(1);
  });

  it("is over in time, after a sign-in, and where none was begun", async () => {
    const world = new World();
    const late = await halfDone(world);
    world.clock.move(5 * MINUTE);
    expect(await tried(late, complete)).toBe("none");
    const other = await halfDone(world);
    await other.visit((session) => session.signIn("bob"));
    expect(await tried(other, complete)).toBe("none");
    expect(await tried(world.browser(), complete)).toBe("none");
  });

  it("takes a few wrong codes, and no more", async () => {
    const browser = await halfDone();
    const left: unknown[] = [];
    for (let tries = 0; tries < 6; tries += 1) {
      left.push(await tried(browser, (session) => signIns.failed(session)));
    }
    expect(left).toEqual([4, 3, 2, 1, 0, "none"]);
    expect(await tried(browser, complete)).toBe("none");
  });

  it("takes no more wrong codes for being tried in parallel", async () => {
    const world = new World();
    const browser = await halfDone(world);
    world.switch.behave = yielding;
    const left = await times(9, () => tried(browser.copy(), (session) => signIns.failed(session)));
    expect(left.filter((each) => each !== "none").sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it("is refused over sessions in cookies, where an older copy would bring tries back", async () => {
    const store = cookieStore({ revocations: bound(durableStore()) });
    const browser = new Browser(createSessions<Untyped>({ store, keys: [newKey()] }));
    const { json } = await browser.visit((session) =>
      begin(session).catch((error: Error) => error.message),
    );
    expect(json).toMatch(/^pendingSignIn: sessions in cookies cannot count wrong codes/);
  });

  it("begins under a new token, so that whoever planted the old one has no part in it", async () => {
    const attacker = await new World().returning({ cart: ["tea"] });
    const victim = attacker.copy();
    await victim.visit(begin);
    expect(await tried(attacker, complete)).toBe("none");
    await victim.visit(complete);
    const { json } = await victim.visit((session) => [session.userId, session.get("cart")]);
    expect(json).toEqual(["ada", ["tea"]]);
  });

  it("is no flow, and no flow is it [WSTG-SESS-08]", async () => {
    const browser = await halfDone();
    const likeIt = flow("sign-in", { steps: ["one"], expiresIn: "1h" }).holding<{ user: string }>();
    expect(await tried(browser, (session) => likeIt.finish(session))).toBe("none");
    const other = new World().browser();
    await other.visit((session) => likeIt.begin(session, { user: "ada" }));
    expect(await tried(other, complete)).toBe("none");
  });

  it("refuses what proves nothing", async () => {
    expect(() => pendingSignIn({ tries: 0 })).toThrow("pendingSignIn(tries)");
    expect(() => pendingSignIn({ expiresIn: 0 })).toThrow("pendingSignIn(expiresIn)");
    expect(() => pendingSignIn({ ttl: 1 } as never)).toThrow("pendingSignIn.ttl");
    const { json } = await new World()
      .browser()
      .visit((session) =>
        signIns.begin(session, "ada", { factors: [] }).catch((error: Error) => error.name),
      );
    expect(json).toBe("OptionsError");
  });
});
