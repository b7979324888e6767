import { describe, expect, it } from "vitest";
import { cookieCache, cookieStore } from "../../src/cookies/cookie.ts";
import {
  createSessions,
  memoryStore,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { everyoneAtOnce, revokeEveryone } from "../../src/security/theft/index.ts";
import { bound, durableStore, newKey } from "../cookies/support/cookie-world.ts";
import { Browser } from "../laws/support/browser.ts";
import { SetClock } from "../laws/support/clock.ts";
import { listen, World } from "../laws/support/world.ts";
import { wrapped } from "../laws/support/wrapped-store.ts";

const SECOND = 1_000;

async function userOf(browser: Browser): Promise<unknown> {
  const answer = await browser.visit((session) => session.userId ?? null);
  return answer.status === 200 ? answer.json : answer.status;
}

async function signedInAt(sessions: Sessions<Untyped>): Promise<Browser> {
  const browser = new Browser(sessions);
  await browser.visit((session) => session.signIn("ada"));
  return browser;
}

/** Two processes, wherever their sessions are kept. */
const KINDS: Readonly<Record<string, (clock: SetClock) => readonly Sessions<Untyped>[]>> = {
  "in a store": (clock) => {
    const store = durableStore();
    return [0, 1].map(() =>
      createSessions<Untyped>({ store: bound(store), clock, protections: [everyoneAtOnce()] }),
    );
  },
  "in cookies": (clock) => {
    const [revocations, keys] = [durableStore(), [newKey()]];
    return [0, 1].map(() => {
      const store = cookieStore({ revocations: bound(revocations), maxStaleness: "5m" });
      return createSessions<Untyped>({ store, keys, clock, protections: [everyoneAtOnce()] });
    });
  },
  "in copies": (clock) => {
    const [store, keys] = [durableStore(), [newKey()]];
    return [0, 1].map(() => {
      const cached = cookieCache(bound(store), { maxStaleness: "5m" });
      return createSessions<Untyped>({
        store: cached,
        keys,
        clock,
        protections: [everyoneAtOnce()],
      });
    });
  },
};

describe.each(Object.entries(KINDS))("everybody whose sessions are %s", (_name, open) => {
  it("is out: here at once, elsewhere within 30 seconds [ASVS 7.4.5]", async () => {
    const clock = new SetClock(Date.now());
    const [here, there] = open(clock) as [Sessions<Untyped>, Sessions<Untyped>];
    const [ada, bob] = [await signedInAt(here), await signedInAt(there)];
    const visitor = new Browser(there);
    await visitor.visit((session) => session.set("cart", ["apple"]));
    clock.move(SECOND);
    expect(await userOf(bob)).toBe("ada");
    await revokeEveryone(here);
    expect(await userOf(ada)).toBeNull();
    expect(await userOf(bob.copy(here))).toBeNull();
    const late = await signedInAt(there);
    clock.move(30 * SECOND);
    expect(await userOf(bob)).toBeNull();
    expect(await userOf(late)).toBe("ada");
    expect(await userOf(late.copy(here))).toBe("ada");
    const cart = await visitor.visit((session) => session.get("cart"));
    expect(cart.json).toEqual(["apple"]);
  });

  it("is out for good, whoever had given them new tokens", async () => {
    const clock = new SetClock(Date.now());
    const [here, there] = open(clock) as [Sessions<Untyped>, Sessions<Untyped>];
    const ada = await signedInAt(there);
    await revokeEveryone(here);
    // It does not know yet.
    await ada.visit((session) => session.regenerate());
    clock.move(30 * SECOND);
    expect(await userOf(ada.copy(here))).toBeNull();
    expect(await userOf(ada)).toBeNull();
    await revokeEveryone(there);
    const again = await signedInAt(here);
    clock.move(30 * SECOND);
    expect(await userOf(again)).toBe("ada");
  });
});

describe("what looking out for it costs", () => {
  it("is one call in so many seconds, whatever is read, and one for a sign-in", async () => {
    const world = new World({ protections: [everyoneAtOnce({ within: "20s" })] });
    const browser = await world.signedIn();
    expect(world.switch.calls.filter((call) => call === "generation")).toHaveLength(3);
    world.switch.calls.length = 0;
    for (let second = 0; second < 60; second += 1) {
      world.clock.move(SECOND);
      await Promise.all([browser, browser, browser].map((each) => userOf(each.copy())));
    }
    const calls = world.switch.calls.filter((call) => call === "generation");
    // Half-way each time, so that nobody waits.
    expect(calls).toHaveLength(6);
  });

  it("is 503 where nobody knows any more, and nothing as long as the last answer holds", async () => {
    const world = new World({ protections: [everyoneAtOnce({ within: "20s" })] });
    const [browser, visitor] = [await world.signedIn(), await world.returning()];
    world.switch.behave = (operation, send) =>
      operation === "generation" ? Promise.reject(new Error("away")) : send();
    world.clock.move(19 * SECOND);
    expect(await userOf(browser)).toBe("ada");
    world.clock.move(SECOND);
    expect(await userOf(browser)).toBe(503);
    expect(await userOf(visitor)).toBeNull();
  });

  it("tells of it, and of each session that it ends", async () => {
    const world = new World({ protections: [everyoneAtOnce()] });
    const browser = await world.signedIn();
    await revokeEveryone(world.sessions);
    await userOf(browser);
    expect(world.told("everyoneRevoked", "revoked", "rejected")).toMatchObject([
      { name: "everyoneRevoked" },
      { name: "revoked", userId: "ada" },
      { name: "rejected", reason: "revoked" },
    ]);
  });

  it("outlasts an answer that was on its way", async () => {
    const store = memoryStore();
    let isHeld = false;
    let letGo = (): void => undefined;
    const slow = wrapped(store, async (operation, send) => {
      const answer = await send();
      if (isHeld && operation === "generation") await new Promise<void>((go) => (letGo = go));
      return answer;
    });
    const clock = new SetClock();
    const sessions = createSessions<Untyped>({
      store: slow,
      clock,
      protections: [everyoneAtOnce()],
    });
    const heard = listen(sessions);
    const browser = await signedInAt(sessions);
    isHeld = true;
    clock.move(31 * SECOND);
    const looking = userOf(browser);
    await new Promise(setImmediate);
    isHeld = false;
    await revokeEveryone(sessions);
    letGo();
    expect(await looking).toBeNull();
    expect(heard.filter(({ name }) => name === "revoked")).toHaveLength(1);
  });
});

describe("everyoneAtOnce", () => {
  it("is refused in a sentence where it cannot hold", async () => {
    expect(() => everyoneAtOnce({ within: "10m" })).toThrow('must be from "1s" to "5m"');
    expect(() => everyoneAtOnce({ every: "10s" } as never)).toThrow("is not known");
    const { load, create, update, end, profile } = wrapped(memoryStore(), (_, send) => send());
    const store: SessionStore = { load, create, update, end, profile };
    const protections = [everyoneAtOnce()];
    expect(() => createSessions({ store, protections })).toThrow(
      /^protections: everyoneAtOnce: this store/,
    );
    const plain = createSessions({ store: memoryStore() });
    await expect(revokeEveryone(plain)).rejects.toThrow("everyoneAtOnce()");
  });
});
