import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { handOffId } from "../../src/core/token.ts";
import {
  createSessions,
  type HandOffOptions,
  type Redemption,
  type Session,
  type Untyped,
} from "../../src/index.ts";
import type { Browser, Visit } from "./support/browser.ts";
import { HOUR, MINUTE, SECOND } from "./support/clock.ts";
import { lossy } from "./support/endings.ts";
import { times, World } from "./support/world.ts";

const AUDIENCE = "https://shop.example";
const POST = { method: "POST" } as const;

/** A visitor of the receiving side begins to wait. */
async function begin(browser: Browser, audience = AUDIENCE): Promise<string> {
  const { json } = await browser.request(
    async (request) => Response.json(await browser.sessions.expectHandOff(request, { audience })),
    {},
  );
  return String(json);
}

/** Somebody who is signed in has a code made. */
async function codeOf(
  browser: Browser,
  options: Partial<HandOffOptions<Untyped>> & { readonly challenge: string },
): Promise<string> {
  const { json } = await browser.visit((session) =>
    browser.sessions.handOff(session, { audience: AUDIENCE, ...options }),
  );
  return String(json);
}

type Redeemed = { readonly ok: true; readonly userId: string | undefined } | RefusedOne;
type RefusedOne = Extract<Redemption<Untyped>, { readonly ok: false }>;

function told(redeemed: Redemption<Untyped>): Redeemed {
  return redeemed.ok ? { ok: true, userId: redeemed.session.userId } : redeemed;
}

async function redeem(
  browser: Browser,
  code: unknown,
  options?: Parameters<typeof browser.sessions.redeem>[2],
  visit: Visit = POST,
): Promise<Redeemed> {
  const answer = await browser.request(
    async (request) => Response.json(told(await browser.sessions.redeem(request, code, options))),
    visit,
  );
  return answer.json as Redeemed;
}

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;

const ADA = { ok: true, userId: "ada" } as const;
const refusedAs = (reason: string): unknown => ({ ok: false, reason });

/** Ada is signed in on one domain, and has come to the other one. */
async function onBothSides(
  world: World,
  options: Partial<HandOffOptions<Untyped>> = {},
  data: Untyped = {},
): Promise<{ readonly giver: Browser; readonly receiver: Browser; readonly code: string }> {
  const giver = await world.signedIn("ada", data);
  const receiver = world.browser();
  const code = await codeOf(giver, { challenge: await begin(receiver), ...options });
  return { giver, receiver, code };
}

function pair(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

describe("a hand-off", () => {
  it("signs the user in on the other domain, and leaves the first session as it was", async () => {
    const world = new World();
    const { giver, receiver, code } = await onBothSides(world);
    expect(code).toMatch(/^[\w-]{43}$/);
    expect(await userOf(receiver)).toBe(null);
    expect(await redeem(receiver, code)).toEqual(ADA);
    expect(await userOf(receiver)).toBe("ada");
    expect(await userOf(giver)).toBe("ada");
    expect(receiver.token).not.toBe(giver.token);
  });

  it("gives the receiver a new token, and lists two sessions", async () => {
    const world = new World();
    const { receiver, code } = await onBothSides(world);
    const before = receiver.token;
    await redeem(receiver, code);
    expect(receiver.token).not.toBe(before);
    const planted = world.browser();
    planted.token = String(before);
    expect(await userOf(planted)).toBe(null);
    expect(await world.sessions.list({ userId: "ada" })).toHaveLength(2);
  });

  it("takes along what the visitor had, and of the giver only what is named", async () => {
    const world = new World();
    const giver = await world.signedIn("ada", { theme: "dark", secret: 1, plan: { seats: [1] } });
    const receiver = await world.returning({ cart: ["tea"], theme: "light" });
    const challenge = await begin(receiver);
    const code = await codeOf(giver, { challenge, keep: ["theme", "plan", "missing"] });
    await redeem(receiver, code);
    const { json } = await receiver.visit((session) => Object.fromEntries(session.entries()));
    expect(json).toEqual({ cart: ["tea"], theme: "dark", plan: { seats: [1] } });
  });

  it("needs no cookie of an app that brings a verifier of its own", async () => {
    const world = new World();
    const giver = await world.signedIn();
    const { verifier, challenge } = pair();
    const code = await codeOf(giver, { challenge });
    const app = world.browser();
    expect(await redeem(app, code, { verifier, audience: AUDIENCE })).toEqual(ADA);
    expect(await userOf(app)).toBe("ada");
  });

  it("starts anew in a web view whose session has just ended", async () => {
    const world = new World();
    const giver = await world.signedIn();
    const app = await world.signedIn("ada");
    const dead = app.copy();
    await app.visit((session) => session.signOut());
    const { verifier, challenge } = pair();
    const code = await codeOf(giver, { challenge });
    expect(await redeem(dead, code, { verifier, audience: AUDIENCE })).toEqual(ADA);
  });

  it("tells listeners both ends of it, and no code, challenge or verifier", async () => {
    const world = new World();
    const { giver, receiver, code } = await onBothSides(world);
    const id = await world.idOf(giver);
    await redeem(receiver, code);
    const audience = AUDIENCE;
    expect(world.told("handedOff")).toMatchObject([{ id, userId: "ada", audience }]);
    const own = await world.idOf(receiver);
    expect(world.told("redeemed")).toMatchObject([
      { id: own, userId: "ada", audience, fromId: id },
    ]);
    expect(world.told("signedIn").at(-1)).toMatchObject({ id: own, userId: "ada" });
    expect(JSON.stringify(world.heard)).not.toContain(code);
  });

  it("costs nobody else a call", async () => {
    const world = new World();
    const { giver, receiver, code } = await onBothSides(world);
    await redeem(receiver, code);
    for (const browser of [giver, receiver]) {
      await userOf(browser);
      world.switch.forget();
      await userOf(browser);
      expect(world.switch.calls).toEqual(["load"]);
    }
  });

  it("keeps its code out of every cache, and the receiver's challenge too", async () => {
    const world = new World();
    const giver = await world.signedIn();
    const receiver = await world.returning();
    const caching = { headers: { "Cache-Control": "max-age=60" } };
    const begun = await receiver.request(async (request) => {
      const challenge = await world.sessions.expectHandOff(request, { audience: AUDIENCE });
      return new Response(challenge, caching);
    });
    expect(begun.headers.get("cache-control")).toBe("no-store");
    const page = await giver.visit(async (session) => {
      const challenge = begun.text;
      const code = await world.sessions.handOff(session, { audience: AUDIENCE, challenge });
      return new Response(code, caching);
    });
    expect(page.headers.get("cache-control")).toBe("no-store");
  });
});

describe("a code", () => {
  it("works once, and says so to whoever comes second", async () => {
    const world = new World();
    const { receiver, code } = await onBothSides(world);
    const copied = receiver.copy();
    expect(await redeem(receiver, code)).toEqual(ADA);
    expect(await redeem(receiver, code)).toEqual(refusedAs("used"));
    expect(await redeem(copied, code)).toEqual(refusedAs("used"));
    expect(await userOf(receiver)).toBe("ada");
    expect(world.told("handOffRejected")).toMatchObject([{ reason: "used" }, { reason: "used" }]);
  });

  it("signs in once of twenty at the same moment, in two processes", async () => {
    const world = new World();
    const other = world.process();
    world.switch.behave = async (_operation, send) => {
      await new Promise(setImmediate);
      return send();
    };
    const { receiver, code } = await onBothSides(world);
    const results = await times(20, (n) =>
      redeem(receiver.copy(n % 2 === 0 ? world.sessions : other), code),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(results.filter(({ ok }) => !ok)).toEqual(Array(19).fill(refusedAs("used")));
    expect(await world.sessions.list({ userId: "ada" })).toHaveLength(2);
  });

  it("lives for a minute, for what ttl says, and for ten minutes at most", async () => {
    const world = new World();
    for (const [ttl, ms] of [[undefined, MINUTE] as const, ["10s", 10 * SECOND] as const]) {
      const { receiver, code } = await onBothSides(world, { ttl });
      const late = await onBothSides(world, { ttl });
      world.clock.move(ms - 1);
      expect(await redeem(receiver, code)).toEqual(ADA);
      world.clock.move(1);
      expect(await redeem(late.receiver, late.code)).toEqual(refusedAs("expired"));
    }
    const giver = await world.signedIn();
    const { challenge } = pair();
    const answer = await giver.visit(async (session) => {
      const options = { audience: AUDIENCE, challenge, ttl: "11m" } as const;
      return String(await world.sessions.handOff(session, options).catch(String));
    });
    expect(answer.json).toContain('handOff(ttl): must not exceed "10m"');
  });

  it("is unknown to a manager of another name on the same store", async () => {
    const world = new World();
    const { code, giver } = await onBothSides(world);
    const other = world.process({ name: "admin" });
    const receiver = world.browser().copy(other);
    await begin(receiver);
    expect(await redeem(receiver, code)).toEqual(refusedAs("unknown"));
    // A session of one is none that the other can hand on.
    const answer = await giver.visit(async (session) => {
      const { challenge } = pair();
      return String(await other.handOff(session, { audience: AUDIENCE, challenge }).catch(String));
    });
    expect(answer.json).toContain("OptionsError");
  });

  it("is data, whatever a client sends in its place", async () => {
    const world = new World();
    const receiver = world.browser();
    await begin(receiver);
    world.switch.forget();
    for (const code of [
      undefined,
      null,
      "",
      "x",
      7,
      {},
      ["a"],
      "A".repeat(100_000),
      "=".repeat(43),
    ]) {
      expect(await redeem(receiver.copy(), code)).toEqual(refusedAs("malformed"));
    }
    expect(await redeem(receiver, pair().challenge)).toEqual(refusedAs("unknown"));
    // What is no code costs no call; one that is unknown costs one.
    expect(world.switch.calls.filter((call) => call !== "load")).toEqual([]);
    expect(world.switch.count("load")).toBe(9 + 2);
  });

  it("is kept by no store, nor is a verifier", async () => {
    const world = new World();
    const { verifier, challenge } = pair();
    const { giver, receiver, code } = await onBothSides(world);
    const own = await codeOf(giver, { challenge });
    const call = { now: world.clock.now(), signal: new AbortController().signal };
    const seen: unknown[] = [];
    for (const method of ["create", "update", "end"] as const) {
      const original = world.memory[method].bind(world.memory) as (...all: unknown[]) => unknown;
      Object.assign(world.memory, {
        [method]: (...all: unknown[]) => {
          seen.push(all);
          return original(...all);
        },
      });
    }
    await begin(receiver);
    await redeem(receiver, code);
    await redeem(world.browser(), own, { verifier, audience: AUDIENCE });
    seen.push(
      world.heard,
      await world.memory.directory.scan({ manager: "session", after: undefined, limit: 99 }, call),
    );
    for (const secret of [code, own, verifier, receiver.token]) {
      expect(JSON.stringify(seen)).not.toContain(secret);
    }
  });
});

describe("a hand-off signs nobody in", () => {
  it("by a code that somebody has planted, whatever way it came (login CSRF)", async () => {
    const world = new World();
    const mallory = await world.signedIn("mallory");
    const own = world.browser();
    const planted = await codeOf(mallory, { challenge: await begin(own) });
    const victim = world.browser();
    // Who has begun nothing.
    expect(await redeem(victim, planted)).toEqual(refusedAs("unexpected"));
    // Who waits for a code of their own.
    await begin(victim);
    expect(await redeem(victim, planted)).toEqual(refusedAs("verifier"));
    expect(await userOf(victim)).toBe(null);
    // The attacker has not lost it by that.
    expect(await redeem(own, planted)).toEqual({ ok: true, userId: "mallory" });
  });

  it("by another site's form that holds a code and its verifier", async () => {
    const world = new World();
    const mallory = await world.signedIn("mallory");
    const { verifier, challenge } = pair();
    const code = await codeOf(mallory, { challenge });
    const victim = world.browser();
    const options = { verifier, audience: AUDIENCE };
    const foreign: readonly Record<string, string>[] = [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: "https://localhost.evil.example" },
    ];
    for (const headers of foreign) {
      const visit = { ...POST, headers };
      expect(await redeem(victim, code, options, visit)).toEqual(refusedAs("crossSite"));
    }
    expect(await userOf(victim)).toBe(null);
    const headers = { "Sec-Fetch-Site": "same-origin", Origin: "https://localhost" };
    expect((await redeem(victim, code, options, { ...POST, headers })).ok).toBe(true);
  });

  it("by a code alone that was stolen on its way", async () => {
    const world = new World();
    const { receiver, code } = await onBothSides(world);
    const thief = world.browser();
    const audience = AUDIENCE;
    expect(await redeem(thief, code)).toEqual(refusedAs("unexpected"));
    await begin(thief);
    expect(await redeem(thief, code)).toEqual(refusedAs("verifier"));
    for (const verifier of [pair().verifier, "", null, 7, {}, "x".repeat(500)]) {
      expect(await redeem(thief, code, { verifier, audience })).toEqual(refusedAs("verifier"));
    }
    // It is still the visitor's own.
    expect(await redeem(receiver, code)).toEqual(ADA);
  });

  it("elsewhere than where it is for", async () => {
    const world = new World();
    const { receiver, code } = await onBothSides(world, { audience: "https://other.example" });
    expect(await redeem(receiver, code)).toEqual(refusedAs("audience"));
    const { verifier, challenge } = pair();
    const own = await codeOf(await world.signedIn(), { challenge });
    const app = world.browser();
    expect(await redeem(app, own, { verifier, audience: "https://SHOP.example" })).toEqual(
      refusedAs("audience"),
    );
    await begin(receiver);
    expect(await redeem(receiver, own, { audience: "https://other.example" })).toEqual(
      refusedAs("audience"),
    );
  });

  it("by a link, a preview or a prefetch", async () => {
    const world = new World();
    const { receiver, code } = await onBothSides(world);
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      const heard = world.told("handOffRejected").length;
      await redeem(receiver.copy(), code, undefined, { method }).catch(() => undefined);
      expect(world.told("handOffRejected").slice(heard)).toMatchObject([{ reason: "method" }]);
    }
    for (const method of ["GET", "POST"]) {
      const headers = { "Sec-Purpose": "prefetch" };
      const answer = await receiver
        .copy()
        .request(
          async (request) => Response.json(told(await world.sessions.redeem(request, code))),
          { method, headers },
        );
      expect(answer.status).toBe(503);
    }
    expect(await redeem(receiver, code)).toEqual(ADA);
  });

  it("over another user's session, which stays; unless it is asked to end", async () => {
    const world = new World();
    const giver = await world.signedIn("ada");
    const receiver = await world.signedIn("bob", { cart: ["tea"] });
    const bob = receiver.copy();
    const code = await codeOf(giver, { challenge: await begin(receiver) });
    expect(await redeem(receiver, code)).toEqual(refusedAs("otherUser"));
    expect(await userOf(receiver)).toBe("bob");
    expect(await redeem(receiver, code, { otherUser: "end" })).toEqual(ADA);
    const { json } = await receiver.visit((session) => [session.userId, session.has("cart")]);
    expect(json).toEqual(["ada", false]);
    expect(await userOf(bob)).toBe(null);
    expect(await world.sessions.list({ userId: "bob" })).toEqual([]);
  });

  it("who is signed in here already, but anew", async () => {
    const world = new World();
    const giver = await world.signedIn("ada");
    const receiver = await world.signedIn("ada", { cart: ["tea"] });
    const code = await codeOf(giver, { challenge: await begin(receiver) });
    expect(await redeem(receiver, code)).toEqual(ADA);
    const { json } = await receiver.visit((session) => session.get("cart"));
    expect(json).toEqual(["tea"]);
    expect(await world.sessions.list({ userId: "ada" })).toHaveLength(2);
  });

  it("once the visitor has signed in or out themselves, or waited for an hour", async () => {
    const world = new World();
    for (const meanwhile of [
      (session: Session<Untyped>) => session.signIn("bob"),
      (session: Session<Untyped>) => session.destroy(),
    ]) {
      const { receiver, code } = await onBothSides(world);
      await receiver.visit(meanwhile);
      expect((await redeem(receiver, code)).ok).toBe(false);
      expect(await userOf(receiver)).not.toBe("ada");
    }
    const slow = new World({ idleTimeout: "2h" });
    const giver = await slow.signedIn();
    const receiver = slow.browser();
    const challenge = await begin(receiver);
    slow.clock.move(HOUR - 1);
    const early = await codeOf(giver, { challenge });
    slow.clock.move(1);
    expect(await redeem(receiver, early)).toEqual(refusedAs("unexpected"));
  });

  it("waits for four at once, each with a challenge of its own", async () => {
    const world = new World();
    const giver = await world.signedIn();
    const receiver = world.browser();
    const challenges: string[] = [];
    for (let tab = 0; tab < 5; tab += 1) challenges.push(await begin(receiver));
    expect(new Set(challenges).size).toBe(5);
    const codes = await times(5, (tab) =>
      codeOf(giver.copy(), { challenge: String(challenges[tab]) }),
    );
    expect(await redeem(receiver.copy(), codes[0])).toEqual(refusedAs("verifier"));
    expect(await redeem(receiver, codes[1])).toEqual(ADA);
  });
});

describe("a hand-off goes no further than the session that it comes from", () => {
  const endings: Record<string, (world: World, giver: Browser) => Promise<unknown>> = {
    "signed out": (_, giver) => giver.visit((session) => session.signOut()),
    destroyed: (_, giver) => giver.visit((session) => session.destroy()),
    revoked: async (world, giver) => world.sessions.revoke(await world.idOf(giver)),
    "signed in as somebody else": (_, giver) => giver.visit((session) => session.signIn("bob")),
    "past its timeout": async (world) => world.clock.move(5 * MINUTE),
  };

  it.each(Object.keys(endings))("where that is %s", async (ending) => {
    const world = new World({ idleTimeout: "5m", anonymous: "1h" });
    const { giver, receiver, code } = await onBothSides(world, { ttl: "10m" });
    await endings[ending]?.(world, giver);
    const reason = ending === "revoked" ? "revoked" : "ended";
    expect(await redeem(receiver, code)).toEqual(refusedAs(reason));
    expect(await userOf(receiver)).toBe(null);
  });

  it("takes values along with their own time, and none that is over", async () => {
    const world = new World();
    const { giver, receiver, code } = await onBothSides(world, {
      ttl: "10m",
      keep: ["a", "b", "c"],
    });
    await giver.visit((session) => {
      session.set("a", 1, { expiresIn: "1m" });
      session.set("b", 2, { expiresIn: "10m" });
      session.set("c", 3);
    });
    world.clock.move(5 * MINUTE);
    await redeem(receiver, code);
    const values = (browser: Browser): Promise<unknown> =>
      browser
        .visit((session) => [session.get("a"), session.get("b"), session.get("c")])
        .then(({ json }) => json);
    expect(await values(receiver)).toEqual([null, 2, 3]);
    world.clock.move(6 * MINUTE);
    expect(await values(receiver)).toEqual([null, null, 3]);
  });

  it("names nobody while it waits", async () => {
    const world = new World();
    const { code } = await onBothSides(
      world,
      { keep: ["address"] },
      { address: "12 Private Road" },
    );
    const stored = await world.stored(handOffId(code as never, "session"));
    expect(JSON.stringify(stored)).not.toMatch(/ada|Private/);
  });

  it("takes no other user's wish for a name along", async () => {
    const world = new World();
    const { verifier, challenge } = pair();
    const code = await codeOf(await world.signedIn("ada"), { challenge });
    const bob = await world.signedIn("bob");
    await bob.visit(
      async (session, request) => {
        session.label = "Bob's laptop";
        const options = { verifier, audience: AUDIENCE, otherUser: "end" } as const;
        await world.sessions.redeem(request, code, options);
      },
      { method: "POST" },
    );
    const labels = (await world.sessions.list({ userId: "ada" })).map(({ label }) => label);
    expect(labels).not.toContain("Bob's laptop");
  });

  it("where all of the user's are ended before, during and after", async () => {
    const world = new World();
    const { receiver, code } = await onBothSides(world);
    await world.sessions.revokeAll({ userId: "ada" });
    await world.signedIn("ada");
    expect(await redeem(receiver, code)).toEqual(refusedAs("revoked"));

    const spared = await onBothSides(world);
    const except = await world.idOf(spared.giver);
    await world.sessions.revokeAll({ userId: "ada", except });
    expect(await userOf(spared.giver)).toBe("ada");
    expect(await redeem(spared.receiver, spared.code)).toEqual(refusedAs("revoked"));
    const again = await codeOf(spared.giver, { challenge: await begin(spared.receiver) });
    expect(await redeem(spared.receiver, again)).toEqual(ADA);

    await world.sessions.revokeAll({ userId: "ada" });
    expect(await userOf(spared.receiver)).toBe(null);
  });

  it("where an ending of all has missed it, as an index can lose an entry", async () => {
    const world = new World();
    const giver = await world.signedIn();
    const receiver = world.browser();
    const challenge = await begin(receiver);
    const blind = createSessions<Untyped>({ store: lossy(world), clock: world.clock });
    await blind.revokeAll({ userId: "ada" });
    expect(await userOf(giver)).toBe("ada");
    const answer = await giver.visit((session) =>
      world.sessions.handOff(session, { audience: AUDIENCE, challenge }),
    );
    expect(answer.status).toBe(409);
    expect(world.told("handedOff")).toEqual([]);
  });

  it("at whichever moment of it the user's sessions end", async () => {
    for (let at = 0; at < 12; at += 1) {
      const world = new World();
      const { receiver, code } = await onBothSides(world);
      let calls = 0;
      const other = world.process();
      world.switch.behave = async (_operation, send) => {
        calls += 1;
        if (calls === at) {
          world.switch.behave = (_, go) => go();
          await other.revokeAll({ userId: "ada" });
        }
        return send();
      };
      await redeem(receiver, code).catch(() => undefined);
      world.switch.behave = (_, go) => go();
      const live = await world.sessions.list({ userId: "ada" });
      // Where it came before all of it there is nobody; where after, the new one is newer than that.
      if (calls >= at && at > 0) expect([at, live.length]).toEqual([at, 0]);
    }
  });

  it("but follows it under a new token", async () => {
    const world = new World();
    const { giver, receiver, code } = await onBothSides(world);
    for (let tokens = 0; tokens < 10; tokens += 1) {
      await giver.visit((session) => session.regenerate());
    }
    expect(await redeem(receiver, code)).toEqual(ADA);
  });

  it("nor does it last longer, or make the proof any fresher", async () => {
    const world = new World({ absoluteTimeout: "12h", persistent: "90d" });
    const giver = world.browser();
    await giver.visit((session) =>
      session.signIn("ada", { idleTimeout: "20m", absoluteTimeout: "1h" }),
    );
    const facts = (session: Session<Untyped>): unknown[] => [
      session.endsAt,
      session.idleEndsAt - session.lastSeenAt,
      session.authenticatedAt,
      session.isFresh("10m"),
    ];
    world.clock.move(10 * MINUTE);
    const receiver = world.browser();
    const code = await codeOf(giver, { challenge: await begin(receiver) });
    await redeem(receiver, code);
    const { json: given } = await giver.visit(facts);
    expect((await receiver.visit(facts)).json).toEqual(given);
    // Nor by a wish to be remembered, nor handed on once more.
    await receiver.visit((session) => {
      session.persistent = true;
    });
    const third = world.browser();
    const next = await codeOf(receiver, { challenge: await begin(third) });
    await redeem(third, next);
    for (const browser of [receiver, third]) {
      const { json } = await browser.visit((session) => [session.endsAt, session.authenticatedAt]);
      const [endsAt, , authenticatedAt] = given as unknown[];
      expect(json).toEqual([endsAt, authenticatedAt]);
    }
  });

  it("is not followed by its end afterwards: each ends by itself", async () => {
    const world = new World();
    const { giver, receiver, code } = await onBothSides(world);
    await redeem(receiver, code);
    await giver.visit((session) => session.signOut());
    expect(await userOf(receiver)).toBe("ada");
  });
});

describe("where the store fails", () => {
  it("a code whose use was not acknowledged has signed in once or not at all", async () => {
    for (const isLost of [true, false]) {
      const world = new World();
      const { receiver, code } = await onBothSides(world);
      let failures = 0;
      world.switch.behave = async (operation, send) => {
        if (operation !== "end" || failures > 0) return send();
        failures += 1;
        if (isLost) await send();
        throw new Error("the connection was lost");
      };
      expect(await redeem(receiver, code)).toEqual(ADA);
      expect(failures).toBe(1);
      expect(await redeem(receiver, code)).toEqual(refusedAs("used"));
    }
  });

  it("nobody is signed in where nobody knows whether the code is used up", async () => {
    const world = new World({ storeTimeout: 300 });
    const { receiver, code } = await onBothSides(world);
    world.switch.behave = async (operation, send) => {
      if (operation === "end") {
        world.switch.behave = async () => Promise.reject(new Error("the server is gone"));
        await send();
        throw new Error("the connection was lost");
      }
      return send();
    };
    const answer = await receiver.request(
      async (request) => Response.json(told(await world.sessions.redeem(request, code))),
      POST,
    );
    expect(answer.status).toBe(503);
    world.switch.behave = (_, send) => send();
    expect(await userOf(receiver)).toBe(null);
    expect(await redeem(receiver, code)).toEqual(refusedAs("used"));
  });
});

describe("what the program gets wrong", () => {
  it("is told with what to write instead", async () => {
    const world = new World();
    const giver = await world.signedIn();
    const { challenge } = pair();
    const handOff = async (options: unknown, browser: Browser = giver): Promise<string> => {
      const { json } = await browser.visit(async (session) =>
        String(await world.sessions.handOff(session, options as never).catch(String)),
      );
      return String(json);
    };
    expect(await handOff({ challenge })).toContain("handOff(audience)");
    expect(await handOff({ audience: "", challenge })).toContain("handOff(audience)");
    expect(await handOff({ audience: AUDIENCE })).toContain("handOff(challenge)");
    expect(await handOff({ audience: AUDIENCE, challenge, tll: 1 })).toContain("handOff.tll");
    expect(await handOff({ audience: AUDIENCE, challenge, keep: "all" })).toContain("keep");
    expect(await handOff({ audience: AUDIENCE, challenge }, world.browser())).toContain(
      "nobody is signed in",
    );
    const odd = await giver.visit(async () =>
      String(
        await world.sessions.handOff({} as never, { audience: AUDIENCE, challenge }).catch(String),
      ),
    );
    expect(odd.json).toContain("sessions.open(request)");
    const redeemed = await redeem(world.browser(), challenge, { verifier: challenge }).catch(
      String,
    );
    expect(redeemed).not.toMatchObject({ ok: true });
  });

  it("is 422 for a challenge that a client has made up", async () => {
    const world = new World();
    const giver = await world.signedIn();
    const answer = await giver.visit((session) =>
      world.sessions.handOff(session, { audience: AUDIENCE, challenge: "<script>" }),
    );
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain("script");
  });
});
