import assert from "node:assert/strict";
import { SHOP } from "./shop.ts";
import { answer, type Handler, type Tell } from "./stage.ts";

/** Law 3, and what caches are told. */
export function tellReading(tell: Tell): void {
  tell("lets a reader load once, write nothing and send no cookie", async (stage) => {
    const client = await stage.serve(SHOP);
    await client.get("/set-name");
    stage.store.forget();
    const response = await client.get("/name");
    assert.equal(await response.text(), "Ada");
    assert.deepEqual(stage.store.calls, ["load"]);
    assert.deepEqual(response.headers.getSetCookie(), []);
  });

  tell("loads once for parallel opens and gives each the same session", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/parallel": async ({ open }) => {
        const [first, second, third] = await Promise.all([open(), open(), open()]);
        const isSame = first === second && second === third && first === (await open());
        return answer(isSame);
      },
    });
    await client.get("/set-name");
    stage.store.forget();
    assert.equal(await (await client.get("/parallel")).text(), "true");
    assert.deepEqual(stage.store.calls, ["load"]);
  });

  tell("leads from every alias of the request to the one session", async (stage) => {
    const sessions = stage.manager();
    const client = await stage.serveWith([sessions], {
      ...SHOP,
      "/aliases": async ({ open, aliases = [] }) => {
        const session = await open();
        const others = await Promise.all(aliases.map((alias) => sessions.open(alias)));
        return answer(others.every((other) => other === session));
      },
    });
    await client.get("/set-name");
    stage.store.forget();
    assert.equal(await (await client.get("/aliases")).text(), "true");
    assert.deepEqual(stage.store.calls, ["load"]);
  });

  tell("tells caches that what read a session varies with the cookie", async (stage) => {
    const client = await stage.serve(SHOP);
    const anonymous = await client.get("/open");
    assert.match(anonymous.headers.get("vary") ?? "", /\bcookie\b/i);
    assert.equal(anonymous.headers.get("cache-control"), null);
  });

  tell("adds to the application's Vary, once", async (stage) => {
    const client = await stage.serve({
      "/language": reading(["Vary", "Accept-Language"]),
      "/cookie": reading(["Vary", "cookie, Accept-Language"]),
      "/any": reading(["Vary", "*"]),
    });
    const vary = async (path: string): Promise<string | undefined> =>
      (await client.get(path)).headers.get("vary")?.toLowerCase().replaceAll(" ", "");
    assert.equal(await vary("/language"), "accept-language,cookie");
    assert.equal(await vary("/cookie"), "cookie,accept-language");
    assert.equal(await vary("/any"), "*");
  });

  tell("keeps a signed-in visitor's page from shared caches", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/own-rule": reading(["Cache-Control", "private, max-age=60"]),
      "/public-rule": reading(["Cache-Control", "public, max-age=60"]),
      "/cdn-rule": reading(["CDN-Cache-Control", "max-age=60"]),
    });
    await client.get("/sign-in");
    const page = await client.get("/who");
    assert.equal(page.headers.get("cache-control"), "private");
    const own = await client.get("/own-rule");
    assert.equal(own.headers.get("cache-control"), "private, max-age=60");
    const shared = await client.get("/public-rule");
    assert.equal(shared.headers.get("cache-control"), "private, max-age=60");
    const cdn = await client.get("/cdn-rule");
    assert.equal(cdn.headers.get("cdn-cache-control"), "no-store");
  });

  tell("writes a touch of an idle session, without a cookie", async (stage) => {
    const client = await stage.serve(SHOP, { idleTimeout: "30m" });
    await client.get("/set-name");
    stage.clock.advance("20m");
    stage.store.forget();
    const touched = await client.get("/name");
    assert.deepEqual(stage.store.calls, ["load", "touch"]);
    assert.deepEqual(touched.headers.getSetCookie(), []);
    stage.clock.advance("20m");
    assert.equal(await (await client.get("/name")).text(), "Ada");
    stage.clock.advance("31m");
    assert.equal(await (await client.get("/open")).text(), "new");
  });
}

function reading(header: [string, string]): Handler {
  return async ({ open }) => {
    await open();
    return answer("read", { headers: [header] });
  };
}
