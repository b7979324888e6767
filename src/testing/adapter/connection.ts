import assert from "node:assert/strict";
import { testClient } from "../client.ts";
import { SHOP } from "./shop.ts";
import type { Tell } from "./stage.ts";

/** What the adapter tells of the connection decides which cookie may travel. */
export function tellConnection(tell: Tell): void {
  tell("sends no cookie where the browser's own connection is plain HTTP", async (stage) => {
    await stage.serve(SHOP);
    const client = stage.client({ origin: "http://shop.example" });
    const response = await client.get("/set-name");
    assert.equal(response.status, 200);
    assert.deepEqual(response.headers.getSetCookie(), []);
    const stolen = await client.get("/open", {
      headers: { cookie: `__Host-Http-session=${"A".repeat(43)}` },
    });
    assert.equal(await stolen.text(), "new");
  });

  tell("begins no session where no cookie can reach the visitor", async (stage) => {
    await stage.serve(SHOP);
    const client = stage.client({ origin: "http://shop.example" });
    assert.equal((await client.get("/set-name")).status, 200);
    for (const path of ["/count", "/sign-in"]) {
      const response = await client.get(path);
      assert.equal(response.status, 500);
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
    assert.deepEqual(stage.store.calls, []);
  });

  tell("believes no proxy that it was not told to trust", async (stage) => {
    const client = await stage.serve(SHOP, { trustProxy: [] });
    // A handler is asked over https itself.
    if (typeof stage.target === "function") return;
    const response = await client.get("/set-name");
    assert.deepEqual(response.headers.getSetCookie(), []);
  });

  tell("serves development on this machine over plain HTTP", async (stage) => {
    await stage.serve(SHOP);
    if (typeof stage.target === "function" || process.env["NODE_ENV"] === "production") return;
    const client = testClient(stage.target, { clock: stage.clock });
    const response = await client.get("/set-name");
    const [line, ...more] = response.headers.getSetCookie();
    assert.deepEqual(more, []);
    assert.match(line ?? "", /^session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });
}
