import assert from "node:assert/strict";
import { SHOP, sessionLines } from "./shop.ts";
import { answer, type Routes, type Tell } from "./stage.ts";

const BROKEN: Routes = {
  ...SHOP,
  "/set-then-500": async ({ open }) => {
    (await open()).set("name", "Grace");
    return answer("sorry", { status: 500 });
  },
  "/set-then-throw": async ({ open }) => {
    (await open()).set("name", "Grace");
    throw new Error("A slip of the application");
  },
  "/sign-out-then-500": async ({ open }) => {
    const session = await open();
    await session.signOut();
    session.set("name", "Grace");
    return answer("sorry", { status: 502 });
  },
  "/sign-in-then-throw": async ({ open }) => {
    await (await open()).signIn("ada");
    throw new Error("A slip of the application");
  },
  "/sign-in-then-set": async ({ open }) => {
    const session = await open();
    await session.signIn("ada");
    session.set("name", "Grace");
    return answer("set");
  },
  "/throw": async () => {
    throw new Error("A slip of the application");
  },
  "/unkeepable": async ({ open }) => {
    const cart: unknown[] = (await open()).get("cart");
    cart.push(() => "a function");
    return answer("kept");
  },
};

/** What a page says of itself. */
const OF_PAGE: [string, string][] = [
  ["Content-Type", "text/html"],
  ["ETag", '"kept"'],
  ["Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"],
  ["Cache-Control", "public, max-age=3600"],
  ["CDN-Cache-Control", "max-age=3600"],
  ["Location", "/elsewhere"],
  ["Trailer", "X-Sum"],
  ["X-Sendfile", "/page.html"],
];

/** What belongs to every answer. */
const PROTECTING: [string, string][] = [
  ["Content-Security-Policy", "default-src 'self'"],
  ["Access-Control-Allow-Origin", "https://shop.example"],
  ["X-Content-Type-Options", "nosniff"],
];

/** Laws 4 and 6: a failure is never taken for a success, nor for a sign-out. */
export function tellFailures(tell: Tell): void {
  tell("answers 503, never the handler's body, where the save fails", async (stage) => {
    const client = await stage.serve(SHOP);
    stage.store.failWrites();
    for (const path of ["/set-name", "/count", "/sign-in"]) {
      const response = await client.get(path);
      assert.equal(response.status, 503, path);
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.doesNotMatch(await response.text(), /^(?:set|signed in|\d+)$/);
    }
    stage.store.hinder(undefined);
    assert.equal(await (await client.get("/open")).text(), "new");
  });

  tell("lets go of the headers that described the answer which failed", async (stage) => {
    const client = await stage.serve({
      "/page": async ({ open }) => {
        (await open()).set("name", "Ada");
        return answer("<p>kept</p>", { headers: [...OF_PAGE, ...PROTECTING] });
      },
    });
    stage.store.failWrites();
    const response = await client.get("/page");
    assert.equal(response.status, 503);
    assert.doesNotMatch(await response.text(), /kept/);
    assert.notEqual(response.headers.get("etag"), '"kept"');
    for (const name of ["location", "trailer", "last-modified", "cdn-cache-control", "x-sendfile"])
      assert.equal(response.headers.get(name), null, name);
    assert.doesNotMatch(response.headers.get("cache-control") ?? "", /public|max-age/);
    for (const [name] of PROTECTING) assert.notEqual(response.headers.get(name), null, name);
  });

  tell("answers 503 where the session cannot be loaded, and signs nobody out", async (stage) => {
    const client = await stage.serve(SHOP);
    await client.get("/sign-in");
    stage.store.fail();
    const response = await client.get("/who");
    assert.equal(response.status, 503);
    assert.deepEqual(response.headers.getSetCookie(), []);
    stage.store.hinder(undefined);
    assert.equal(await (await client.get("/who")).text(), "ada");
  });

  tell("answers 503 within the deadline where the store hangs", async (stage) => {
    const client = await stage.serve(SHOP, { storeTimeout: "100ms" });
    await client.get("/sign-in");
    stage.store.hang();
    const startedAt = performance.now();
    const [reader, writer] = await Promise.all([client.get("/who"), client.get("/count")]);
    assert.deepEqual([reader.status, writer.status], [503, 503]);
    assert.ok(performance.now() - startedAt < 2_000);
    stage.store.hinder(undefined);
    assert.equal(await (await client.get("/who")).text(), "ada");
  });

  tell("asks a store that hangs no second time within a request", async (stage) => {
    const client = await stage.serve(SHOP, { storeTimeout: "100ms" });
    await client.get("/sign-in");
    // Late enough for a touch, which even an answer to a failure would write.
    stage.clock.advance("20m");
    stage.store.hinder(async (method) => {
      if (method === "update" || method === "touch") await new Promise(() => undefined);
    });
    stage.store.forget();
    assert.equal((await client.get("/count")).status, 503);
    assert.deepEqual(stage.store.calls, ["load", "generation", "update"]);
  });

  tell("drops the changes of a handler that ends in a 5xx", async (stage) => {
    const client = await stage.serve(BROKEN);
    const anonymous = await client.get("/set-then-500");
    assert.equal(anonymous.status, 500);
    assert.equal(await anonymous.text(), "sorry");
    assert.deepEqual(anonymous.headers.getSetCookie(), []);
    await client.get("/set-name");
    await client.get("/set-then-500");
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("drops the changes of a handler that throws", async (stage) => {
    const client = await stage.serve(BROKEN);
    await client.get("/set-name");
    assert.equal(await statusOf(client.get("/set-then-throw")), 500);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("lets a sign-out stand where the handler then ends in a 5xx", async (stage) => {
    const client = await stage.serve(BROKEN);
    await client.get("/sign-in");
    const response = await client.get("/sign-out-then-500");
    assert.equal(response.status, 502);
    assert.match(sessionLines(response).join(), /^__Host-Http-session=;.*Max-Age=0/);
    assert.equal(await (await client.get("/who")).text(), "nobody");
    assert.equal(await (await client.get("/name")).text(), "");
  });

  tell("sends the cookie of a sign-in even where the handler then throws", async (stage) => {
    const client = await stage.serve(BROKEN);
    const failed = await client.get("/sign-in-then-throw").catch(() => undefined);
    // A handler without a server has nothing to answer with; its framework sees the error.
    if (failed === undefined) return;
    assert.equal(failed.status, 500);
    assert.equal(sessionLines(failed).length, 1);
    assert.equal(await (await client.get("/who")).text(), "ada");
  });

  tell("sends the cookie of a sign-in even where the save that follows fails", async (stage) => {
    const client = await stage.serve(BROKEN);
    let writes = 0;
    stage.store.hinder(async (method) => {
      if (method === "update") throw new Error("The disk is full");
      if (method === "create") writes += 1;
    });
    const response = await client.get("/sign-in-then-set");
    assert.equal(writes, 1);
    assert.equal(response.status, 503);
    assert.equal(sessionLines(response).length, 1);
    assert.notEqual(await response.text(), "set");
    assert.equal(await (await client.get("/who")).text(), "ada");
  });

  tell("leaves an error of the application to the framework", async (stage) => {
    const client = await stage.serve(BROKEN);
    assert.equal(await statusOf(client.get("/throw")), 500);
    assert.equal(await statusOf(client.get("/set-then-throw")), 500);
    assert.equal(await (await client.get("/untouched")).text(), "hello");
  });

  tell("answers 500 where a value was changed into what cannot be kept", async (stage) => {
    const client = await stage.serve(BROKEN);
    const response = await client.get("/unkeepable");
    assert.equal(response.status, 500);
    assert.notEqual(await response.text(), "kept");
    assert.deepEqual(response.headers.getSetCookie(), []);
  });
}

/** The status, or 500 where the error came through to the caller, as to a server. */
async function statusOf(response: Promise<Response>): Promise<number> {
  return response.then(
    ({ status }) => status,
    () => 500,
  );
}
