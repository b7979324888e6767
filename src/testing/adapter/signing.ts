import assert from "node:assert/strict";
import type { Session } from "../../core/session.ts";
import type { TestClient } from "../client.ts";
import type { AdapterData } from "./port.ts";
import { attributesOf, COOKIE_NAME, SHOP, sessionLines, tokenOf } from "./shop.ts";
import { answer, type Routes, type Stage, type Tell } from "./stage.ts";

const FORGOTTEN: Routes = {
  ...SHOP,
  "/forgets-to-await": async ({ open }) => {
    const session = await open();
    session.signIn("ada").catch(() => undefined);
    return answer("signed in");
  },
};

/** New tokens and dead ones. */
export function tellSigning(tell: Tell): void {
  tell("gives a new token at sign-in, and the old one is dead", async (stage) => {
    const client = await stage.serve(SHOP);
    const before = tokenOf(sessionLines(await client.get("/set-name"))[0]);
    const thief = { headers: { cookie: `${COOKIE_NAME}=${before}` } };
    const signedIn = await client.get("/sign-in");
    assert.equal(sessionLines(signedIn).length, 1);
    assert.notEqual(tokenOf(sessionLines(signedIn)[0]), before);
    assert.equal(await (await client.get("/who")).text(), "ada");
    assert.equal(await (await client.get("/name")).text(), "Ada");
    assert.equal(await (await stage.client().get("/who", thief)).text(), "nobody");
    assert.equal(await (await stage.client().get("/name", thief)).text(), "");
  });

  tell("gives a new token by regenerate, and the old one is dead", async (stage) => {
    const client = await stage.serve(SHOP);
    const before = tokenOf(sessionLines(await client.get("/set-name"))[0]);
    const response = await client.get("/regenerate");
    assert.equal(sessionLines(response).length, 1);
    assert.notEqual(tokenOf(sessionLines(response)[0]), before);
    assert.equal(await (await client.get("/name")).text(), "Ada");
    const thief = { headers: { cookie: `${COOKIE_NAME}=${before}` } };
    assert.equal(await (await stage.client().get("/name", thief)).text(), "");
  });

  for (const path of ["/sign-out", "/destroy"] as const) {
    tell(`expires the cookie by ${path} with the attributes it was sent with`, async (stage) => {
      const client = await stage.serve(SHOP);
      const sent = sessionLines(await client.get("/sign-in"))[0];
      const response = await client.get(path);
      const [line, ...more] = sessionLines(response);
      assert.deepEqual(more, []);
      assert.equal(tokenOf(line), "");
      const expiring = ["Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Max-Age=0"];
      assert.deepEqual(attributesOf(line), [...attributesOf(sent), ...expiring].sort());
      assert.deepEqual(client.cookies(), []);
      await assertDead(stage, tokenOf(sent));
    });
  }

  tell("replaces the cookie where a sign-out keeps something", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/leave": async ({ open }) => {
        await (await open()).signOut({ keep: ["name"] });
        return answer("left");
      },
    });
    await client.get("/set-name");
    const before = tokenOf(sessionLines(await client.get("/sign-in"))[0]);
    const [line, ...more] = sessionLines(await client.get("/leave"));
    assert.deepEqual(more, []);
    assert.match(tokenOf(line), /^[\w-]{43}$/);
    assert.notEqual(tokenOf(line), before);
    assert.equal(await (await client.get("/who")).text(), "nobody");
    assert.equal(await (await client.get("/name")).text(), "Ada");
    await assertDead(stage, before);
  });

  tell("finishes a transition that the handler forgot to await", async (stage) => {
    const client = await stage.serve(FORGOTTEN);
    stage.store.hinder(() => new Promise((resume) => setTimeout(resume, 20)));
    const response = await client.get("/forgets-to-await");
    assert.equal(sessionLines(response).length, 1);
    assert.equal(await (await client.get("/who")).text(), "ada");
  });

  for (const transition of ["signIn", "signOut", "regenerate", "destroy"] as const) {
    tell(`refuses ${transition} once the response waits for its commit`, async (stage) => {
      let begun: Session<AdapterData> | undefined;
      const client = await stage.serve({
        ...SHOP,
        "/write": async ({ open }) => {
          begun = await open();
          begun.set("name", "Grace");
          return answer("written");
        },
      });
      await client.get("/set-name");
      const writes = stage.store.holdWrites();
      const response = client.get("/write");
      await writes.reached;
      const late = transition === "signIn" ? begun?.signIn("eve") : begun?.[transition]();
      await assert.rejects(async () => late, { code: "ERR_SESSION_HEADERS_SENT" });
      writes.release();
      assert.equal((await response).status, 200);
      assert.equal(await (await client.get("/name")).text(), "Grace");
    });
  }

  tell("forgets a session that was revoked elsewhere", async (stage) => {
    const sessions = stage.manager();
    const client = await stage.serveWith([sessions], SHOP);
    await client.get("/sign-in");
    assert.equal(await sessions.revokeAll({ userId: "ada" }), 1);
    assert.equal(await (await client.get("/who")).text(), "nobody");
    assert.equal(await (await signInAgain(client)).text(), "ada");
  });
}

async function signInAgain(client: TestClient): Promise<Response> {
  await client.get("/sign-in");
  return client.get("/who");
}

async function assertDead(stage: Stage, token: string): Promise<void> {
  const thief = { headers: { cookie: `${COOKIE_NAME}=${token}` } };
  assert.equal(await (await stage.client().get("/who", thief)).text(), "nobody");
}
