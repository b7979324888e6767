import { describe, expect, it } from "vitest";
import type { Protection } from "../../src/core/engine.ts";
import { credentials } from "../../src/security/assurance/index.ts";
import { everyoneAtOnce, revokeEveryone } from "../../src/security/theft/index.ts";
import type { Browser } from "../laws/support/browser.ts";
import { World } from "../laws/support/world.ts";

const audience = "https://shop.example";

/** A visitor who holds a code that a session of the user's has made, and has not redeemed it. */
async function waiting(world: World): Promise<() => Promise<readonly [unknown, Browser]>> {
  const giver = await world.signedIn("ada");
  const visitor = world.browser();
  const { json: challenge } = await visitor.request(async (request) =>
    Response.json(await world.sessions.expectHandOff(request, { audience })),
  );
  const { json: code } = await giver.visit((session) =>
    world.sessions.handOff(session, { audience, challenge: String(challenge) }),
  );
  return async () => {
    const answer = await visitor.request(
      async (request) => {
        const redeemed = await world.sessions.redeem(request, code);
        return Response.json(redeemed.ok ? redeemed.session.userId : redeemed.reason);
      },
      { method: "POST" },
    );
    return [answer.json, visitor] as const;
  };
}

const userOf = async (browser: Browser): Promise<unknown> =>
  (await browser.visit((session) => session.userId ?? null)).json;

describe("a sign-in that is handed on outlives nothing", () => {
  it("that has ended the sessions of all users since [ASVS 7.4.5]", async () => {
    const world = new World({ protections: [everyoneAtOnce()] });
    const redeem = await waiting(world);
    await revokeEveryone(world.sessions);
    const [outcome, visitor] = await redeem();
    expect([outcome, await userOf(visitor)]).toEqual(["revoked", null]);
    const [later] = await (await waiting(world))();
    expect(later).toBe("ada");
  });

  it("that ends them while it is redeemed [ASVS 7.4.5]", async () => {
    let isRedeemed = false;
    const late: Protection = {
      name: "late",
      protect: () => ({
        signingIn: async () => {
          if (isRedeemed) await revokeEveryone(world.sessions);
          return [];
        },
      }),
    };
    const world: World = new World({ protections: [late, everyoneAtOnce()] });
    const redeem = await waiting(world);
    isRedeemed = true;
    const [, visitor] = await redeem();
    expect(await userOf(visitor)).toBeNull();
  });

  it("that has changed its user's credentials since [ASVS 7.4.3]", async () => {
    const hashes = ["one"];
    const passwords = credentials({ of: () => hashes.at(-1) });
    const world = new World({ protections: [passwords] });
    const redeem = await waiting(world);
    hashes.push("two");
    const [outcome, visitor] = await redeem();
    expect([outcome, await userOf(visitor)]).toEqual(["revoked", null]);
  });

  it("that changes them while it is redeemed [ASVS 7.4.3]", async () => {
    const hashes = ["one"];
    let isRedeemed = false;
    const late: Protection = {
      name: "late",
      protect: () => ({
        signingIn: async () => {
          if (isRedeemed) hashes.push("two");
          return [];
        },
      }),
    };
    const world = new World({ protections: [late, credentials({ of: () => hashes.at(-1) })] });
    const redeem = await waiting(world);
    isRedeemed = true;
    const [, visitor] = await redeem();
    expect(await userOf(visitor)).toBeNull();
  });
});
