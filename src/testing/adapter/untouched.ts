import assert from "node:assert/strict";
import { SHOP } from "./shop.ts";
import { answer, type Tell } from "./stage.ts";

/** Law 5: what is not asked for costs nothing. */
export function tellUntouched(tell: Tell): void {
  tell("asks the store nothing and adds no header where no session is opened", async (stage) => {
    const client = await stage.serve(SHOP);
    await client.get("/set-name");
    stage.store.forget();
    const response = await client.get("/untouched");
    assert.equal(await response.text(), "hello");
    assert.deepEqual(stage.store.calls, []);
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.equal(response.headers.get("vary"), null);
    assert.equal(response.headers.get("cache-control"), null);
  });

  tell("gives a visitor who stores nothing neither record nor cookie", async (stage) => {
    const client = await stage.serve(SHOP);
    const response = await client.get("/open");
    assert.equal(await response.text(), "new");
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.deepEqual(stage.store.calls, []);
  });

  tell("answers what opens no session while the store hangs", async (stage) => {
    const client = await stage.serve(SHOP);
    await client.get("/set-name");
    stage.store.hang();
    const response = await client.get("/untouched");
    assert.equal(await response.text(), "hello");
    assert.equal(response.status, 200);
  });

  tell("asks the store nothing for a cookie that no server of ours sent", async (stage) => {
    const client = await stage.serve(SHOP);
    const response = await client.get("/open", {
      headers: { cookie: "__Host-Http-session=forged; theme=dark" },
    });
    assert.equal(await response.text(), "new");
    assert.deepEqual(stage.store.calls, []);
  });

  tell("leaves the application's own headers and status alone", async (stage) => {
    const client = await stage.serve({
      "/": async ({ open }) => {
        await open();
        return answer("teapot", {
          status: 418,
          headers: [
            ["X-Own", "kept"],
            ["Content-Language", "en"],
          ],
        });
      },
    });
    const response = await client.get("/");
    assert.equal(response.status, 418);
    assert.equal(response.headers.get("x-own"), "kept");
    assert.equal(response.headers.get("content-language"), "en");
    assert.equal(await response.text(), "teapot");
  });
}
