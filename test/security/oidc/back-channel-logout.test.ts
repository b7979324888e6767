import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Sessions, Untyped } from "../../../src/index.ts";
import { endWhatCameOf } from "../../../src/security/oidc/ending.ts";
import { federationOf } from "../../../src/security/oidc/federation.ts";
import {
  type IdTokenClaims,
  identityOf,
  receiveLogout,
  signInFrom,
} from "../../../src/security/oidc/index.ts";
import { FOR_EVER, type Named } from "../../../src/security/oidc/provider-marks.ts";
import type { Browser } from "../../laws/support/browser.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../laws/support/clock.ts";
import { everyInterleaving } from "../../laws/support/interleavings.ts";
import type { World } from "../../laws/support/world.ts";
import { type Operation, wrapped } from "../../laws/support/wrapped-store.ts";
import {
  aliveOf,
  comeFrom,
  federatedWorld,
  ISSUER,
  isAlive,
  Provider,
} from "./support/provider.ts";

let provider: Provider;
let world: World;
beforeAll(async () => {
  provider = await Provider.open();
});
beforeEach(() => {
  world = federatedWorld([provider]);
});

const now = (): number => world.clock.now();
const SID = { sid: "s-1" };
const SUB = { sub: "sub-of-ada" };

/** A browser whose user has come from the provider. */
async function comeIn(sid: string, userId = "ada"): Promise<Browser> {
  const browser = world.browser();
  await comeFrom(browser, provider.claims(now(), { sid, sub: `sub-of-${userId}` }), userId);
  return browser;
}

const logOut = async (claims: Record<string, unknown>): Promise<unknown> =>
  receiveLogout(world.sessions, await provider.logout(now(), claims));

/** Another browser, to which the first one's sign-in was carried. */
async function handedOn(giver: Browser): Promise<Browser> {
  const receiver = world.browser();
  const audience = "https://shop.example";
  const { json: challenge } = await receiver.visit((_session, request) =>
    world.sessions.expectHandOff(request, { audience }),
  );
  const { json: code } = await giver.visit((session) =>
    world.sessions.handOff(session, { audience, challenge: String(challenge) }),
  );
  const redeem = async (request: Request): Promise<Response> => {
    const { ok } = await world.sessions.redeem(request, String(code), { audience });
    return Response.json(ok);
  };
  const headers = { "sec-fetch-site": "same-origin" };
  const answer = await receiver.request(redeem, { method: "POST", headers });
  expect(answer.json).toBe(true);
  return receiver;
}

describe("a logout at the provider", () => {
  it("of a session ends what came of that, and nothing else [ASVS 7.6.1]", async () => {
    const meant = [await comeIn("s-1"), await comeIn("s-1")];
    const others = [
      await comeIn("s-2"),
      await comeIn("s-3", "bob"),
      await world.signedIn("ada"),
      await world.returning(),
    ];
    const ids = await Promise.all(meant.map((browser) => world.idOf(browser)));
    expect(await logOut({ ...SID, ...SUB })).toEqual({ ok: true, ended: 2 });
    expect(await aliveOf([...meant, ...others.slice(0, 3)])).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    const told = world.told("revoked");
    expect(told.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    expect(told).toMatchObject([{ userId: "ada" }, { userId: "ada" }]);
  });

  it("of a user ends what they had by then, and they may come again [ASVS 7.6.1]", async () => {
    const [first, second, bob] = [
      await comeIn("s-1"),
      await comeIn("s-2"),
      await comeIn("s-3", "bob"),
    ];
    const token = await provider.logout(now(), SUB);
    world.clock.move(SECOND);
    const later = await comeIn("s-4");
    expect(await receiveLogout(world.sessions, token)).toEqual({ ok: true, ended: 2 });
    expect(await aliveOf([first, second, bob, later])).toEqual([false, false, true, true]);
    expect(await isAlive(await comeIn("s-5"))).toBe(true);
  });

  it("ends nothing of the same user's that came of another provider, whatever the names there", async () => {
    const other = await Provider.open("https://other.example");
    world = federatedWorld([provider, other]);
    const elsewhere = world.browser();
    await comeFrom(elsewhere, other.claims(now(), { ...SUB, ...SID }));
    for (const about of [SID, SUB]) {
      await comeIn("s-1");
      expect(
        await receiveLogout(world.sessions, await provider.logout(now(), about)),
      ).toMatchObject({
        ok: true,
      });
      expect(await isAlive(elsewhere)).toBe(true);
      world.clock.move(SECOND);
    }
  });

  it("goes by the provider's clock, however far ours is ahead of it", async () => {
    const issuedAt = now();
    world.clock.move(50 * SECOND);
    const browser = world.browser();
    await comeFrom(browser, provider.claims(issuedAt, SID));
    const token = await provider.logout(issuedAt + 10 * SECOND, SUB);
    expect(await receiveLogout(world.sessions, token)).toEqual({ ok: true, ended: 1 });
  });

  it("ends a session that has had new tokens, and one that was renewed", async () => {
    const browser = await comeIn("s-1");
    for (let times = 0; times < 5; times += 1)
      await browser.visit((session) => session.regenerate());
    expect(await logOut(SID)).toEqual({ ok: true, ended: 1 });
    expect(await isAlive(browser)).toBe(false);
  });

  it("ends what a hand-off has made of the session, too", async () => {
    const giver = await comeIn("s-1");
    const receiver = await handedOn(giver);
    expect((await receiver.visit((session) => identityOf(session)?.providerSession)).json).toBe(
      "s-1",
    );
    expect(await logOut(SID)).toEqual({ ok: true, ended: 2 });
    expect(await aliveOf([giver, receiver])).toEqual([false, false]);
  });

  it("ends a session however old, as long as it lives", async () => {
    world = federatedWorld([provider], { idleTimeout: "20d", absoluteTimeout: "30d" });
    const browser = await comeIn("s-1");
    for (const _ of [1, 2]) {
      world.clock.move(14 * DAY);
      expect(await isAlive(browser)).toBe(true);
    }
    expect(await logOut(SID)).toEqual({ ok: true, ended: 1 });
  });

  it("that comes again ends nothing more, and is no error: its answer may have been lost", async () => {
    await comeIn("s-1");
    const token = await provider.logout(now(), SUB);
    expect(await receiveLogout(world.sessions, token)).toEqual({ ok: true, ended: 1 });
    world.switch.forget();
    expect(await receiveLogout(world.sessions, token)).toEqual({ ok: true, ended: 0 });
    expect(world.switch.calls).toEqual(["load"]);
  });

  it("that has failed is obeyed when it comes again", async () => {
    const browser = await comeIn("s-1");
    const token = await provider.logout(now(), SID);
    world.switch.behave = async (operation, send) => {
      if (operation === "end") throw new Error("the store is away");
      return send();
    };
    await expect(receiveLogout(world.sessions, token)).rejects.toMatchObject({ status: 503 });
    world.switch.behave = (_operation, send) => send();
    expect(await receiveLogout(world.sessions, token)).toEqual({ ok: true, ended: 1 });
    expect(await isAlive(browser)).toBe(false);
  });

  it("that comes first refuses the sign-in of that session, now and later [ASVS 7.6.1]", async () => {
    const claims = provider.claims(now(), SID);
    expect(await logOut(SID)).toEqual({ ok: true, ended: 0 });
    const browser = await world.returning({ cart: ["apple"] });
    expect(await comeFrom(browser, claims)).toBe("SessionEndedError");
    world.clock.move(15 * MINUTE);
    expect(await comeFrom(browser, provider.claims(now(), SID))).toBe("SessionEndedError");
    const { json } = await browser.visit((session) => [
      session.userId ?? null,
      session.get("cart"),
    ]);
    expect(json).toEqual([null, ["apple"]]);
    expect(await comeFrom(browser, provider.claims(now(), { sid: "s-2" }))).toBe("ada");
  });

  it("of a user that comes first refuses tokens from before it, and none from after", async () => {
    const claims = provider.claims(now());
    world.clock.move(2 * SECOND);
    await logOut(SUB);
    expect(await comeFrom(world.browser(), claims)).toBe("SessionEndedError");
    world.clock.move(SECOND);
    expect(await comeFrom(world.browser(), provider.claims(now()))).toBe("ada");
  });

  it("finds each of the users that a person there is linked to, the eight newest", async () => {
    const browsers: Browser[] = [];
    for (const name of "abcdefgh") {
      const browser = world.browser();
      await comeFrom(browser, provider.claims(now(), SID), name);
      browsers.push(browser);
    }
    expect(await logOut(SUB)).toEqual({ ok: true, ended: 8 });
    expect((await aliveOf(browsers)).some(Boolean)).toBe(false);
  });

  it("is kept under names that nobody reads, in no clear word [ASVS 7.1.3]", async () => {
    const kept: string[] = [];
    world = federatedWorld([provider], {
      store: spied(world, kept),
    });
    await comeIn("session-of-ada", "ada-the-user");
    await logOut({ sid: "session-of-ada" });
    await logOut({ sub: "sub-of-ada-the-user" });
    expect(kept.length).toBeGreaterThan(5);
    const side = kept.filter((text) => text.includes(":oidc"));
    expect(side.length).toBeGreaterThan(4);
    for (const text of side) {
      expect(text).not.toMatch(/ada|id\.example|session-of|sub-of|token https/);
    }
    // Forgotten, the user is in no record that is left but as hashes and seals.
    await world.sessions.forget({ userId: "ada-the-user" });
    for (const id of new Set(kept.map((text) => String(JSON.parse(text).id)))) {
      const stored = await world.memory.load(id as never, {
        now: now(),
        signal: new AbortController().signal,
      });
      expect(JSON.stringify(stored) ?? "").not.toContain("ada");
    }
  });
});

/** The world's store, which notes each record that it is given to keep. */
function spied(inside: World, kept: string[]): ReturnType<typeof wrapped> {
  const store = wrapped(inside.memory, (_operation, send) => send());
  return {
    ...store,
    create: (record, call) => {
      kept.push(JSON.stringify(record));
      return store.create(record, call);
    },
    update: (record, expected, call) => {
      kept.push(JSON.stringify(record));
      return store.update(record, expected, call);
    },
  };
}

describe("nothing outruns a logout at the provider", () => {
  const over = (intercept: Parameters<typeof wrapped>[1]) =>
    federatedWorld([provider], {
      store: wrapped(world.memory, intercept),
      clock: world.clock,
    }).sessions;

  /** What a logout does once it is verified, which takes no turns that a schedule could count. */
  const ended = (sessions: Sessions<Untyped>, claims: { sid?: string; sub?: string }) => {
    const { sid, sub } = claims;
    const named: Named =
      sid === undefined
        ? { issuer: ISSUER, kind: "sub", value: String(sub) }
        : { issuer: ISSUER, kind: "sid", value: sid };
    const upTo = sid === undefined ? now() + SECOND - 1 : FOR_EVER;
    return endWhatCameOf(federationOf(sessions, "test"), { named, upTo });
  };

  it.each<[string, typeof SUB | typeof SID, Partial<IdTokenClaims>, Operation[]]>([
    ["a user", SUB, {}, ["generation"]],
    ["a session", SID, SID, ["generation", "load"]],
  ])("not who signs in, whichever call of the store comes first: %s", async (...example) => {
    const [, about, sid, free] = example;
    const claims = provider.claims(now(), sid);
    const outcomes = new Set<string>();
    const runs = await everyInterleaving(async (schedule) => {
      world = federatedWorld([provider]);
      const browser = world.browser().copy(over(schedule.actor("browser", ...free)));
      const logout = over(schedule.actor("provider"));
      const results: unknown[] = [];
      await schedule.run([
        comeFrom(browser, claims).then((each) => (results[0] = each)),
        ended(logout, about).then((each) => (results[1] = each)),
      ]);
      outcomes.add(JSON.stringify(results));
      expect(await isAlive(browser, world.sessions)).toBe(false);
      expect(await world.live()).toBe(0);
    });
    expect(runs).toBeGreaterThan(30);
    // Both ways were gone: the sign-in saw the mark, or the logout saw the session.
    expect([...outcomes].toSorted()).toEqual(['["SessionEndedError",0]', '["ada",1]']);
  });

  it("not who is given a new token meanwhile", async () => {
    const runs = await everyInterleaving(async (schedule) => {
      world = federatedWorld([provider]);
      const browser = await comeIn("s-1");
      const fast = browser.copy(over(schedule.actor("browser")));
      await schedule.run([
        fast.visit((session) => session.regenerate().catch(() => undefined)),
        ended(over(schedule.actor("provider")), SID),
      ]);
      expect(await isAlive(browser)).toBe(false);
      expect(await isAlive(fast, world.sessions)).toBe(false);
      expect(await world.live()).toBe(0);
    });
    expect(runs).toBeGreaterThan(100);
  });

  it("not who was let in by one process while another one has heard of it", async () => {
    const browser = await comeIn("s-1");
    const elsewhere = federatedWorld([provider], {
      store: wrapped(world.memory, world.switch.intercept),
      clock: world.clock,
    });
    const token = await provider.logout(now(), SID);
    expect(await receiveLogout(elsewhere.sessions, token)).toEqual({ ok: true, ended: 1 });
    const late = await browser.visit((session) =>
      signInFrom(session, "ada", provider.claims(now() + HOUR, SID)),
    );
    expect(late.status).toBe(409);
  });
});
