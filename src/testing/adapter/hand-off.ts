import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import type { Redemption } from "../../core/hand-off.ts";
import type { TestClient } from "../client.ts";
import type { AdapterAnswer, AdapterData } from "./port.ts";
import { SHOP, sessionLines } from "./shop.ts";
import { answer, type Stage, type Tell } from "./stage.ts";

const audience = "https://app.example";

/** A sign-in that is carried to another visitor, as far as the adapter tells who asks, and how. */
export function tellHandOff(tell: Tell): void {
  tell("signs in whoever asked for it, once, and under a new token", async (stage) => {
    const { receiver } = await onBothSides(stage);
    const arrived = await receiver.post("/redeem");
    assert.equal(await arrived.text(), "ok");
    assert.equal(sessionLines(arrived).length, 1);
    assert.equal(await (await receiver.get("/who")).text(), "ada");
    assert.equal(await (await receiver.post("/redeem")).text(), "used");
  });

  tell("is used up by no GET, and by nobody who did not ask for it", async (stage) => {
    const { receiver } = await onBothSides(stage);
    assert.equal(await (await receiver.get("/redeem")).text(), "method");
    assert.equal(await (await stage.client().post("/redeem")).text(), "unexpected");
    assert.equal(await (await receiver.post("/redeem")).text(), "ok");
  });

  tell("takes no verifier from a page of another site", async (stage) => {
    const { giver } = await onBothSides(stage);
    await giver.get("/hand-off-to-app");
    const app = stage.client();
    const evil = "https://evil.example";
    for (const headers of [{ "Sec-Fetch-Site": "cross-site" }, { Origin: evil }]) {
      // Where the session is opened before, its own rule has refused the request by then.
      assert.notEqual(await (await app.post("/redeem-in-app", { headers })).text(), "ok");
    }
    assert.equal(await (await app.post("/redeem-in-app")).text(), "ok");
    assert.equal(await (await app.get("/who")).text(), "ada");
  });

  tell("lets no cache keep the challenge or the code", async (stage) => {
    const { giver, receiver } = await onBothSides(stage);
    for (const response of [await receiver.get("/expect"), await giver.get("/hand-off")]) {
      assert.equal(response.headers.get("cache-control"), "no-store");
    }
  });
}

interface BothSides {
  readonly giver: TestClient;
  readonly receiver: TestClient;
}

/** One is signed in and has a code for the other, who waits for it. The routes know what they sent. */
async function onBothSides(stage: Stage): Promise<BothSides> {
  const sessions = stage.manager();
  const verifier = randomBytes(32).toString("base64url");
  const challengeOfApp = createHash("sha256").update(verifier).digest("base64url");
  let challenge = "";
  let code = "";
  const giver = await stage.serveWith([sessions], {
    ...SHOP,
    "/expect": async ({ request }) => {
      challenge = await sessions.expectHandOff(request, { audience });
      return answer("expected");
    },
    "/hand-off": async ({ open }) => {
      code = await sessions.handOff(await open(), { audience, challenge });
      return answer("handed off");
    },
    "/hand-off-to-app": async ({ open }) => {
      code = await sessions.handOff(await open(), { audience, challenge: challengeOfApp });
      return answer("handed off");
    },
    "/redeem": async ({ request }) => told(await sessions.redeem(request, code)),
    "/redeem-in-app": async ({ request }) =>
      told(await sessions.redeem(request, code, { verifier, audience })),
  });
  const receiver = stage.client();
  await giver.get("/sign-in");
  await receiver.get("/expect");
  await giver.get("/hand-off");
  return { giver, receiver };
}

function told(redeemed: Redemption<AdapterData>): AdapterAnswer {
  return answer(redeemed.ok ? "ok" : redeemed.reason);
}
